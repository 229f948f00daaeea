"""Old legs lose their bytes: a pair's commands and answers are 30 kB, and nobody needs them months later.

What stays tells how it went: the leg's kind, state, times and outcome, and of each command its section and plain words.
The journal and the enrolment's steps have the figures. A leg that is still open keeps all, whatever its age.
"""

from datetime import timedelta

from django.conf import settings

from ca import clock
from tsm import legs
from tsm.models import Leg

BATCH = 500  # legs a statement: some 15 MB that are given up
# Batches a run: each is over in a moment, and the worker has other sweeps to do.
BATCHES = 4


def trim() -> int:
    """Empty plan, commands and answers of closed legs laid ready longer than TSM_LEGS_KEPT_DAYS ago; return how many.

    Legs have the machine's time, as everything between the TSM and a phone. One run does a part, the next goes on;
    two runs at once do no harm.
    """
    now, count = clock.machine(), 0
    limit = now - timedelta(days=settings.TSM_LEGS_KEPT_DAYS)
    full = Leg.objects.filter(trimmed_at=None, state__in=legs.CLOSED)
    # The oldest: so it is the index that is read, also where there is nothing to do.
    oldest = full.filter(created_at__lt=limit).order_by("created_at").values_list("pk", flat=True)
    for _ in range(BATCHES):
        some = list(oldest[:BATCH])
        count += full.filter(pk__in=some).update(plan={}, commands=[], answers=[], trimmed_at=now) if some else 0
        if len(some) < BATCH:
            break
    return count
