"""Many rows in one statement: what the ORM would say row by row, or column by column with much work of its own.

PostgreSQL gets its columns as binary arrays (`unnest`), and once what is the same in all rows; SQLite a list of rows
(`VALUES`); the rest is the same.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Field, JSONField, Model, QuerySet
from django.db.models.base import ModelState

Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)


def columns(model: type[Model]) -> list[str]:
    """Return the names of a model's columns in their order, but for the id."""
    return [field.attname for field in model._meta.concrete_fields if not field.primary_key]


def insert(model: type[M], rows: Sequence[Row]) -> list[M]:
    """Store new rows, values in the order of `columns`; return them in their order. Raises IntegrityError."""
    names = columns(model)
    stored = zip(insert_rows(model, names, rows), rows, strict=True)
    return _instances(model, ["id", *names], ((pk, *row) for pk, row in stored))


def read(rows: "QuerySet[M]") -> list[M]:
    """Return what a query finds, whole."""
    names = ["id", *columns(rows.model)]
    return _instances(rows.model, names, rows.values_list(*names))


def _instances(model: type[M], names: Sequence[str], rows: Iterable[Row]) -> list[M]:
    """Return rows as the ORM gives them (`Model.from_db`), with less ado: that takes it longer than PostgreSQL."""
    instances = []
    for row in rows:
        instance = model.__new__(model)
        instance.__dict__.update(zip(names, row, strict=True))
        instance._state = ModelState()
        instance._state.adding, instance._state.db = False, connection.alias
        instances.append(instance)
    return instances


def insert_rows(model: type[Model], names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """Store new rows, values in the order of `names`, JSON as text; return their ids. Raises IntegrityError."""
    if not rows:
        return []
    fields = _fields(model, names)
    source, parameters = _source(fields, rows)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    values = ", ".join(_selected(field, number) for number, field in enumerate(fields, 1))
    statement = f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {values} FROM {source} RETURNING id"  # noqa: S608
    return [pk for (pk,) in _execute(statement, parameters)]


def update(
    model: type[Model], names: Sequence[str], rows: Iterable[Row], *, where: str, arguments: Sequence[Any] = ()
) -> set[int]:
    """Write columns into stored rows, each given as (id, values in the order of `names`); return the ids written.

    `where` is SQL of this house, about the row as `t`: those that it does not hold for stay as they are.
    """
    values = list(rows)
    if not values:
        return set()
    fields = _fields(model, names)
    primary_key = model._meta.pk
    assert primary_key is not None  # noqa: S101  (every model has one)
    source, parameters = _source([primary_key, *fields], values)
    setting = ", ".join(f"{field.column} = v.column{number}" for number, field in enumerate(fields, 2))
    statement = (
        f"UPDATE {model._meta.db_table} AS t SET {setting} FROM {source} "  # noqa: S608
        f"WHERE t.id = v.column1 AND {where} RETURNING id"
    )
    return {pk for (pk,) in _execute(statement, [*parameters, *arguments])}


def _fields(model: type[Model], names: Sequence[str]) -> "list[Field[Any, Any]]":
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    return [by_name[name] for name in names]


def _selected(field: "Field[Any, Any]", number: int) -> str:
    as_json = isinstance(field, JSONField) and connection.vendor == "postgresql"
    return f"v.column{number}::jsonb" if as_json else f"v.column{number}"


def _source(fields: "Sequence[Field[Any, Any]]", rows: Sequence[Row]) -> tuple[str, list[Any]]:
    """Return a table `v` of these rows, its columns column1, column2 … as SQL and its parameters."""
    if connection.vendor == "postgresql":
        return _arrays(fields, rows)
    place = f"({', '.join(['%s'] * len(fields))})"
    prepared = [
        value if isinstance(field, JSONField) else field.get_db_prep_save(value, connection)
        for row in rows
        for field, value in zip(fields, row, strict=True)
    ]
    return f"(VALUES {', '.join([place] * len(rows))}) AS v", prepared


def _arrays(fields: "Sequence[Field[Any, Any]]", rows: Sequence[Row]) -> tuple[str, list[Any]]:
    selected, arrays, names = [], [], []
    once: list[Any] = []
    many: list[Any] = []
    for number, (field, column) in enumerate(zip(fields, zip(*rows, strict=True), strict=True), 1):
        name = f"column{number}"
        # An array is taken apart, value by value, here and there; most columns of a batch say one thing.
        if number > 1 and column.count(column[0]) == len(column):
            selected.append(f"%b::{_type(field)} AS {name}")
            once.append(column[0])
        else:
            selected.append(f"u.{name}")
            arrays.append(f"%b::{_type(field)}[]")
            names.append(name)
            many.append(list(column))
    table = f"unnest({', '.join(arrays)}) AS u ({', '.join(names)})"
    return f"(SELECT {', '.join(selected)} FROM {table}) AS v", [*once, *many]  # noqa: S608


def _type(field: "Field[Any, Any]") -> str:
    kind = field.rel_db_type(connection) if field.primary_key else field.db_type(connection)
    # Without its length: a cast to varchar(40) would cut what is longer; so it is the column that refuses it.
    return "text" if isinstance(field, JSONField) else str(kind).partition("(")[0]


def _execute(statement: str, parameters: Sequence[Any]) -> list[Row]:
    if connection.vendor == "postgresql":
        return _execute_binary(statement, parameters)
    with connection.cursor() as cursor:
        cursor.execute(statement, [_adapted(value) for value in parameters])
        return list(cursor.fetchall())


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _execute_binary(statement: str, parameters: Sequence[Any]) -> list[Row]:
    # Django's own cursor writes parameters into the statement as text: three times the work for octets.
    import psycopg

    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.replace("%s", "%b"), parameters)
        return cursor.fetchall()
