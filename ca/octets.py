"""Long octets in and out of PostgreSQL: in its binary protocol, a part at a time.

Django's own way writes octets as hex into the statement, and reads a column in one piece: for a list of a million
entries several hundred megabytes that nobody needs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

from ca.models import Crl

PART = 1 << 22  # octets at a time
_INSERT = """
INSERT INTO ca_crl (partition_id, number, der, this_update, next_update, entries, revision)
VALUES (%s, %s, %b, %s, %s, %s, %s) ON CONFLICT (partition_id, number) DO NOTHING RETURNING id
"""


def in_postgresql() -> bool:
    """Tell whether the database is PostgreSQL; everything else here is for it alone."""
    return connection.vendor == "postgresql"


@contextmanager
def cursor() -> Iterator["psycopg.Cursor[Any]"]:
    """Give a cursor of Django's own connection, and so in its transaction, that sends and receives binary."""
    connection.ensure_connection()
    # Django's errors, not the driver's: whoever catches IntegrityError need not know which way a row went.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as raw:
        raw.format = psycopg.pq.Format.BINARY
        yield raw


def of(crl: Crl) -> bytes:
    """Return a stored list's DER, from the object when it has been read."""
    if "der" not in crl.get_deferred_fields() or not in_postgresql():
        return bytes(crl.der)
    with cursor() as raw:
        return b"".join(_parts(raw, crl.pk))


def _parts(raw: "psycopg.Cursor[Any]", pk: int) -> Iterator[bytes]:
    begin = 1
    while True:
        raw.execute("SELECT substring(der FROM %s FOR %s) FROM ca_crl WHERE id = %s", (begin, PART, pk))
        row = raw.fetchone()
        if row is None or not row[0]:
            return
        yield row[0]
        if len(row[0]) < PART:
            return
        begin += PART


def insert(crls: list[Crl]) -> bool:
    """Write new lists and give them their ids; False when one of them is there already, by partition and number."""
    rows = [
        (crl.partition_id, crl.number, crl.der, crl.this_update, crl.next_update, crl.entries, crl.revision)
        for crl in crls
    ]
    with cursor() as raw:
        raw.executemany(_INSERT, rows, returning=True)
        for crl in crls:
            row = raw.fetchone()
            if row is None:
                return False
            crl.pk, crl._state.adding = row[0], False
            raw.nextset()
    return True
