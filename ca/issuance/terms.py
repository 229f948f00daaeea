"""What a realm, a profile and the settings together say of a certificate, and who signs it."""

from datetime import datetime, timedelta

from cryptography import x509
from django.conf import settings
from django.db.models import F

from ca import profiles
from ca.errors import NoAuthority
from ca.models import Authority, Generation, Realm
from ca.profiles import Medium, Profile, Purpose


def policy(realm: Realm, profile: Profile) -> x509.ObjectIdentifier:
    """Return the certificate policy: the card's from the profiles, the phone's from the settings."""
    if profile.medium is Medium.PHONE:
        return x509.ObjectIdentifier(settings.CA_PHONE_POLICY_OIDS[profile.purpose.value])
    return profiles.CARD_POLICIES[realm.kind, profile.purpose]


def responder_url(realm: Realm, purpose: Purpose, medium: Medium) -> str:
    """Return the OCSP URL: one per purpose and medium."""
    return f"{settings.RESPONDER_URL}/ocsp/{realm.slug}/{Purpose(purpose).slug}/{Medium(medium).value}"


def newest_generation(realm: Realm, purpose: Purpose) -> Generation:
    """Return the authority's last generation. Raises NoAuthority."""
    generation = (
        Generation.objects.filter(authority__realm=realm, authority__purpose=purpose)
        .select_related("authority")
        .order_by("-number")
        .first()
    )
    if generation is None:
        raise NoAuthority(f"realm {realm.slug} has no authority for {purpose}: create_authorities makes it")
    return generation


def signing_generation(realm: Realm, purpose: Purpose, now: datetime) -> Generation:
    """Return the generation that signs at `now`: the newest that has begun. Raises NoAuthority.

    One from the realm's future (its clock was set back) would sign what nobody could verify yet.
    """
    newest = newest_generation(realm, purpose)
    if _has_begun(newest, now):
        return newest
    earlier = Generation.objects.filter(authority=newest.authority_id, number__lt=newest.number, condemned_at=None)
    ordered = earlier.select_related("authority").order_by("-number")
    return next((one for one in ordered if _has_begun(one, now)), newest)


def _has_begun(generation: Generation, now: datetime) -> bool:
    return x509.load_der_x509_certificate(bytes(generation.certificate)).not_valid_before_utc <= now


def take_serial_number(authority: Authority, count: int = 1) -> int:
    """Take the authority's next serial numbers, inside the caller's transaction; return the first of them."""
    # Written before it is read: the row, or on SQLite the database, is ours from here to the commit.
    Authority.objects.filter(pk=authority.pk).update(next_serial=F("next_serial") + count)
    return Authority.objects.values_list("next_serial", flat=True).get(pk=authority.pk) - count


def lease() -> timedelta:
    """Return how long a worker holds what it claimed."""
    return timedelta(seconds=getattr(settings, "CA_LEASE_SECONDS", 10))
