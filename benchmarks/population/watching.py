"""What the database did for a piece of work: statements, rows and buffers, as PostgreSQL itself counted them.

A buffer is one visit of one page of 8 kB, in memory or not: what a noisy machine can't change. Times are beside it.
"""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

_READ = """
SELECT coalesce(sum(calls), 0)::bigint, coalesce(sum(rows), 0)::bigint,
       coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint, coalesce(sum(shared_blks_read), 0)::bigint,
       coalesce(sum(total_exec_time), 0)::float8
  FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND userid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
   AND query NOT LIKE '%pg_stat_statements%'
"""
_TOP = """
SELECT shared_blks_hit + shared_blks_read, rows, calls, query
  FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND userid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
   AND query NOT LIKE '%pg_stat_statements%' ORDER BY 1 DESC LIMIT 1
"""
_RESET = """
SELECT pg_stat_statements_reset(r.oid, d.oid, 0) FROM pg_database d, pg_roles r
 WHERE d.datname = current_database() AND r.rolname = current_user
"""


@dataclass(frozen=True)
class Seen:
    """One time that a piece of work was done."""

    seconds: float
    cpu: float  # of this process
    statements: int
    rows: int
    buffers: int
    read: int  # of the buffers, those that weren't in PostgreSQL's own memory
    database: float  # seconds that PostgreSQL spent in statements
    top: tuple[int, int, int, str]  # buffers, rows and calls of the statement that visited most, and its text


class Watch:
    """Watches work that is done in this process: nobody else may work there as the same user of the database."""

    def __init__(self) -> None:
        self._connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)

    def once(self, work: Callable[..., Any], *arguments: Any) -> Seen:
        """Do the work once."""
        self._connection.execute(_RESET)
        began, worked = time.perf_counter(), time.process_time()
        work(*arguments)
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        counted = self._connection.execute(_READ).fetchone() or (0, 0, 0, 0, 0.0)
        top = self._connection.execute(_TOP).fetchone() or (0, 0, 0, "")
        statements, rows, buffers, read, database = counted
        return Seen(seconds, cpu, statements, rows, buffers, read, database / 1000, tuple(top))

    def tidy(self, *tables: str) -> None:
        """Do what autovacuum, which is off, would have done by now to tables that were changed as a whole."""
        for table in tables:
            # Small and read whole: by turns it would never have swollen.
            how = "FULL, ANALYZE" if table == "ca_partition" else "ANALYZE"
            self._connection.execute(f"VACUUM ({how}) {table}")

    def often(self, work: Callable[[], Any], rounds: int, *, warm: int = 1, each: int = 1) -> dict[str, Any]:
        """Do the work some times, unwatched at first; return the figures of one of the `each` that one work does."""
        for _ in range(warm):
            work()
        return told([self.once(work) for _ in range(rounds)], each=each)


def told(seen: list[Seen], *, each: int = 1) -> dict[str, Any]:
    """Return the figures of one of the `each` things that each piece of work did."""
    fewest = min(seen, key=lambda one: one.buffers)
    buffers, rows, calls, text = fewest.top
    return {
        "median_ms": _round(1000 * statistics.median(one.seconds for one in seen) / each),
        "min_ms": _round(1000 * min(one.seconds for one in seen) / each),
        "cpu_ms": _round(1000 * min(one.cpu for one in seen) / each),
        "database_ms": _round(1000 * min(one.database for one in seen) / each),
        "statements": _round(fewest.statements / each),
        "rows": _round(fewest.rows / each),
        "buffers": _round(statistics.median(one.buffers for one in seen) / each),
        "read": _round(statistics.median(one.read for one in seen) / each),
        "top": f"{buffers} buffers, {rows} rows, {calls} calls: {' '.join(text.split())[:1500]}",
    }


def _round(value: float) -> float:
    return round(value, 3) if value < 100 else round(value)
