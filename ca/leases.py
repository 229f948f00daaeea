"""Leases: who holds a row until when, by the machine's clock, which may be set while somebody holds one."""

from datetime import datetime, timedelta

from django.db.models import Q

# So far two machines' clocks may be apart.
SKEW = timedelta(minutes=1)


def free(now: datetime, length: timedelta) -> Q:
    """Say of a row with `lease_until` that nobody holds it at `now`: nobody did, or not any more.

    A lease that ends later than any that is `length` long and taken now was taken by a clock that was set back since.
    Whoever it was has long had the time: without this, what a worker held when it died would stand until that hour.
    """
    return Q(lease_until=None) | Q(lease_until__lt=now) | Q(lease_until__gt=latest(now, length))


def is_free(until: datetime | None, now: datetime, length: timedelta) -> bool:
    """Say the same of a row in hand."""
    return until is None or not now <= until <= latest(now, length)


def latest(now: datetime, length: timedelta) -> datetime:
    """Return the latest end of a lease of that length that somebody may hold at `now`."""
    return now + length + SKEW
