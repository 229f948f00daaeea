"""The journal: what the authorities did, a chain of hashes per realm that shows any change of the past.

Each entry's hash covers its content and the hash before it. It is written inside the caller's transaction, so that it
stands if and only if the deed does. Nobody changes or removes an entry.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from ca import bulk, clock
from ca.models import JournalEntry, JournalHead, Realm

GENESIS = "0" * 64
_COLUMNS = ("realm_id", "sequence", "at", "kind", "subject", "data", "previous_hash", "hash")
_TAKE = "UPDATE ca_journalhead SET sequence = sequence WHERE realm_id = %s RETURNING sequence, hash"
_MOVE = "UPDATE ca_journalhead SET sequence = %s, hash = %s WHERE realm_id = %s"
_PLAIN = {str, int, bool, type(None)}
_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True)
class BrokenLink:
    """The first entry of a realm's chain that does not hold."""

    sequence: int
    problem: str  # missing, inserted, changed, unchained, cut


@dataclass(frozen=True)
class Happening:
    """One entry to be written."""

    kind: str
    subject: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class _Turn:
    """The turn as this transaction has it, and where it left the chain.

    It is kept among what the transaction does at its commit: Django drops it from there when the transaction, or the
    savepoint in which it was taken or moved, goes back; and then the database is asked again.
    """

    realm_id: int
    sequence: int
    last: str

    def __call__(self) -> None:
        """Do nothing at the commit: nobody has the turn any more."""


def take(realm: Realm) -> None:
    """Take the realm's turn to write, until the caller's transaction ends; taken already, it costs nothing.

    Every change of a certificate's status takes it first, before any other row: so changes of one realm happen one
    after the other, and no two of them can wait for each other.
    """
    _take(realm)


def _take(realm: Realm) -> tuple[int, str]:
    ours = _ours(realm)
    if ours is not None:
        return ours.sequence, ours.last
    # Writing the head first takes its row on PostgreSQL and the database on SQLite: what it returns is what the last
    # writer left. A read before the write could be overtaken.
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [realm.pk])
        head = cursor.fetchone()
        if head is None:
            JournalHead.objects.get_or_create(realm=realm, defaults={"hash": GENESIS})
            cursor.execute(_TAKE, [realm.pk])
            head = cursor.fetchone()
    sequence, last = head
    _remember(_Turn(realm.pk, sequence, last))
    return sequence, last


def retake(realm: Realm) -> None:
    """Read anew where the chain ends, for who moved it by other means, holding the turn (`ca.restoring`)."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [realm.pk])
        sequence, last = cursor.fetchone()
    _remember(_Turn(realm.pk, sequence, last))


def _ours(realm: Realm) -> _Turn | None:
    kept: list[Any] = connection.run_on_commit  # (savepoints, what is done, whether it may fail)
    turns = (done for _, done, _ in reversed(kept) if isinstance(done, _Turn))
    return next((turn for turn in turns if turn.realm_id == realm.pk), None)


def _remember(turn: _Turn) -> None:
    if connection.in_atomic_block:
        transaction.on_commit(turn)


def record(realm: Realm, kind: str, subject: str, **data: Any) -> None:
    """Append one entry. `data` is JSON without fractions: text, whole numbers, truth values, lists and tables."""
    record_all(realm, [Happening(kind, subject, data)])


def record_all(realm: Realm, happenings: Iterable[Happening]) -> None:
    """Append entries in one go, in their order."""
    happenings = list(happenings)
    for happening in happenings:
        _require_exact(happening.data)
    # No savepoint: an entry that can't be written takes the deed with it.
    with transaction.atomic(savepoint=False):
        sequence, last = _take(realm)
        at = clock.now(realm)
        instant = _json(_instant(at))
        slug = _json(realm.slug)
        entries = []
        for happening in happenings:
            sequence += 1
            data = _json(happening.data)
            chained = _digest(slug, sequence, instant, happening.kind, happening.subject, data, last)
            entries.append((realm.pk, sequence, at, happening.kind, happening.subject, data, last, chained))
            last = chained
        bulk.insert_rows(JournalEntry, _COLUMNS, entries)
        with connection.cursor() as cursor:
            cursor.execute(_MOVE, [sequence, last, realm.pk])
        _remember(_Turn(realm.pk, sequence, last))
        if settings.JOURNAL_OBSERVER:
            import_string(settings.JOURNAL_OBSERVER)(realm, happenings)


@dataclass(frozen=True)
class Walked:
    """How far a walk along a chain came: the last entry that holds, and what is wrong with the next, if it was met."""

    sequence: int
    hash: str
    broken: BrokenLink | None = None


def walk(realm: Realm, *, after: int = 0, last: str = GENESIS, most: int | None = None) -> Walked:
    """Walk the realm's chain from the entry behind `after`, whose hash is `last`; `most` entries, or to the end."""
    sequence, previous = after, last
    entries = JournalEntry.objects.filter(realm=realm, sequence__gt=after).order_by("sequence", "pk")
    for entry in entries[:most].iterator(chunk_size=2000):
        problem = _problem(entry, realm, sequence + 1, previous)
        if problem is not None:
            return Walked(sequence, previous, BrokenLink(sequence + 1, problem))
        sequence, previous = entry.sequence, entry.hash
    return Walked(sequence, previous)


def _problem(entry: JournalEntry, realm: Realm, sequence: int, previous: str) -> str | None:
    if entry.sequence != sequence:
        return "missing" if entry.sequence > sequence else "inserted"
    if entry.hash != _hash(entry, realm.slug):
        return "changed"
    return None if entry.previous_hash == previous else "unchained"


def verify(realm: Realm) -> BrokenLink | None:
    """Walk the realm's chain from its beginning; return the first link that does not hold, or None."""
    walked = walk(realm)
    if walked.broken is not None:
        return walked.broken
    head = JournalHead.objects.filter(realm=realm).first()
    if head is None:
        return BrokenLink(1, "cut") if walked.sequence else None
    if (head.sequence, head.hash) != (walked.sequence, walked.hash):
        return BrokenLink(min(head.sequence, walked.sequence) + 1, "cut")
    return None


def text(entry: JournalEntry, realm: str) -> str:
    """Return what an entry's hash is the SHA-256 of (in UTF-8): all that it says; `realm` is the slug."""
    at, data = _json(_instant(entry.at)), _json(entry.data)
    return _text(_json(realm), entry.sequence, at, entry.kind, entry.subject, data, entry.previous_hash)


def encoded(entry: Mapping[str, Any]) -> str:
    """Return the same text from what it says, as JSON reads it."""
    return _json(entry)


def _hash(entry: JournalEntry, realm: str) -> str:
    return hashlib.sha256(text(entry, realm).encode()).hexdigest()


def _digest(realm: str, sequence: int, at: str, kind: str, subject: str, data: str, previous: str) -> str:
    return hashlib.sha256(_text(realm, sequence, at, kind, subject, data, previous).encode()).hexdigest()


def _text(realm: str, sequence: int, at: str, kind: str, subject: str, data: str, previous: str) -> str:
    # One JSON object, its names in order. Realm, instant and `data` are JSON already: the first two are the same in
    # many entries, the last is what the database keeps, too.
    return (
        f'{{"at":{at},"data":{data},"kind":{_json(kind)},"previous":{_json(previous)},'
        f'"realm":{realm},"sequence":{sequence},"subject":{_json(subject)}}}'
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _require_exact(value: Any) -> None:
    # Databases keep fractions their own way (1.0 becomes 1), and the hash would no longer match.
    if type(value) is dict and set(map(type, value)) <= {str} and set(map(type, value.values())) <= _PLAIN:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"journal: the name {key!r} is not text")
            _require_exact(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _require_exact(inner)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"journal: {value!r} can't be kept exactly")
