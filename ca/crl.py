"""CRLs: one list per partition, signed whole, published by one committed row; all are kept.

A partition is one CRL distribution point: generation, medium, municipality. Its list says which of its certificates
are not good: revoked ones with their reason, those on hold and those awaiting activation as certificateHold.
"""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from ca import assembly, clock, issuance, journal, revocation
from ca.models import Certificate, Crl, Partition, Realm
from ca.profiles import PROFILES, Medium, Purpose

# A list outlives the next issue by as much again: a day's failure to publish leaves verifiers a list that holds.
OVERLAP = 2


def interval() -> timedelta:
    """Return the time from one regular issue to the next."""
    return timedelta(seconds=settings.CRL_PUBLISH_SECONDS)


def point_name(partition: Partition) -> x509.Name:
    """Return the directory name of the partition's distribution point, as its certificates have it."""
    authority = partition.generation.authority
    profile = PROFILES[Purpose(authority.purpose), Medium(partition.medium)]
    return assembly.crl_point_name(authority.realm.organisation, profile, partition.prefecture, partition.municipality)


def due(realm: Realm) -> QuerySet[Partition]:
    """Return the realm's partitions that have no list, whose statuses changed since, or whose next issue has come."""
    return (
        Partition.objects.filter(generation__authority__realm=realm)
        .filter(_due(clock.now(realm)))
        .select_related("generation__authority__realm")
        .order_by("pk")
    )


def is_due(partition: Partition, now: datetime) -> bool:
    """Tell whether a partition is due at `now`, by what the database says of it."""
    return Partition.objects.filter(_due(now), pk=partition.pk).exists()


def _due(now: datetime) -> Q:
    # A list from the realm's future (its clock was set back) is due as well.
    return (
        Q(published_at=None)
        | Q(published_revision__lt=F("revision"))
        | Q(published_at__lte=now - interval())
        | Q(published_at__gt=now)
    )


def newest(partition: Partition) -> Crl | None:
    """Return the partition's list that holds now, or None before the first."""
    return partition.crls.order_by("-number").first()


def publish(partition: Partition, now: datetime | None = None) -> Crl:
    """Assemble, sign and publish the partition's list as of `now` (the realm's time). Needs the CA's keys.

    When another worker publishes at the same time, the later number wins and this one is made again if it must be.
    """
    realm = partition.generation.authority.realm
    while True:
        at = (now if now is not None else clock.now(realm)).replace(microsecond=0)
        # The revision is read before the entries: what changes in between is published once more, never missed.
        revision = Partition.objects.values_list("revision", flat=True).get(pk=partition.pk)
        last = newest(partition)
        entries = _entries(partition, last)
        number = last.number + 1 if last is not None else 1
        twin = _assemble(partition, entries, number, at)
        signed = issuance.sign(partition.generation, twin.tbs_certlist_bytes)
        _examine(partition, signed, number)
        try:
            return _store(partition, signed, number, at, len(entries), revision)
        except IntegrityError:
            # Another published this number first.
            latest = newest(partition)
            if latest is not None and latest.revision >= revision:
                return latest


def _entries(partition: Partition, last: Crl | None) -> list[Certificate]:
    listed = partition.certificates.exclude(status=Certificate.Status.VALID)
    if last is not None:
        # RFC 5280 3.3: an entry stays until it stood on one list issued after the certificate's end.
        listed = listed.filter(not_after__gte=last.this_update)
    return list(listed.order_by("pk").only("serial_number", "status", "cause", "revoked_at", "changed_at"))


def _assemble(
    partition: Partition, entries: list[Certificate], number: int, now: datetime
) -> x509.CertificateRevocationList:
    """Return the list's twin, signed by the throw-away key."""
    issuer = assembly.Issuer.of(partition.generation)
    point = x509.IssuingDistributionPoint(
        full_name=[x509.DirectoryName(point_name(partition))],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    # All entries at once: added one by one, each copies those before it.
    return (
        x509.CertificateRevocationListBuilder(revoked_certificates=[_entry(certificate) for certificate in entries])
        .issuer_name(issuer.name)
        .last_update(now)
        .next_update(now + OVERLAP * interval())
        .add_extension(
            x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None),
            critical=False,
        )
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(point, critical=True)
        .sign(assembly.throw_away_key(), hashes.SHA256())
    )


def _entry(certificate: Certificate) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(int(certificate.serial_number, 16))
        .revocation_date((certificate.revoked_at or certificate.changed_at).replace(microsecond=0))
    )
    reason = revocation.reason(certificate)
    # RFC 5280 5.3.1: unspecified is said by saying nothing.
    if reason is not None and reason is not x509.ReasonFlags.unspecified:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    return builder.build()


def _examine(partition: Partition, signed: bytes, number: int) -> None:
    """Hold the list against what it must be, once more, before anyone sees it."""
    parsed = x509.load_der_x509_crl(signed)
    key = x509.load_der_x509_certificate(bytes(partition.generation.certificate)).public_key()
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101  (made by the ceremony)
    if not parsed.is_signature_valid(key):
        raise RuntimeError(f"the CRL of {partition} is not signed by its generation")
    if parsed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number != number:
        raise RuntimeError(f"the CRL of {partition} does not bear number {number}")


def _store(partition: Partition, signed: bytes, number: int, now: datetime, entries: int, revision: int) -> Crl:
    with transaction.atomic():
        journal.take(partition.generation.authority.realm)
        crl = Crl.objects.create(
            partition=partition,
            number=number,
            der=signed,
            this_update=now,
            next_update=now + OVERLAP * interval(),
            entries=entries,
            revision=revision,
        )
        Partition.objects.filter(pk=partition.pk).update(
            published_revision=Greatest(F("published_revision"), revision), published_at=now
        )
        journal.record(
            partition.generation.authority.realm,
            "crl.published",
            f"{partition.generation.authority.purpose}/{partition.medium}/{partition.municipality_code}",
            generation=partition.generation.number,
            number=number,
            entries=entries,
            sha256=assembly.digest(signed),
        )
    return crl
