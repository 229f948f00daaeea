"""Every migration after the first release expands and stands in nobody's way; and the rules do refuse what doesn't."""

from typing import Any

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from ca import online
from tests.upgrade import release, rules

HOUSE = ("ca", "tsm", "whitelist", "portal", "sandbox")


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    """Return the migrations as they stand in the code, without a database."""
    return MigrationLoader(None)


def ordered(loader: MigrationLoader) -> list[tuple[str, str]]:
    """Return every migration of the house, each after those it needs."""
    found: dict[tuple[str, str], None] = {}
    for leaf in sorted(loader.graph.leaf_nodes()):
        found |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    return [key for key in found if key[0] in HOUSE]


def test_what_was_released_is_not_changed_any_more() -> None:
    told = release.about()["migrations"]
    assert len(told) > 30
    changed = [name for name, digest in told.items() if release.digest(name) != digest]
    assert changed == [], "whoever has applied them will not apply them again"


def test_every_migration_after_the_release_can_run_while_it_serves(loader: MigrationLoader) -> None:
    released = {tuple(name.split(".", 1)) for name in release.about()["migrations"]}
    plan = ordered(loader)
    old = loader.project_state([key for key in plan if key in released])
    known = {key for key in old.models if key[0] in HOUSE}
    state, problems = old, []
    for key in plan:
        if key not in released:
            migration = loader.get_migration(*key)
            problems += rules.judge(migration, state, known)
            state = migration.mutate_state(state)
    assert problems == []


# --- That they refuse what they should --------------------------------------------------------------------------------
class _Migration(migrations.Migration):
    atomic = True


def state() -> ProjectState:
    """Return one old table and one new one, with a column each."""
    made = ProjectState()
    fields: list[Any] = [("id", models.BigAutoField(primary_key=True)), ("word", models.CharField(max_length=10))]
    for name in ("Old", "New"):
        migrations.CreateModel(name, fields).state_forwards("ca", made)
    return made


def judged(operation: Any, *, atomic: bool = True) -> list[str]:
    migration = _Migration("0099_sample", "ca")
    migration.operations, migration.atomic = [operation], atomic
    return rules.judge(migration, state(), {("ca", "old")})


def index() -> models.Index:
    return models.Index(fields=["word"], name="old_word")


REFUSED: dict[str, Any] = {
    "a column that old writers leave out": lambda: migrations.AddField("old", "more", models.IntegerField(default=1)),
    "a unique column": lambda: migrations.AddField("old", "more", models.IntegerField(null=True, unique=True)),
    "an indexed column": lambda: migrations.AddField("old", "more", models.IntegerField(null=True, db_index=True)),
    "a foreign key with its index": lambda: migrations.AddField(
        "old", "more", models.ForeignKey("ca.New", models.CASCADE, null=True)
    ),
    "another type": lambda: migrations.AlterField("old", "word", models.TextField()),
    "a shorter text": lambda: migrations.AlterField("old", "word", models.CharField(max_length=9)),
    "a unique text": lambda: migrations.AlterField("old", "word", models.CharField(max_length=10, unique=True)),
    "a column less": lambda: migrations.RemoveField("old", "word"),
    "a column's new name": lambda: migrations.RenameField("old", "word", "said"),
    "a table's new name": lambda: migrations.RenameModel("Old", "Older"),
    "a table less": lambda: migrations.DeleteModel("Old"),
    "an index built under a lock": lambda: migrations.AddIndex("old", index()),
    "a constraint": lambda: migrations.AddConstraint(
        "old", models.CheckConstraint(condition=models.Q(word="x"), name="old_is_x")
    ),
    "an index built beside others, in a transaction": lambda: online.AddIndexConcurrently("old", index()),
}
PERMITTED: dict[str, Any] = {
    "a column that may be empty": lambda: migrations.AddField("old", "more", models.IntegerField(null=True)),
    "a column that the database fills": lambda: migrations.AddField(
        "old", "more", models.IntegerField(default=0, db_default=0)
    ),
    "a foreign key without an index": lambda: migrations.AddField(
        "old", "more", models.ForeignKey("ca.New", models.CASCADE, null=True, db_index=False)
    ),
    "a longer text": lambda: migrations.AlterField("old", "word", models.CharField(max_length=11)),
    "other choices": lambda: migrations.AlterField(
        "old", "word", models.CharField(max_length=10, choices=[("a", "a")])
    ),
    "a text that may be empty": lambda: migrations.AlterField(
        "old", "word", models.CharField(max_length=10, null=True)
    ),
    "a table": lambda: migrations.CreateModel("Newest", [("id", models.BigAutoField(primary_key=True))]),
    "anything to a table that the release doesn't have": lambda: migrations.AddField(
        "new", "more", models.IntegerField(default=1, db_index=True)
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_is(what: str) -> None:
    assert len(judged(REFUSED[what]())) == 1


@pytest.mark.parametrize("what", PERMITTED)
def test_permitted_is(what: str) -> None:
    assert judged(PERMITTED[what]()) == []


def test_an_index_is_built_beside_others_outside_a_transaction() -> None:
    assert judged(online.AddIndexConcurrently("old", index()), atomic=False) == []


@pytest.mark.parametrize(
    ("statement", "atomic", "problem"),
    [
        ('ALTER TABLE "ca_realm" ADD COLUMN "x" bigint NULL', True, ""),
        ('ALTER TABLE "ca_realm" ADD COLUMN "x" bigint DEFAULT 0 NOT NULL', True, ""),
        ('ALTER TABLE "ca_realm" ADD COLUMN "x" bigint NOT NULL', True, "writes rows without it"),
        ('ALTER TABLE "ca_realm" DROP COLUMN "slug" CASCADE', True, "still reads it"),
        ('ALTER TABLE "ca_realm" ALTER COLUMN "slug" SET NOT NULL', True, "whole table"),
        ('ALTER TABLE "ca_realm" ADD CONSTRAINT "c" CHECK (true)', True, "whole table"),
        ('ALTER TABLE "ca_realm" ADD CONSTRAINT "c" CHECK (true) NOT VALID', True, ""),
        ('ALTER TABLE "fresh" DROP COLUMN "slug" CASCADE', True, ""),
        ('CREATE INDEX "i" ON "ca_realm" ("slug")', True, "holds up"),
        ('CREATE INDEX CONCURRENTLY "i" ON "ca_realm" ("slug")', False, ""),
        ('CREATE INDEX "i" ON "fresh" ("slug")', True, ""),
        ('UPDATE "ca_realm" SET "slug" = 1', True, "holds its rows"),
        ('UPDATE "ca_realm" SET "slug" = 1 WHERE id < 100', False, ""),
        ('DROP TABLE "ca_realm" CASCADE', True, "still uses it"),
    ],
)
def test_statements_are_judged(statement: str, atomic: bool, problem: str) -> None:
    found = rules.judge_statement(statement, atomic=atomic, old_tables={"ca_realm"})
    assert (problem in found[0]) if problem else (found == [])


@pytest.mark.django_db(transaction=True)
def test_an_index_is_built_on_either_database() -> None:
    """On SQLite as any other; on PostgreSQL concurrently, and again where a build was broken off."""
    from ca.models import Realm

    found = models.Index(fields=["name"], name="sample_realm_name")
    operation = online.AddIndexConcurrently("realm", found)
    before = MigrationLoader(connection).project_state()
    after = before.clone()
    operation.state_forwards("ca", after)
    table = Realm._meta.db_table

    def indexes() -> set[str]:
        with connection.cursor() as cursor:
            return set(connection.introspection.get_constraints(cursor, table))

    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("ca", editor, before, after)
        assert "sample_realm_name" in indexes()
        if connection.vendor == "postgresql":
            editor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sample_realm_name'::regclass")
            operation.database_forwards("ca", editor, before, after)
        operation.database_backwards("ca", editor, after, before)
    assert "sample_realm_name" not in indexes()
