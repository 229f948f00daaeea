"""When a list is due: there is none, a status changed since, or the next regular issue has come."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from ca import clock
from ca.models import Partition, Realm


def interval() -> timedelta:
    """Return the time from one regular issue to the next."""
    return timedelta(seconds=settings.CRL_PUBLISH_SECONDS)


def due(realm: Realm) -> QuerySet[Partition]:
    """Return the realm's partitions that have no list, whose statuses changed since, or whose next issue has come."""
    return (
        Partition.objects.filter(generation__authority__realm=realm)
        .filter(_due(clock.now(realm)))
        .select_related("generation__authority__realm")
        .order_by("pk")
    )


def is_due(partition: Partition, now: datetime) -> bool:
    """Tell whether a partition, as just read, is due at `now`: what `due` asks of the database."""
    at = partition.published_at
    return at is None or partition.published_revision < partition.revision or not now - interval() < at <= now


def _due(now: datetime) -> Q:
    # A list from the realm's future (its clock was set back) is due as well.
    return (
        Q(published_at=None)
        | Q(published_revision__lt=F("revision"))
        | Q(published_at__lte=now - interval())
        | Q(published_at__gt=now)
    )
