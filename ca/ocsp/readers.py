"""Readers: connections of the event loop's own that read standings and marks without holding it up.

SQLite is a file: reading it takes some microseconds, in the loop itself. PostgreSQL is asked over libpq's own
non-blocking calls (psycopg.pq), as a driver's layers would cost more than the reading.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from typing import Protocol

import psycopg
from django.db import connection
from psycopg import pq

from ca.ocsp.standing import STATEMENTS, Reading, Rows

# Numbers may come as text. None when the reading failed: then the reader is of no use any more.
Done = Callable[[Rows | None], None]
PATIENCE = 1.0  # seconds for one reading


class Reader(Protocol):
    """Reads one thing at a time."""

    def read(self, reading: Reading, done: Done) -> None:
        """Read how things stand now, and call `done` once, before or after this returns."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def opened(loop: asyncio.AbstractEventLoop) -> Callable[[], Reader]:
    """Connect, in a thread that may wait; return what makes the reader, in the loop. Raises the database's errors."""
    raw = connection.get_new_connection(connection.get_connection_params())
    if connection.vendor == "sqlite":
        return lambda: SqliteReader(raw)
    for name, statement in STATEMENTS["postgresql"].items():
        numbers = tuple(f"${number}" for number in range(1, statement.count("%s") + 1))
        prepared = raw.pgconn.prepare(name.encode(), (statement % numbers).encode())
        if prepared.status != pq.ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError(raw.pgconn.get_error_message())
    return lambda: PostgresReader(raw, loop)


class SqliteReader:
    """Reads at once."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self._statements = {
            name: statement % (("?",) * statement.count("(%s)")) for name, statement in STATEMENTS["sqlite"].items()
        }

    def read(self, reading: Reading, done: Done) -> None:
        """Read how things stand now, and call `done`."""
        try:
            lists = [json.dumps(one) for one in reading.lists]
            rows = self._raw.execute(self._statements[reading.name], lists).fetchall()
        except sqlite3.Error:
            done(None)
        else:
            done(rows)

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()


class PostgresReader:
    """Asks, and is called when the answer comes."""

    def __init__(self, raw: "psycopg.Connection[tuple[object, ...]]", loop: asyncio.AbstractEventLoop) -> None:
        self._raw, self._loop = raw, loop
        self._done: Done | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._socket = raw.pgconn.socket
        loop.add_reader(self._socket, self._came)

    def read(self, reading: Reading, done: Done) -> None:
        """Read how things stand now, and call `done` when it is there."""
        self._done = done
        try:
            # Numbers and hex: nothing that an array's text would have to quote.
            arrays = [f"{{{','.join(map(str, each))}}}".encode() for each in reading.lists]
            self._raw.pgconn.send_query_prepared(reading.name.encode(), arrays)
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
        self._finish(_rows(result))

    def _finish(self, rows: Rows | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        done, self._done = self._done, None
        if rows is None:
            self._loop.remove_reader(self._socket)
        if done is not None:
            done(rows)


def _rows(result: "pq.abc.PGresult") -> Rows | None:
    if result.status != pq.ExecStatus.TUPLES_OK:
        return None
    columns = range(result.nfields)
    # No column that is read is ever NULL.
    return [[(result.get_value(row, one) or b"").decode() for one in columns] for row in range(result.ntuples)]
