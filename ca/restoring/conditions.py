"""What must hold before a halted realm goes on; each raises RestoreRefused with what stands in the way."""

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.db.models import Count, Max
from django.db.models.functions import TruncDate

from ca import clock, journal, keys, seals
from ca.errors import CaError, RestoreRefused
from ca.models import (
    Generation,
    JournalEntry,
    Realm,
)

# Without a transcript that reaches back, the numbers that may have been given are estimated, so many times over.
TIMES = 10
LEAST = 10_000


def require_whole(realm: Realm) -> None:
    link = journal.verify(realm)
    if link is not None:
        raise RestoreRefused(f"the journal is broken at entry {link.sequence} ({link.problem}): take another backup")
    head = seals.verify(realm)
    if head is not None:
        raise RestoreRefused(f"the signed head {head.sequence} doesn't hold ({head.problem}): take another backup")


def require_keys(realm: Realm) -> None:
    """Hold that each generation's key is in the store and is the one that is certified."""
    for generation in Generation.objects.filter(authority__realm=realm).select_related("authority"):
        own = x509.load_der_x509_certificate(bytes(generation.certificate)).public_key()
        certified = own.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        try:
            found = keys.store().open(generation.key_label).public_key
        except CaError as error:
            raise RestoreRefused(f"the key of {generation} can't be opened: {error}") from error
        if found != certified:
            raise RestoreRefused(f"the key {generation.key_label} is not the one that {generation} has")


def require_ahead(realm: Realm, ahead: int | None) -> None:
    least = least_ahead(realm)
    if ahead is None:
        raise RestoreRefused(
            "no transcript reaches back to what the database has, so nobody knows which serial numbers were given "
            "since. Find the transcripts (JOURNAL_TRANSCRIPTS); if they are gone, let the counters jump: "
            f"--serials-ahead {least} or more"
        )
    if ahead < least:
        raise RestoreRefused(f"--serials-ahead {ahead} is too few: by what was issued a day, {least} is the least")


def least_ahead(realm: Realm) -> int:
    """Return by how many numbers the counters must jump: ten times the busiest day's, for each day since the backup."""
    last = JournalEntry.objects.filter(realm=realm).aggregate(at=Max("at"))["at"]
    if last is None:
        return LEAST
    intended = JournalEntry.objects.filter(realm=realm, kind="issuance.intended", at__gte=last - timedelta(days=30))
    days = intended.annotate(day=TruncDate("at")).values("day").annotate(count=Count("pk"))
    busiest: int = max((day["count"] for day in days), default=0)
    since = max(clock.now(realm) - last, timedelta())
    return max(LEAST, TIMES * busiest * (int(since.days) + 1))
