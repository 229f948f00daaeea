"""Periodic tasks: that one was done is noted, and how late each is can be told from that."""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from celery.schedules import BaseSchedule, schedule
from django.conf import settings
from django.db import Error

from ca import clock
from portal.observing.models import PeriodicRun

logger = logging.getLogger(__name__)

# What runs every second or two isn't noted more often than this, by each process.
NOTED_SECONDS = 10.0
_noted: dict[str, float] = {}


@cache
def schedules() -> Mapping[str, BaseSchedule]:
    """Return the schedule of each periodic task, by the task's name: the most frequent, where it has several."""
    found: dict[str, BaseSchedule] = {}
    entries: Iterable[dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE.values()
    for entry in entries:
        task, one = entry["task"], _schedule(entry["schedule"])
        if task not in found or _every(one) < _every(found[task]):
            found[task] = one
    return found


def note(task: str, *, failed: bool) -> None:
    """Note that a periodic task was done; others are none of ours. Where it can't be noted, a log says so."""
    if task not in schedules() or (not failed and time.monotonic() - _noted.get(task, -NOTED_SECONDS) < NOTED_SECONDS):
        return
    _noted[task] = time.monotonic()
    now = clock.machine()
    try:
        if not PeriodicRun.objects.filter(task=task).update(done_at=now, failed=failed):
            PeriodicRun.objects.get_or_create(task=task, defaults={"first_at": now, "done_at": now, "failed": failed})
    except Error as error:
        logger.warning("that %s was done can't be noted: %s", task, type(error).__name__)


@dataclass(frozen=True)
class Lateness:
    """How long a periodic task should have been done already, seconds; and whether it failed when it was."""

    task: str
    seconds: float
    failed: bool


def lateness(now: datetime) -> list[Lateness]:
    """Return how late each periodic task is; an empty list where none was ever done, so that nothing is known."""
    rows: dict[str, Any] = {row.task: row for row in PeriodicRun.objects.all()}
    if not rows:
        return []
    # What was never done counts from when the first of all was.
    begun = min(row.first_at for row in rows.values())
    told = []
    for task, one in schedules().items():
        row = rows.get(task)
        due = (row.done_at if row else begun) + _wait(one, row.done_at if row else begun)
        told.append(Lateness(task, max((now - due).total_seconds(), 0.0), bool(row and row.failed)))
    return told


def _wait(one: BaseSchedule, last: datetime) -> timedelta:
    """Return how long after a run the next is due."""
    run_every = getattr(one, "run_every", None)
    if isinstance(run_every, timedelta):
        return run_every
    started, delta, _ = one.remaining_delta(last)  # type: ignore[attr-defined]  # at an hour of the day
    return started + delta - last


def _schedule(said: Any) -> BaseSchedule:
    return said if isinstance(said, BaseSchedule) else schedule(timedelta(seconds=said))


def _every(one: BaseSchedule) -> timedelta:
    run_every = getattr(one, "run_every", None)
    return run_every if isinstance(run_every, timedelta) else timedelta(days=1)
