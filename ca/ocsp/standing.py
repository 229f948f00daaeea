"""Standings: what the database says of certificates now, for answers that are made and answers that are kept.

A status changes together with its partition's revision, in one transaction (`ca.revocation.touch`). So an answer that
was made at a revision is right as long as the partition has that revision and the realm's clock is not set anew: its
marks. Kept answers are given only after their marks were read, by a reading that began after the question came
(`ca.ocsp.gathering`): no answer is older than its question, in whatever process, and none needs to be told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection

from ca.ocsp.house import Issuer
from ca.profiles import Medium

# (id of a partition, its revision) or (-id of a realm, its clock's offset in microseconds)
Mark = tuple[int, int]

_LOOK = """
SELECT realm.clock_offset, one.serial_number, one.status, one.cause, one.revoked_at, one.changed_at,
       one.partition_id, area.revision
  FROM ca_realm AS realm
  LEFT JOIN ca_certificate AS one
         ON one.issuer_id = %s AND one.serial_number IN ({serials}) AND one.generation_id = %s AND one.medium = %s
  LEFT JOIN ca_partition AS area ON area.id = one.partition_id
 WHERE realm.id = %s
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A certificate's status and since when."""

    status: str
    cause: str
    since: datetime
    mark: Mark


@dataclass(frozen=True, slots=True)
class Look:
    """What was read at one moment, in one statement."""

    offset: timedelta  # of the realm's clock
    mark: Mark  # the realm's
    standings: Mapping[str, Standing]  # serial number -> standing; without those that were never issued


def look(realm: int, issuer: Issuer, medium: Medium, serial_numbers: Iterable[str]) -> Look:
    """Read a realm's clock and the standings of certificates of one generation. Raises the database's errors."""
    statement, parameters = statement_of_look(realm, issuer, medium, list(serial_numbers))
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    if not rows:
        raise LookupError(f"no realm {realm}")
    offset = _interval(rows[0][0])
    standings = {}
    for _, serial_number, status, cause, revoked_at, changed_at, partition, revision in rows:
        if serial_number is not None:
            since = _instant(revoked_at or changed_at)
            standings[serial_number] = Standing(status, cause, since, (partition, revision))
    return Look(offset, (-realm, offset // timedelta(microseconds=1)), standings)


def statement_of_look(realm: int, issuer: Issuer, medium: Medium, serial_numbers: list[str]) -> tuple[str, list[Any]]:
    """Return the statement and its parameters. The authority's id leads to the index; the generation's would not."""
    asked = serial_numbers or [""]
    return _look(len(asked)), [issuer.authority, *asked, issuer.pk, medium.value, realm]


@lru_cache(maxsize=64)
def _look(count: int) -> str:
    return _LOOK.format(serials=", ".join(["%s"] * count))


def hold(marks: Iterable[Mark]) -> bool:
    """Tell whether the marks stand now as they did. Raises the database's errors."""
    wanted = dict(marks)
    partitions, realms = split(wanted)
    statement = statement_of_marks(len(partitions), len(realms), connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("?", "%s"), partitions + realms)
        return dict(cursor.fetchall()) == wanted


def split(ids: Iterable[int]) -> tuple[list[int], list[int]]:
    """Return the ids of partitions and of realms among those of marks."""
    partitions: list[int] = []
    realms: list[int] = []
    for one in ids:
        (partitions if one > 0 else realms).append(abs(one))
    return partitions, realms


@lru_cache(maxsize=1024)
def statement_of_marks(partitions: int, realms: int, vendor: str) -> str:
    """Return the statement that reads so many marks, with ? for each id, partitions' first."""
    offset = "(EXTRACT(EPOCH FROM clock_offset) * 1000000)::bigint" if vendor == "postgresql" else "clock_offset"
    areas, clocks = (", ".join("?" * count) or "NULL" for count in (partitions, realms))
    return (
        f"SELECT id, revision FROM ca_partition WHERE id IN ({areas})"  # noqa: S608  (question marks)
        f" UNION ALL SELECT -id, {offset} FROM ca_realm WHERE id IN ({clocks})"
    )


def _instant(value: Any) -> datetime:
    # SQLite keeps instants as text, in UTC.
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _interval(value: Any) -> timedelta:
    # SQLite keeps intervals as microseconds.
    return timedelta(microseconds=value) if isinstance(value, int) else value
