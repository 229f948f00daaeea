"""Rows that are in hand: what is written to the database is written to them too, so that nobody reads them again."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def write(row: Model, **values: Any) -> None:
    """Write these fields of a row, in one statement, and keep the row in hand in step with it."""
    type(row)._default_manager.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)


def only(found: QuerySet[M]) -> M | None:
    """Return the only row that a query can find, or None.

    Without an order: Django compares it with every column that is read, which costs as much as the rest of the query.
    """
    return next(iter(found.order_by()[:1]), None)
