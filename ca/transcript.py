"""The transcript: the journal once more, outside the database, written before any key of the authorities is used.

A database can go back: restored from a backup, failed over to a replica that lagged. What was signed meanwhile stays
signed, and the counters would give its numbers again. So whoever is about to use a key

1. has the intent committed in the journal, as ever, with its serial or CRL number;
2. finds in the database the entry that the transcript ends with. If it isn't there, the database has lost something
   that was signed: RecordsBehind, and the whole realm is halted until `manage.py resume` has put it right;
3. appends what the journal has got since, the intent among it, and has it on the disk. Then the key is used.

So each signature, each serial number and each CRL number stands in the transcript, and the journal's sealed heads do,
too. An entry is kept octet for octet as its hash covers it: the transcript proves itself.

Every host whose workers use keys writes to the same folders (JOURNAL_TRANSCRIPTS), at least one of which must not be
lost together with the database. In a folder each realm has a folder, with files named by the first sequence number in
them, a line of JSON for each entry.
"""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from ca import clock, journal
from ca.errors import AuthoritiesHalted, RecordsBehind, TranscriptBroken, TranscriptUnavailable
from ca.models import JournalEntry, JournalHead, JournalSeal, Realm

logger = logging.getLogger(__name__)

FILE_BYTES = 64 << 20
# A transcript that is begun for a realm that has lived before: so many entries are copied, or none.
_FROM_THE_BEGINNING = 10_000
_TAIL = 1 << 16
_AT_ONCE = 5000  # entries written together: a folder that was away may lack millions
SEALED = "journal.sealed"  # ca.seals, which stands above


@dataclass(frozen=True)
class Mark:
    """A place in a chain: the sequence number of an entry, and its hash."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"


@dataclass(frozen=True)
class Line:
    """One line: an entry as it was written, with its seal where it tells of one; or where a transcript goes on from."""

    mark: Mark
    entry: dict[str, Any] | None = None
    seal: dict[str, Any] | None = None


def folders() -> list[Path]:
    """Return where transcripts are kept; none where none are."""
    return [Path(one) for one in settings.JOURNAL_TRANSCRIPTS]


def keep(realm: Realm) -> None:
    """Bring the realm's transcripts up to what is committed, so that keys may be used. Call it outside a transaction.

    Raises AuthoritiesHalted, RecordsBehind, TranscriptUnavailable: then no key may be used.
    """
    require_running(realm)
    for folder in folders():
        try:
            with _held(folder / realm.slug) as place:
                _append(realm, place)
        except OSError as error:
            raise TranscriptUnavailable(f"the transcript in {folder} can't be written: {error.strerror}") from error
        except RecordsBehind:
            halt(realm)
            raise


def require_running(realm: Realm) -> None:
    """Refuse while the realm is halted. Raises AuthoritiesHalted.

    Asked before an intent is recorded, too: what a halted realm's journal gets is in the way of what it has lost.
    """
    if Realm.objects.filter(pk=realm.pk, halted_at__isnull=False).exists():
        raise AuthoritiesHalted(
            f"{realm.slug} is halted: manage.py resume --realm {realm.slug} says what is to be done"
        )


def halt(realm: Realm) -> bool:
    """Stop every use of the realm's keys and every OCSP answer, on all hosts; False where it was halted already."""
    halted = Realm.objects.filter(pk=realm.pk, halted_at=None).update(halted_at=clock.machine())
    if halted:
        logger.critical("%s is halted: its records are older than what was signed", realm.slug)
    return bool(halted)


def begin(realm: Realm, at: Mark) -> None:
    """Let the realm's transcripts go on from a place that is not, or not yet, in them. Raises TranscriptUnavailable."""
    for folder in folders():
        try:
            with _held(folder / realm.slug) as place:
                _write(
                    place, at.sequence + 1, [_dumps({"begun": {"sequence": at.sequence, "hash": at.hash}})], new=True
                )
        except OSError as error:
            raise TranscriptUnavailable(f"the transcript in {folder} can't be written: {error.strerror}") from error


# --- Reading ----------------------------------------------------------------------------------------------------------
def newest(folder: Path, realm: Realm) -> Mark | None:
    """Return where the realm's transcript in a folder ends; None where there is none. Raises TranscriptBroken."""
    place = folder / realm.slug
    line = _last(place) if place.is_dir() else None
    return line.mark if line is not None else None


def backwards(folder: Path, realm: Realm) -> Iterator[Line]:
    """Give the realm's lines in a folder, the newest first. Raises TranscriptBroken."""
    place = folder / realm.slug
    for path in reversed(_files(place)):
        for octets in reversed(path.read_bytes().split(b"\n")):
            if octets:
                yield _read(octets, realm, path)


def _read(octets: bytes, realm: Realm, path: Path) -> Line:
    try:
        found = json.loads(octets)
        if "begun" in found:
            return Line(Mark(found["begun"]["sequence"], found["begun"]["hash"]))
        text = journal.encoded(found["entry"])
        line = Line(Mark(found["entry"]["sequence"], found["hash"]), found["entry"], found.get("seal"))
        whole = hashlib.sha256(text.encode()).hexdigest() == found["hash"] and found["entry"]["realm"] == realm.slug
    except (ValueError, KeyError, TypeError) as error:
        raise TranscriptBroken(f"{path} has a line that can't be read") from error
    if not whole:
        raise TranscriptBroken(f"{path}: entry {line.mark.sequence} was changed")
    return line


# --- Writing ----------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def _held(place: Path) -> Iterator[Path]:
    """Hold the realm's folder, made where there is none: one writer at a time, on whatever host."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield place


def _append(realm: Realm, place: Path) -> None:
    last = _last(place)
    if last is None:
        head = JournalHead.objects.filter(realm=realm).first()
        if head is None:
            return  # nothing has happened, and nothing is about to be signed
        begun = Mark(0, journal.GENESIS) if head.sequence <= _FROM_THE_BEGINNING else Mark(head.sequence, head.hash)
        _write(
            place, begun.sequence + 1, [_dumps({"begun": {"sequence": begun.sequence, "hash": begun.hash}})], new=True
        )
        last = Line(begun)
    mark = last.mark
    while (written := _append_after(realm, place, mark)) is not None:
        mark = written


def _append_after(realm: Realm, place: Path, mark: Mark) -> Mark | None:
    """Write what the journal has after a mark, so many at once; return the last, or None where nothing is left."""
    # One query: the entry that must be there, and those that came after it.
    after = JournalEntry.objects.filter(realm=realm, sequence__gte=mark.sequence).order_by("sequence")
    entries = list(after[: _AT_ONCE + 1])
    if mark.sequence:
        if not entries or (entries[0].sequence, entries[0].hash) != (mark.sequence, mark.hash):
            raise RecordsBehind(
                f"{realm.slug}: the transcript ends with entry {mark}, and the journal doesn't have it: this database "
                "is older than what was signed, or another"
            )
        del entries[0]
    if not entries:
        return None
    for before, entry in zip([mark.sequence, *(one.sequence for one in entries)], entries, strict=False):
        if entry.sequence != before + 1:
            raise RecordsBehind(f"{realm.slug}: the journal has no entry {before + 1}")
    seals = _seals(realm, entries)
    _write(place, entries[0].sequence, [_line(realm, entry, seals.get(entry.sequence)) for entry in entries])
    return Mark(entries[-1].sequence, entries[-1].hash) if len(entries) >= _AT_ONCE else None


def _line(realm: Realm, entry: JournalEntry, seal: JournalSeal | None) -> str:
    told = ""
    if seal is not None:
        row = {"sequence": seal.sequence, "hash": seal.hash, "at": seal.at.isoformat(), "root": seal.root}
        row |= {"public_key": bytes(seal.public_key).hex(), "signature": bytes(seal.signature).hex()}
        told = f',"seal":{_dumps(row)}'
    return f'{{"entry":{journal.text(entry, realm.slug)},"hash":"{entry.hash}"{told}}}'


def _seals(realm: Realm, entries: Iterable[JournalEntry]) -> dict[int, JournalSeal]:
    """Return by an entry's sequence the seal that it tells of."""
    told = {entry.data.get("sequence"): entry.sequence for entry in entries if entry.kind == SEALED}
    if not told:
        return {}
    return {told[one.sequence]: one for one in JournalSeal.objects.filter(realm=realm, sequence__in=list(told))}


def _files(place: Path) -> list[Path]:
    # Asked for each use of a key: Path.glob takes ten times as long.
    names = os.listdir(place) if place.is_dir() else []
    return [place / name for name in sorted(names) if name.endswith(".jsonl")]


def _last(place: Path) -> Line | None:
    """Return the last whole line. Half a line is what a crash left: no key was used on it, and it is cut off."""
    for path in reversed(_files(place)):
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            whole, reach = size, _TAIL
            while size:
                begin = max(0, size - reach)
                file.seek(begin)
                tail = file.read(size - begin)
                whole = begin + tail.rfind(b"\n") + 1
                lines = tail[: whole - begin].split(b"\n")[:-1]
                if len(lines) > 1 or (lines and begin == 0):
                    if whole < size:
                        file.truncate(whole)
                    found = json.loads(lines[-1])
                    if "begun" in found:
                        return Line(Mark(found["begun"]["sequence"], found["begun"]["hash"]))
                    return Line(Mark(found["entry"]["sequence"], found["hash"]))
                if begin == 0:
                    file.truncate(0)
                    break
                reach *= 4
        path.unlink()  # nothing whole in it
    return None


def _write(place: Path, first: int, lines: list[str], *, new: bool = False) -> None:
    """Append lines, and return when they are on the disk."""
    files = _files(place)
    # A file of a transcript that goes on from elsewhere comes after all others, whatever its first number.
    number = max(first, int(files[-1].name.split(".")[0]) + 1) if files else first
    if new or not files or files[-1].stat().st_size > FILE_BYTES:
        path, made = place / f"{number:020}.jsonl", True
    else:
        path, made = files[-1], False
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        content = "".join(f"{line}\n" for line in lines).encode()
        while content:
            content = content[os.write(descriptor, content) :]
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    if made:
        folder = os.open(place, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
