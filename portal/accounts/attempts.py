"""Guessing is bounded: tries are counted in the database before they are looked at, so that none slips through."""

import hashlib
import math
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from ca import clock
from portal.accounts.errors import SignInLocked
from portal.accounts.models import Attempts

KEEP = timedelta(days=1)


def take(heading: str, *, limit: int) -> int:
    """Count one try under a heading, before it is made; return how many are left.

    Raises SignInLocked when `limit` were made within STAFF_LOCK_SECONDS. Two at once can't share the last one: each is
    a conditional UPDATE.
    """
    now, window = clock.machine(), timedelta(seconds=settings.STAFF_LOCK_SECONDS)
    rows = Attempts.objects.filter(heading_digest=_digest(heading))
    while True:
        if rows.filter(since__gt=now - window, count__lt=limit).update(count=F("count") + 1):
            return limit - rows.values_list("count", flat=True).get()
        if rows.filter(since__lte=now - window).update(count=1, since=now):
            return limit - 1
        since = rows.values_list("since", flat=True).first()
        if since is not None:
            raise SignInLocked("too many tries", minutes=math.ceil((since + window - now) / timedelta(minutes=1)))
        try:
            with transaction.atomic():
                Attempts.objects.create(heading_digest=_digest(heading), count=1, since=now)
        except IntegrityError:
            continue
        Attempts.objects.filter(since__lt=now - KEEP).delete()
        return limit - 1


def forget(heading: str) -> None:
    """Begin anew under a heading: whoever tried was right."""
    Attempts.objects.filter(heading_digest=_digest(heading)).delete()


def give_back(heading: str) -> None:
    """Take one try back: it was right, but others under the heading may not have been."""
    Attempts.objects.filter(heading_digest=_digest(heading), count__gt=0).update(count=F("count") - 1)


def _digest(heading: str) -> str:
    return hashlib.sha256(heading.encode()).hexdigest()
