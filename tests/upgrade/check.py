"""What this code makes of a release's data, in a process of its own: migrate, compare, use. Prints JSON.

python -m tests.upgrade.check        in the environment of `release.Laid`
"""

import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("BROKER_URL", "memory://")


def main() -> None:
    """Do all of it, and print what was found."""
    django.setup()
    from django.db import connection

    before = columns()
    counted = counts(before)
    ran = migrated(set(before))
    after = columns()
    found: dict[str, Any] = {
        "migrated": [name for name, _ in ran],
        "problems": [sentence for _, sentences in ran for sentence in sentences],
        "narrowed": narrowed(before, after),
        "lost_rows": {
            table: [count, now] for table, count in counted.items() if (now := counts([table])[table]) != count
        },
        "vendor": connection.vendor,
    }
    found |= used()
    sys.stdout.write(json.dumps(found))


Columns = dict[str, dict[str, tuple[str, bool, bool]]]


def columns() -> Columns:
    """Return by table and column: its type, whether it may be empty, whether the database fills it."""
    from django.db import connection

    found: Columns = {}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT table_name, column_name, data_type || coalesce(character_maximum_length::text, ''), "
                "is_nullable = 'YES', column_default IS NOT NULL OR is_identity = 'YES' "
                "FROM information_schema.columns WHERE table_schema = 'public'"
            )
            for table, column, kind, empty, filled in cursor.fetchall():
                found.setdefault(table, {})[column] = (kind, empty, filled)
        else:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'PRAGMA table_info("{table}")')
                rows = cursor.fetchall()
                found[table] = {name: (kind, not must, given is not None) for _, name, kind, must, given, _ in rows}
    return found


def counts(tables: Any) -> dict[str, int]:
    """Return how many rows tables have, but for Django's own notes."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            if table not in {"django_migrations", "django_content_type", "auth_permission", "sqlite_sequence"}:
                cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608  (names that the database gave)
                found[table] = cursor.fetchone()[0]
    return found


def narrowed(before: Columns, after: Columns) -> list[str]:
    """Return where the release's own statements would fail on the new schema."""
    found = []
    for table, old in before.items():
        now = after.get(table)
        if now is None:
            found.append(f"{table} is gone")
            continue
        for column, (kind, empty, _) in old.items():
            if column not in now:
                found.append(f"{table}.{column} is gone")
            elif now[column][0] != kind or (empty and not now[column][1]):
                found.append(f"{table}.{column} was {kind}, is {now[column][0]}")
        more = now.keys() - old.keys()
        found += [f"{table}.{one} is left out by old writers" for one in more if not (now[one][1] or now[one][2])]
    return sorted(found)


def migrated(old_tables: set[str]) -> list[tuple[str, list[str]]]:
    """Migrate; return each migration with what was wrong with the statements that it ran."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from tests.upgrade import rules

    ran: list[tuple[str, list[str]]] = []
    judging: list[bool] = []

    @contextmanager
    def judged(atomic: bool) -> Iterator[None]:
        judging.append(atomic)
        yield
        judging.pop()

    def watch(execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: Any) -> Any:
        if judging and connection.vendor == "postgresql":
            ran[-1][1].extend(rules.judge_statement(str(sql), atomic=judging[-1], old_tables=old_tables))
        return execute(sql, parameters, many, context)

    applied = MigrationExecutor.apply_migration

    def apply(self: Any, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False) -> Any:
        ran.append((f"{migration.app_label}.{migration.name}", []))
        with judged(migration.atomic):
            return applied(self, state, migration, fake=fake, fake_initial=fake_initial)

    MigrationExecutor.apply_migration = apply  # type: ignore[method-assign]
    with connection.execute_wrapper(watch):
        call_command("migrate", interactive=False, verbosity=0)
    return ran


def used() -> dict[str, Any]:
    """Use what was migrated: the journal, a card's certificate with its phone's, the sweep, CRLs, a seal."""
    from ca import clock, crl, issuance, journal, linkage, revocation, seals
    from ca.causes import Cause
    from ca.models import Certificate, Crl, Holder, Realm
    from ca.profiles import Medium, Purpose
    from tests.ca.fixtures import public_key

    realm = Realm.objects.get(slug="sandbox")
    whole = {"journal": journal.verify(realm) is None, "seals": seals.verify(realm) is None}
    signed = Certificate.objects.filter(realm=realm, purpose=Purpose.SIGNATURE)
    highest = max(int(one, 16) for one in signed.values_list("serial_number", flat=True))
    holder = Holder.objects.filter(realm=realm).latest("pk")
    holder.pk, holder.reference, holder._state.adding = None, uuid.uuid4(), True
    holder.save()
    made: list[Certificate] = []
    for number, medium in enumerate((Medium.CARD, Medium.PHONE)):
        row = issuance.request(
            realm=realm,
            purpose=Purpose.SIGNATURE,
            medium=medium,
            holder=holder,
            public_key=public_key(number),
            linked_to=made[0] if made else None,
            request_key=f"upgrade {medium}",
        )
        made.append(issuance.issue(row.pk))
    revocation.revoke(made[0], cause=Cause.DEATH, now=clock.now(realm))
    linkage.sweep(realm)
    made[1].refresh_from_db()
    lists = [one for one in crl.publish_due(realm) if isinstance(one, Crl)]
    return whole | {
        "serials_go_on": min(int(one.serial_number, 16) for one in made) > highest,
        "fallen_with_its_card": made[1].status,
        "lists": len(lists),
        "sealed": seals.seal(realm) is not None,
        "journal_after": journal.verify(realm) is None and seals.verify(realm) is None,
        "transcript": sum(1 for _ in (realm_lines(realm))),
    }


def realm_lines(realm: Any) -> Iterator[Any]:
    """Give the lines of the realm's transcript."""
    from ca import transcript

    for folder in transcript.folders():
        yield from transcript.backwards(folder, realm)


if __name__ == "__main__":
    main()
