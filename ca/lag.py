"""The lag of linkage: from the revocation of a card certificate to that of the phone certificates that stood on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import F

from ca.models import CardRevocation, Realm, Recheck
from ca.revocation import LIVING


@dataclass(frozen=True)
class Lag:
    """What linkage did since a moment, and what it has still to do."""

    fallen: int  # card certificates with which phone certificates fell
    median: timedelta | None  # None when none fell
    longest: timedelta | None
    waiting: int  # living phone certificates whose card certificate is revoked
    waiting_longest: timedelta | None
    rechecks_due: int


def measure(realm: Realm, *, since: datetime, now: datetime) -> Lag:
    """Measure the realm's linkage; `since` and `now` are the realm's time."""
    # An index has all of it: two moments for each that fell since, whatever else there is.
    fallen = CardRevocation.objects.filter(realm=realm, revoked_at__gte=since, phones_fell_at__isnull=False)
    lags = [phones - card for card, phones in fallen.values_list("revoked_at", "phones_fell_at") if phones]
    waiting = list(
        CardRevocation.objects.filter(realm=realm, settled_at=None, card__linked_certificates__status__in=LIVING)
        .order_by("revoked_at")
        .annotate(phone=F("card__linked_certificates__pk"))
        .values_list("revoked_at", flat=True)
    )
    return Lag(
        fallen=len(lags),
        median=timedelta(seconds=median(lag.total_seconds() for lag in lags)) if lags else None,
        longest=max(lags, default=None),
        waiting=len(waiting),
        waiting_longest=now - waiting[0] if waiting else None,
        rechecks_due=Recheck.objects.filter(realm=realm, done_at=None, due_at__lte=now).count(),
    )
