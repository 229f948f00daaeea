"""Our records of certificates that are handed in: found by serial number, told by their octets, in one statement."""

import hashlib
import json
from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from ca import octets
from ca.models import Realm

_FOUND = """
SELECT c.id, {octets}, c.purpose, c.medium, c.status, g.subject_key_identifier
FROM ca_certificate c JOIN ca_generation g ON g.id = c.generation_id
WHERE c.issuer_id IN (SELECT id FROM ca_authority WHERE realm_id = %s) AND c.serial_number {among}
"""
# PostgreSQL digests the octets itself, which is cheaper than handing them over; SQLite has no such function.
_FOUND_POSTGRESQL = _FOUND.format(octets="sha256(c.der)", among="= ANY(%s)")
_FOUND_SQLITE = _FOUND.format(octets="c.der", among="IN (SELECT value FROM json_each(%s))")


class Record(NamedTuple):
    """What a verdict needs of our record."""

    pk: int
    digest: bytes  # SHA-256 of the octets
    purpose: str
    medium: str
    status: str
    signer: str  # key identifier of the generation that signed it, upper-case hex


def digest(der: bytes) -> bytes:
    """Return what tells one certificate's octets from all others: their SHA-256."""
    return hashlib.sha256(der).digest()


def of(realm: Realm, serial_numbers: Collection[str]) -> dict[bytes, Record]:
    """Return the realm's records of these serial numbers (upper-case hex), by the SHA-256 of their octets."""
    if not serial_numbers:
        return {}
    if octets.in_postgresql():
        with octets.cursor() as raw:
            raw.execute(_FOUND_POSTGRESQL, (realm.pk, list(serial_numbers)))
            return {row[1]: Record(*row) for row in raw.fetchall()}
    with connection.cursor() as cursor:
        cursor.execute(_FOUND_SQLITE, (realm.pk, json.dumps(list(serial_numbers))))
        found = (Record(pk, digest(der), *others) for pk, der, *others in cursor.fetchall())
        return {record.digest: record for record in found}
