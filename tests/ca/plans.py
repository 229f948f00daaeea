"""The plans that PostgreSQL executed: what its own auto_explain says of every statement, and of those inside them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def executed() -> Iterator[list[str]]:
    """Give a list that fills with the plan of each statement that Django's connection runs in the block.

    The database's user must be a superuser, as that of a private server is.
    """
    seen: list[str] = []

    def hear(said: Any) -> None:
        if said.message_primary and "plan:" in said.message_primary:
            seen.append(said.message_primary)

    with connection.cursor() as cursor:
        for statement in (
            "LOAD 'auto_explain'",
            "SET auto_explain.log_min_duration = 0",
            "SET client_min_messages = log",
        ):
            cursor.execute(statement)
        connection.connection.add_notice_handler(hear)
        try:
            yield seen
        finally:
            connection.connection.remove_notice_handler(hear)
            for statement in ("SET auto_explain.log_min_duration = -1", "RESET client_min_messages"):
                cursor.execute(statement)


def sequential(plans: Iterable[str], tables: Iterable[str]) -> list[str]:
    """Return the plans that read one of these tables from end to end."""
    return [plan for plan in plans if any(f"Seq Scan on {table}" in plan for table in tables)]
