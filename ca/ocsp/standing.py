"""Standings: what the database says of certificates now, for answers that are made and answers that are kept.

A status changes together with its partition's revision, in one transaction (`ca.revisions.touch`). So an answer that
was made at a revision is right as long as the partition has that revision and the realm's clock is not set anew: its
marks. Kept answers are given only after their marks were read, by a reading that began after the question came
(`ca.ocsp.gathering`): no answer is older than its question, in whatever process, and none needs to be told.

Two readings, each one statement whatever number is asked: marks, and a look at certificates. Their results are in the
same shape from both databases, and through Django as through the event loop's own connections (`ca.ocsp.readers`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

# (id of a partition, its revision) or (-id of a realm, its clock's offset in microseconds)
Mark = tuple[int, int]
# (authority's id, serial number): what leads to the index
Name = tuple[int, str]
Rows = Sequence[Sequence[Any]]

_POSTGRESQL = {
    "marks": """
SELECT id, revision FROM ca_partition WHERE id = ANY(%s::bigint[])
UNION ALL
SELECT -id, (EXTRACT(EPOCH FROM clock_offset) * 1000000)::bigint FROM ca_realm
 WHERE id = ANY(%s::bigint[]) AND halted_at IS NULL
""",
    "look": """
SELECT one.issuer_id, one.serial_number, one.generation_id, one.medium, one.status, one.cause,
       FLOOR(EXTRACT(EPOCH FROM COALESCE(one.revoked_at, one.changed_at)))::bigint, one.partition_id, area.revision
  FROM unnest(%s::bigint[], %s::text[]) AS asked (issuer, serial_number)
  JOIN ca_certificate AS one ON one.issuer_id = asked.issuer AND one.serial_number = asked.serial_number
  JOIN ca_partition AS area ON area.id = one.partition_id
UNION ALL
SELECT -id, '', 0, '', '', '', (EXTRACT(EPOCH FROM clock_offset) * 1000000)::bigint, 0, 0
  FROM ca_realm WHERE id = ANY(%s::bigint[]) AND halted_at IS NULL
""",
}
# CROSS JOIN: SQLite then reads in the order as written. It keeps instants as text, in UTC, intervals as microseconds.
_SQLITE = {
    "marks": """
SELECT id, revision FROM ca_partition WHERE id IN (SELECT value FROM json_each(%s))
UNION ALL
SELECT -id, clock_offset FROM ca_realm WHERE id IN (SELECT value FROM json_each(%s)) AND halted_at IS NULL
""",
    "look": """
SELECT one.issuer_id, one.serial_number, one.generation_id, one.medium, one.status, one.cause,
       CAST(strftime('%%s', COALESCE(one.revoked_at, one.changed_at)) AS INTEGER), one.partition_id, area.revision
  FROM json_each(%s) AS issuer
  CROSS JOIN json_each(%s) AS asked ON asked.key = issuer.key
  CROSS JOIN ca_certificate AS one ON one.issuer_id = issuer.value AND one.serial_number = asked.value
  CROSS JOIN ca_partition AS area ON area.id = one.partition_id
UNION ALL
SELECT -id, '', 0, '', '', '', clock_offset, 0, 0 FROM ca_realm
 WHERE id IN (SELECT value FROM json_each(%s)) AND halted_at IS NULL
""",
}
STATEMENTS: Mapping[str, Mapping[str, str]] = {"postgresql": _POSTGRESQL, "sqlite": _SQLITE}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be read: a statement's name, and its parameters, a list each."""

    name: str
    lists: tuple[Sequence[Any], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A certificate's status and since when."""

    generation: int  # its id
    medium: str
    status: str
    cause: str
    since: int  # seconds since 1970
    mark: Mark


@dataclass(frozen=True, slots=True)
class Look:
    """What was read at one moment."""

    offsets: Mapping[int, int]  # realm's id -> its clock's offset, microseconds; without those that are halted
    standings: Mapping[Name, Standing]  # without those that were never issued


def reading_of_marks(ids: Iterable[int]) -> Reading:
    """Return what reads the marks of these ids."""
    partitions: list[int] = []
    realms: list[int] = []
    for one in ids:
        (partitions if one > 0 else realms).append(abs(one))
    return Reading("marks", (partitions, realms))


def marks(rows: Rows) -> dict[int, int]:
    """Return what was read of marks: number by id."""
    return {int(one): int(number) for one, number in rows}


def reading_of_look(names: Iterable[Name], realms: Iterable[int]) -> Reading:
    """Return what reads the standings of certificates, and the clocks of realms."""
    asked = list(names)
    return Reading("look", ([issuer for issuer, _ in asked], [serial for _, serial in asked], list(realms)))


def seen(rows: Rows) -> Look:
    """Return what was read in a look."""
    offsets: dict[int, int] = {}
    standings: dict[Name, Standing] = {}
    for issuer, serial_number, generation, medium, status, cause, moment, partition, revision in rows:
        if int(issuer) < 0:
            offsets[-int(issuer)] = int(moment)
        else:
            mark = (int(partition), int(revision))
            standings[int(issuer), serial_number] = Standing(int(generation), medium, status, cause, int(moment), mark)
    return Look(offsets, standings)


def read(reading: Reading) -> Rows:
    """Read through Django. Raises the database's errors."""
    with connection.cursor() as cursor:
        cursor.execute(*statement(reading))
        rows: Rows = cursor.fetchall()
        return rows


def statement(reading: Reading) -> tuple[str, list[Any]]:
    """Return the statement and its parameters for Django's connection."""
    values = [list(one) if connection.vendor == "postgresql" else json.dumps(one) for one in reading.lists]
    return STATEMENTS[connection.vendor][reading.name], values


def hold(kept: Iterable[Mark]) -> bool:
    """Tell whether the marks stand now as they did. Raises the database's errors."""
    wanted = dict(kept)
    return marks(read(reading_of_marks(wanted))) == wanted
