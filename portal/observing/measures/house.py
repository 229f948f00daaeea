"""Figures of what everything stands on: database, broker, queues, periodic tasks, workers, disk, settings."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError

from ca import checks, clock
from ca.models import Generation, Realm
from ca.profiles import Purpose
from portal.accounts import passwords
from portal.observing import alive, periodic, queues
from portal.observing.measures.measure import Measure, Sample, age, left
from portal.rights import ages
from whitelist import checks as files


def _database_up() -> Iterator[Sample]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error:
        connection.close()
        yield Sample(0)
    else:
        yield Sample(1)


def _skew() -> Iterator[Sample]:
    if connection.vendor != "postgresql":
        return  # SQLite has no clock of its own
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    yield Sample(abs(left(theirs, clock.machine())))


def _migrations() -> Iterator[Sample]:
    executor = MigrationExecutor(connection)
    yield Sample(len(executor.migration_plan(executor.loader.graph.leaf_nodes())))


def _broker_up() -> Iterator[Sample]:
    try:
        for _ in queues.read():
            break
    except (OperationalError, OSError):
        yield Sample(0)
    else:
        yield Sample(1)


def _messages() -> Iterator[Sample]:
    return (Sample(one.messages, {"queue": one.name}) for one in queues.read())


def _consumers() -> Iterator[Sample]:
    return (Sample(one.consumers, {"queue": one.name}) for one in queues.read() if one.consumers is not None)


def _periodic_known() -> Iterator[Sample]:
    yield Sample(float(bool(periodic.lateness(clock.machine()))))


def _periodic_late() -> Iterator[Sample]:
    return (Sample(one.seconds, {"task": one.task}) for one in periodic.lateness(clock.machine()))


def _periodic_failed() -> Iterator[Sample]:
    return (Sample(float(one.failed), {"task": one.task}) for one in periodic.lateness(clock.machine()))


def _workers() -> Iterator[Sample]:
    return (Sample(seconds, {"process": process}) for process, seconds in alive.ages())


def _disk() -> Iterator[Sample]:
    found = shutil.disk_usage(settings.VAR)
    yield Sample(found.free / found.total)


def _lacking() -> Iterator[Sample]:
    realm = Realm.objects.filter(slug=settings.DEFAULT_REALM).first()
    found = set(Generation.objects.filter(authority__realm=realm).values_list("authority__purpose", flat=True))
    yield Sample(float(realm is None), {"what": "realm"})
    yield Sample(float(any(one.value not in found for one in Purpose)), {"what": "authorities"})
    yield Sample(float(settings.PRODUCTION and bool(checks.guessed_policies())), {"what": "policies"})
    yield Sample(float(bool(passwords.lacking())), {"what": "leaked_passwords"})
    yield Sample(float(bool(files.no_scanner())), {"what": "scanner"})
    yield Sample(float(settings.PRODUCTION and _passwords() is None), {"what": "password_ages"})


def _passwords() -> list[ages.Made] | None:
    """Return when each password was made, or None where nobody says so."""
    try:
        return ages.read(Path(settings.PASSWORDS_MADE)) if settings.PASSWORDS_MADE else None
    except (OSError, ValueError):
        return None


def _password_ages() -> Iterator[Sample]:
    now = clock.machine()
    return (Sample(age(one.at, now), {"kind": one.opens, "process": one.whose}) for one in _passwords() or ())


MEASURES: tuple[Measure, ...] = (
    Measure("jpki_database_up", "1 while the database answers.", (), _database_up, needs=""),
    Measure("jpki_database_clock_skew_seconds", "How far this machine's clock and the database's differ.", (), _skew),
    Measure("jpki_migrations_missing", "Migrations that the database lacks.", (), _migrations),
    Measure("jpki_broker_up", "1 while the broker answers.", (), _broker_up, needs=""),
    Measure("jpki_queue_messages", "Messages that wait in a queue.", ("queue",), _messages, needs="broker"),
    Measure(
        "jpki_queue_consumers",
        "Workers that read a queue, where the broker tells.",
        ("queue",),
        _consumers,
        needs="broker",
    ),
    Measure("jpki_periodic_known", "1 where any periodic task was ever done.", (), _periodic_known),
    Measure("jpki_periodic_late_seconds", "How long a periodic task should have been done.", ("task",), _periodic_late),
    Measure(
        "jpki_periodic_failed", "1 where a periodic task failed when it was last done.", ("task",), _periodic_failed
    ),
    Measure(
        "jpki_worker_silent_seconds",
        "Since when a worker of this machine gave no sign of being ready.",
        ("process",),
        _workers,
        needs="",
    ),
    Measure("jpki_disk_free_ratio", "Free share of the disk under VAR_DIR.", (), _disk, needs=""),
    Measure(
        "jpki_password_age_seconds",
        "Age of the password by which a process comes to database, broker or metrics.",
        ("kind", "process"),
        _password_ages,
        needs="",
    ),
    Measure("jpki_setup_lacking", "1 for what the default realm lacks before it can serve.", ("what",), _lacking),
)
