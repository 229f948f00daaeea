"""CRL distribution points: their names, and whose lists stand at them.

A point is a directory name, one for each authority, medium and municipality, and the authority's own name for the list
of its own certificates (ARL; facts 1.1 and 1.4). All generations of an authority share name and points: at a point
stands a list for each of them, and a verifier takes the one with the key identifier of its certificate's issuer. The
name alone decides nothing (RFC 5280 6.3.3 f: the list's path must end in the trust anchor of the certificate's).
"""

import base64
from functools import lru_cache

from cryptography import x509
from django.db.models import Q, QuerySet

from ca import assembly
from ca.models import Generation, Partition, Realm
from ca.profiles import PROFILES, Medium, Purpose

Key = tuple[int, str, str]


def name(partition: Partition) -> x509.Name:
    """Return the directory name of the partition's point, as its certificates have it."""
    authority = partition.generation.authority
    return _name(
        authority.realm.organisation,
        Purpose(authority.purpose),
        partition.medium,
        partition.prefecture,
        partition.municipality,
    )


@lru_cache(maxsize=4096)
def _name(organisation: str, purpose: Purpose, medium: str, prefecture: str, municipality: str) -> x509.Name:
    if medium == Partition.OWN:
        return assembly.authority_name(organisation, purpose)
    return assembly.crl_point_name(organisation, PROFILES[purpose, Medium(medium)], prefecture, municipality)


def extension(partition: Partition) -> x509.IssuingDistributionPoint:
    """Return the issuing distribution point of the partition's lists; it is critical (RFC 5280 5.2.5)."""
    return x509.IssuingDistributionPoint(
        full_name=[x509.DirectoryName(name(partition))],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=partition.medium == Partition.OWN,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )


def open_own(realm: Realm) -> None:
    """Give every generation of the realm its partition for the authority's own certificates, where it has none."""
    without = Generation.objects.filter(authority__realm=realm).exclude(partitions__medium=Partition.OWN)
    own = [Partition(generation=generation, medium=Partition.OWN) for generation in without]
    Partition.objects.bulk_create(own, ignore_conflicts=True)


def key(partition: Partition) -> Key:
    """Return what the partitions of all generations at one point have in common."""
    return partition.generation.authority_id, partition.medium, partition.municipality_code


def siblings(partitions: list[Partition]) -> QuerySet[Partition]:
    """Return the partitions of every generation at the points of these, and perhaps others."""
    return Partition.objects.select_related("generation").filter(
        generation__authority__in={partition.generation.authority_id for partition in partitions},
        medium__in={partition.medium for partition in partitions},
        municipality_code__in={partition.municipality_code for partition in partitions},
    )


def at(realm: Realm, directory_name: x509.Name) -> list[Partition]:
    """Return the partitions, one for each generation, at a point, by its directory name; none where it is no point."""
    units = directory_name.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)
    common = directory_name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    prefecture = str(units[-1].value) if units else ""
    called = str(common[-1].value) if common else ""
    if "\0" in prefecture + called:  # which no place has, and PostgreSQL can't even be asked for
        return []
    places = [called.removesuffix(f" {profile.crl_point_suffix}") for profile in PROFILES.values()]
    candidates = Partition.objects.filter(
        Q(medium=Partition.OWN) | Q(prefecture=prefecture, municipality__in=places),
        generation__authority__realm=realm,
    )
    found = candidates.select_related("generation__authority__realm").order_by("generation__number")
    return [partition for partition in found if name(partition) == directory_name]


def at_encoded(realm: Realm, encoded: str) -> list[Partition]:
    """Return what stands at a point whose DER Name is given in base64url; none where it is no name."""
    try:
        octets = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        return at(realm, x509.Name.from_bytes(octets))
    except ValueError:
        return []
