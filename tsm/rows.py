"""Rows that are in hand: what is written to the database is written to them too, so that nobody reads them again."""

from typing import Any

from django.db.models import Model


def write(row: Model, **values: Any) -> None:
    """Write these fields of a row, in one statement, and keep the row in hand in step with it."""
    type(row)._default_manager.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
