"""What a migration may do while the version before it serves: it expands, and it never stands in the way.

`judge` reads a migration's operations, `judge_statement` what it really ran on PostgreSQL: so what a RunPython does is
seen, too. Each returns sentences, none when all is well. "Old" is what the release before has; what came after it is in
nobody's hands yet, and anything may be done to it.
"""

import re
from collections.abc import Iterator, Set
from typing import Any

from django.contrib.postgres import operations as postgres
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from ca import online

Models = Set[tuple[str, str]]  # (app's label, model's name in lower case)

_HARMLESS = (migrations.AlterModelOptions, migrations.AlterModelManagers, migrations.AlterModelTableComment)
# Of a field, what the database doesn't know of.
_IN_PYTHON_ALONE = {
    "blank", "choices", "default", "editable", "error_messages", "help_text", "limit_choices_to", "on_delete",
    "related_name", "related_query_name", "validators", "verbose_name",
}  # fmt: skip


def judge(migration: migrations.Migration, state: ProjectState, old: Models) -> list[str]:
    """Return what is wrong with a migration; `state` is how the models are before it, and is moved along."""
    found: list[str] = []
    for operation in migration.operations:
        after = state.clone()
        operation.state_forwards(migration.app_label, after)
        found += _judge(operation, migration, state, after, old)
        state = after
    return [f"{migration.app_label}.{migration.name}: {sentence}" for sentence in found]


def _judge(
    operation: Operation, migration: migrations.Migration, before: ProjectState, after: ProjectState, old: Models
) -> Iterator[str]:
    app = migration.app_label
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        for one in operation.database_operations:
            yield from _judge(one, migration, before, after, old)
        return
    if isinstance(operation, (*_HARMLESS, migrations.CreateModel, migrations.RunPython, migrations.RunSQL)):
        return  # what the last two run is judged by its statements
    what = operation.describe()
    if isinstance(operation, postgres.AddIndexConcurrently | postgres.RemoveIndexConcurrently):
        if not isinstance(operation, online.AddIndexConcurrently | online.RemoveIndexConcurrently):
            yield f"{what}: SQLite doesn't know it; take the operation of ca.online"
        if migration.atomic:
            yield f"{what}: needs atomic = False"
        return
    name = getattr(operation, "model_name", None) or getattr(operation, "name", "")
    if (app, name.lower()) not in old:
        return
    match operation:
        case migrations.AddField():
            yield from (f"{what}: {problem}" for problem in _added(operation.field))
        case migrations.AlterField():
            field = before.models[app, name.lower()].get_field(operation.name)
            yield from (f"{what}: {problem}" for problem in _altered(field, operation.field))
        case migrations.AddIndex() | migrations.RemoveIndex():
            yield f"{what}: holds up whoever writes; take ca.online's operation, in a migration with atomic = False"
        case migrations.AddConstraint():
            yield f"{what}: reads the whole table under a lock, and the version before may break it"
        case migrations.RemoveConstraint():
            yield f"{what}: the version before may stand on it"
        case _:
            yield f"{what}: the version before still uses it; it goes a release later"


def _added(field: Any) -> Iterator[str]:
    if field.many_to_many:
        return
    if not field.null and field.db_default is models.NOT_PROVIDED:
        yield "the version before writes rows without it: it needs null=True or a db_default"
    if field.unique:
        yield "a unique column is an index, built under a lock"
    elif field.db_index:
        yield "its index is built under a lock: db_index=False, and the index by itself if it is needed"


def _altered(before: Any, after: Any) -> Iterator[str]:
    _, path_before, arguments_before, had = before.deconstruct()
    _, path_after, arguments_after, has = after.deconstruct()
    if (path_before, arguments_before) != (path_after, arguments_after):
        yield "another type: it is written anew under a lock, and the version before expects the old one"
        return
    for key in sorted(had.keys() | has.keys()):
        was, becomes = had.get(key), has.get(key)
        if was == becomes or key in _IN_PYTHON_ALONE:
            continue
        if key == "null" and becomes:
            continue
        if key == "max_length" and was is not None and (becomes is None or becomes > was):
            continue
        if key == "db_default" and was is None:
            continue
        yield f"{key} from {was!r} to {becomes!r} narrows what the version before may write, or locks the table"


# --- What it ran ------------------------------------------------------------------------------------------------------
_NAME = r'(?:ONLY\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"?(?P<table>[a-z_0-9]+)"?'
_TABLE = re.compile(rf"ALTER\s+TABLE\s+{_NAME}(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_INDEX = re.compile(
    rf"CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?P<way>CONCURRENTLY\s+)?.*?\sON\s+{_NAME}", re.IGNORECASE | re.DOTALL
)
_ROWS = re.compile(rf"(?P<verb>UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|LOCK(?:\s+TABLE)?)\s+{_NAME}", re.IGNORECASE)
_DROPPED = re.compile(rf"DROP\s+TABLE\s+{_NAME}", re.IGNORECASE)
_FORBIDDEN_CLAUSES = {
    r"ALTER\s+COLUMN\s+\S+\s+SET\s+NOT\s+NULL": "reads the whole table under a lock",
    r"DROP\s+COLUMN": "the version before still reads it",
    r"RENAME": "the version before knows the old name",
    r"DROP\s+CONSTRAINT": "the version before may stand on it",
    r"ADD\s+CONSTRAINT(?!.*NOT\s+VALID)": "is checked against the whole table under a lock",
    r"ADD\s+COLUMN(?!.*\bDEFAULT\b)(?=.*\bNOT\s+NULL\b)": "the version before writes rows without it",
}


def judge_statement(statement: str, *, atomic: bool, old_tables: Set[str]) -> list[str]:
    """Return what is wrong with a statement that a migration ran on PostgreSQL."""
    text = statement.strip()
    shown = " ".join(text.split())[:120]
    if found := _TABLE.match(text):
        if found["table"] not in old_tables:
            return []
        clauses = _FORBIDDEN_CLAUSES.items()
        rest = found["rest"]
        return [f"{why}: {shown}" for clause, why in clauses if re.search(clause, rest, re.IGNORECASE | re.DOTALL)]
    if found := _INDEX.match(text):
        if found["table"] in old_tables and not found["way"]:
            return [f"holds up whoever writes while the index is built: {shown}"]
        return []
    if found := _ROWS.match(text):
        if found["table"] in old_tables and (atomic or found["verb"].upper().startswith(("TRUNCATE", "LOCK"))):
            return [f"holds its rows until the migration ends; a migration with atomic = False, in batches: {shown}"]
        return []
    found = _DROPPED.match(text)
    return [f"the version before still uses it: {shown}"] if found and found["table"] in old_tables else []
