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


def without_reading_whole(statement: str) -> str:
    """Return the plan of a statement (its values in it) where a table is read whole only if there is no other way.

    Among few rows every table is read whole, so what would happen among many shows only when it is forbidden.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        rows: list[tuple[str]] = cursor.fetchall()
        cursor.execute("RESET enable_seqscan")
    return "\n".join(line for (line,) in rows)


def needing_whole(statements: Iterable[str], tables: Iterable[str]) -> list[str]:
    """Return the plans of those SELECTs that have no way around reading one of these tables whole."""
    wanted = [one for one in statements if one.startswith("SELECT")]
    return sequential([f"{one}\n{without_reading_whole(one)}" for one in wanted], tables)
