"""Readers: connections of the event loop's own that read marks without holding it up.

SQLite is a file: reading it takes some microseconds, in the loop itself. PostgreSQL is asked over libpq's own
non-blocking calls (psycopg.pq), as a driver's layers would cost more than the reading.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import psycopg
from django.db import connection
from psycopg import pq

from ca.ocsp import standing

# Mark by id, or None when the reading failed: then the reader is of no use any more.
Done = Callable[[Mapping[int, int] | None], None]
PATIENCE = 1.0  # seconds for one reading

_NAME = b"ca_marks"


class Reader(Protocol):
    """Reads marks, one reading at a time."""

    def read(self, ids: Collection[int], done: Done) -> None:
        """Read the marks as they stand now, and call `done` once, before or after this returns."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def opened(loop: asyncio.AbstractEventLoop) -> Callable[[], Reader]:
    """Connect, in a thread that may wait; return what makes the reader, in the loop. Raises the database's errors."""
    raw = connection.get_new_connection(connection.get_connection_params())
    if connection.vendor == "sqlite":
        return lambda: SqliteReader(raw)
    prepared = raw.pgconn.prepare(_NAME, _POSTGRESQL)
    if prepared.status != pq.ExecStatus.COMMAND_OK:
        raise psycopg.OperationalError(raw.pgconn.get_error_message())
    return lambda: PostgresReader(raw, loop)


class SqliteReader:
    """Reads at once."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def read(self, ids: Collection[int], done: Done) -> None:
        """Read the marks as they stand now, and call `done`."""
        try:
            partitions, realms = standing.split(ids)
            statement = standing.statement_of_marks(len(partitions), len(realms), "sqlite")
            marks = dict(self._raw.execute(statement, partitions + realms).fetchall())
        except sqlite3.Error:
            done(None)
        else:
            done(marks)

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()


_POSTGRESQL = b"""
SELECT id, revision FROM ca_partition WHERE id = ANY($1::bigint[])
UNION ALL
SELECT -id, (EXTRACT(EPOCH FROM clock_offset) * 1000000)::bigint FROM ca_realm WHERE id = ANY($2::bigint[])
"""


class PostgresReader:
    """Asks, and is called when the answer comes."""

    def __init__(self, raw: "psycopg.Connection[tuple[object, ...]]", loop: asyncio.AbstractEventLoop) -> None:
        self._raw, self._loop = raw, loop
        self._done: Done | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._socket = raw.pgconn.socket
        loop.add_reader(self._socket, self._came)

    def read(self, ids: Collection[int], done: Done) -> None:
        """Read the marks as they stand now, and call `done` when they are there."""
        self._done = done
        try:
            arrays = [f"{{{','.join(map(str, each))}}}".encode() for each in standing.split(ids)]
            self._raw.pgconn.send_query_prepared(_NAME, arrays)
            self._raw.pgconn.flush()
        except psycopg.Error:
            self._finish(None)
            return
        self._timer = self._loop.call_later(PATIENCE, self._finish, None)

    def close(self) -> None:
        """Close the connection."""
        self._loop.remove_reader(self._socket)
        self._raw.close()

    def _came(self) -> None:
        server = self._raw.pgconn
        try:
            server.consume_input()
            if server.is_busy():
                return
            result = server.get_result()
            while result is not None and server.get_result() is not None:
                pass
        except psycopg.Error:
            self._finish(None)
            return
        if result is None:
            # Nobody asked: a notice, or the end of the connection, which the next reading finds.
            return
        self._finish(_marks(result))

    def _finish(self, marks: Mapping[int, int] | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        done, self._done = self._done, None
        if marks is None:
            self._loop.remove_reader(self._socket)
        if done is not None:
            done(marks)


def _marks(result: "pq.abc.PGresult") -> Mapping[int, int] | None:
    if result.status != pq.ExecStatus.TUPLES_OK:
        return None
    rows = ((result.get_value(row, 0), result.get_value(row, 1)) for row in range(result.ntuples))
    return {int(one): int(number) for one, number in rows if one is not None and number is not None}
