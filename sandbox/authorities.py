"""A workspace's authorities as files: their certificates, their responders', and the lists that they publish."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery

from ca.models import Authority, Crl, Generation, Partition, Realm, ResponderKey
from ca.profiles import Purpose

OWN = "authority"  # the list of the authority's own certificates


def of(realm: Realm) -> QuerySet[Authority]:
    """Return the realm's authorities, one for each purpose, each with its generations and their responders."""
    return Authority.objects.filter(realm=realm).order_by("purpose").prefetch_related("generations__responder_keys")


def generation(realm: Realm, purpose: str, number: int) -> Generation | None:
    """Return a generation of the realm's authority of that purpose (as in addresses), or None."""
    found = next((one for one in Purpose if one.slug == purpose), None)
    generations = Generation.objects.filter(authority__realm=realm, number=number).select_related("authority")
    return generations.filter(authority__purpose=found.value).first() if found is not None else None


def responder(found: Generation) -> ResponderKey | None:
    """Return the generation's newest responder, or None."""
    return found.responder_keys.order_by("-not_after", "-pk").first()


def lists(realm: Realm) -> QuerySet[Crl]:
    """Return the newest list of each of the realm's distribution points."""
    newest = Crl.objects.filter(partition=OuterRef("pk")).order_by("-number").values("pk")[:1]
    # From the points, each by an index, and never from all lists that there ever were.
    generations = list(Generation.objects.filter(authority__realm=realm).values_list("pk", flat=True))
    points = Partition.objects.filter(generation__in=generations)
    rows = Crl.objects.filter(pk__in=list(points.annotate(newest=Subquery(newest)).values_list("newest", flat=True)))
    return rows.select_related("partition__generation__authority__realm")


def list_id(found: Crl) -> str:
    """Return how the API names the point at which a list stands: signature-1-card-13991, signature-1-authority."""
    partition = found.partition
    names = [Purpose(partition.generation.authority.purpose).slug, str(partition.generation.number)]
    names += [OWN] if partition.medium == Partition.OWN else [partition.medium, partition.municipality_code]
    return "-".join(names)


def newest_list(realm: Realm, id: str) -> Crl | None:
    """Return the newest list at the point that the API names so, or None."""
    for purpose in Purpose:
        if not id.startswith(f"{purpose.slug}-"):
            continue
        number, _, rest = id.removeprefix(f"{purpose.slug}-").partition("-")
        medium, _, municipality = rest.partition("-")
        if not (number.isascii() and number.isdecimal() and len(number) < 6):
            return None
        place = (
            Q(partition__medium=Partition.OWN)
            if rest == OWN
            else Q(partition__medium=medium or "-", partition__municipality_code=municipality)
        )
        of_generation = Q(partition__generation__number=int(number), partition__generation__authority__purpose=purpose)
        return lists(realm).filter(place & of_generation).first()
    return None


def address(found: Crl) -> str:
    """Return where the responder gives the list out, to everybody."""
    partition = found.partition
    authority = partition.generation.authority
    slug, realm = Purpose(authority.purpose).slug, authority.realm.slug
    key = f"?generation={partition.generation.number}"
    if partition.medium == Partition.OWN:
        return f"{settings.RESPONDER_URL}/arl/{realm}/{slug}.crl{key}"
    return f"{settings.RESPONDER_URL}/crl/{realm}/{slug}/{partition.medium}/{partition.municipality_code}.crl{key}"


def pem(der: bytes) -> str:
    """Return a certificate as PEM."""
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def list_pem(der: bytes) -> str:
    """Return a list as PEM."""
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM).decode()
