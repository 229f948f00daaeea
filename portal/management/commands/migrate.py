"""Django's `migrate`, fit to run while the version before serves (docs/upgrading.md)."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Any number; the same for all who migrate this database.
_TURN = 0x6A706B69
# What PostgreSQL says when a lock wasn't to be had within lock_timeout.
_LOCKED = "55P03"


class Command(migrate.Command):
    """Migrate, one at a time, and never hold up others for longer than MIGRATE_LOCK_SECONDS.

    On PostgreSQL a statement that waits for a lock makes everybody wait who comes after it. So it gives up soon, and
    the migration that it belongs to is tried again. Migrations that were applied stay.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        """Wait for the turn, then migrate, as often as it takes."""
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with _turn(connection), _lock_timeout(connection):
            tries = settings.MIGRATE_TRIES
            for left in reversed(range(tries)):
                try:
                    super().handle(*args, **options)
                    return
                except OperationalError as error:
                    if getattr(error.__cause__, "sqlstate", "") != _LOCKED:
                        raise
                    if not left:
                        raise CommandError(
                            f"a table was in others' hands for {settings.MIGRATE_LOCK_SECONDS:g} s, {tries} times: "
                            "nothing was held up, and the migration is not applied. Look for long transactions in "
                            "pg_stat_activity, and run it again."
                        ) from error
                    self.stderr.write(f"a table is in others' hands; trying again ({left} tries left)")
                time.sleep(settings.MIGRATE_LOCK_SECONDS)


@contextlib.contextmanager
def _turn(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Be the only one who migrates this database.

    Asked for again and again, not waited for: a session that waits inside a statement holds a snapshot, and the index
    that another builds concurrently would wait for it in turn.
    """
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_TURN])
            (mine,) = cursor.fetchone() or (False,)
        if mine:
            break
        time.sleep(0.2)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_TURN])


@contextlib.contextmanager
def _lock_timeout(connection: BaseDatabaseWrapper) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, false)", [f"{int(settings.MIGRATE_LOCK_SECONDS * 1000)}ms"]
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
