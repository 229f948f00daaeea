"""Django's `migrate`, fit to run while the version before serves (docs/upgrading.md)."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

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
            if not self._make_all(connection, *args, **options):
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

    def _make_all(self, connection: BaseDatabaseWrapper, *args: Any, **options: Any) -> bool:
        """Make every table of an empty database, whole or not at all; False where it isn't one, or not all is asked."""
        if any(options.get(name) for name in ("app_label", "fake", "plan", "check_unapplied", "prune")):
            return False
        # SQLite has tables made only while it doesn't look at foreign keys, which can't be turned off in a transaction.
        connection.disable_constraint_checking()
        try:
            with transaction.atomic(using=connection.alias):
                if connection.introspection.table_names():
                    return False
                with _without_migrations():
                    super().handle(*args, **options | {"run_syncdb": True})
                _note_all_as_applied(connection)
                return True
        finally:
            connection.enable_constraint_checking()


@contextlib.contextmanager
def _without_migrations() -> Iterator[None]:
    """Let Django make every table from its model."""
    given = settings.MIGRATION_MODULES
    settings.MIGRATION_MODULES = {name.rsplit(".", 1)[-1]: None for name in settings.INSTALLED_APPS}
    try:
        yield
    finally:
        settings.MIGRATION_MODULES = given


def _note_all_as_applied(connection: BaseDatabaseWrapper) -> None:
    """Note every migration, in the order in which they would have run."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    executor.recorder.ensure_schema()
    row = executor.recorder.Migration
    executor.recorder.migration_qs.bulk_create([row(app=one.app_label, name=one.name) for one, _ in plan])


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
