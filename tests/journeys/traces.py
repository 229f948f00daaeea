"""Where a secret could have left a trace: the database, the broker's files, the logs."""

import base64
import re
import sqlite3
import urllib.parse
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from portal.supervision.system import System


def assert_nowhere(system: System, password: str, pin: str) -> None:
    """Search every byte that the system has written for a password and a PIN, in every form they could have."""
    needles = [*_forms(password)] if password else []
    # Four digits stand in many numbers: the PIN is looked for as it would stand in an APDU, in JSON, or in an address.
    needles += [f"04{pin.encode().hex()}".encode(), f'"{pin}"'.encode(), f"'{pin}'".encode()]
    # As an address has it, and not where base64 ends before a number by chance.
    in_address = re.compile(f"={pin}(?![0-9A-Za-z])".encode())
    searched = 0
    for name, content in _everything(system):
        searched += len(content)
        for needle in needles:
            assert needle not in content, f"{needle!r} stands in {name}"
        assert not in_address.search(content), f"{in_address.pattern!r} stands in {name}"
    assert searched > 100_000, "that can't have been everything"


def _forms(secret: str) -> Iterator[bytes]:
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield base64.b64encode(raw).rstrip(b"=")[:-1]
    yield urllib.parse.quote(secret).encode()
    yield secret.encode("utf-16-le")


def _everything(system: System) -> Iterator[tuple[str, bytes]]:
    for path in system.var.rglob("*"):
        if path.is_file() and "secrets" not in path.parts and "static" not in path.parts:
            yield str(path.relative_to(system.var)), path.read_bytes()
    # Once more by value: what stands in two pages of the file would be missed in its bytes.
    for table, row in _rows(system):
        yield table, b"\0".join(one if isinstance(one, bytes) else str(one).encode() for one in row)


def _rows(system: System) -> Iterator[tuple[str, tuple[Any, ...]]]:
    address = system.environment.get("DATABASE_URL_MANAGE") or system.environment.get("DATABASE_URL")
    if address:
        with psycopg.connect(address) as server:
            tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").fetchall()
            for (table,) in tables:
                for row in server.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))):
                    yield table, row
        return
    with sqlite3.connect(f"file:{system.var / 'database.sqlite3'}?mode=ro", uri=True) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                yield table, row
