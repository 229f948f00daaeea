"""What the transcript has and the journal hasn't, and what follows from it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ca import transcript
from ca.errors import RestoreRefused, TranscriptBroken
from ca.models import JournalEntry, JournalHead, Realm
from ca.transcript import Line, Mark

_AT_ONCE = 500
# Whose subjects are serial numbers that an authority was about to sign under.
_NUMBERED = {"issuance.intended", "authority.intended", "responder.intended"}
STATUSES = {"certificate.activated", "certificate.held", "certificate.released", "certificate.revoked"}
RESTORED = "records.restored"


@dataclass(frozen=True)
class Lost:
    """What came after the last entry that transcript and journal have in common."""

    since: Mark  # that entry; 0 where the transcript knows the realm from its beginning and the database nothing of it
    lines: Sequence[Line]  # all that came after it, oldest first, with places where a transcript went on from elsewhere
    chain: Sequence[Line]  # of these, what follows from `since` without a gap to the transcript's end
    diverged: bool  # the database has entries of its own after `since`
    head: Mark  # the journal's


def find(realm: Realm) -> Lost | None:
    """Return what the realm's journal lacks; None where no transcript reaches back to it.

    Nothing is lost where `lines` is empty. Raises RestoreRefused when two transcripts contradict each other, or one was
    changed; OSError when one can't be read.
    """
    head = JournalHead.objects.filter(realm=realm).first()
    at = Mark(head.sequence, head.hash) if head is not None else Mark(0, "")
    found: dict[str, Lost] = {}
    for folder in transcript.folders():
        try:
            lost = _after(realm, list_until_known(realm, transcript.backwards(folder, realm)), at)
        except TranscriptBroken as error:
            raise RestoreRefused(str(error)) from error
        if lost is not None:
            found[str(folder)] = lost
    longest = max(found.values(), key=lambda one: len(one.lines), default=None)
    for name, one in found.items():
        assert longest is not None  # noqa: S101  (there is at least this one)
        if list(longest.lines[: len(one.lines)]) != list(one.lines) or one.since != longest.since:
            raise RestoreRefused(f"{realm.slug}: the transcript in {name} contradicts another: one was changed")
    return longest


def list_until_known(realm: Realm, lines: Iterator[Line]) -> list[Line] | None:
    """Return, oldest first, the last line whose entry the journal has and those after it; None where it has none."""
    taken: list[Line] = []
    while some := list(islice(lines, _AT_ONCE)):
        wanted = {line.mark.sequence for line in some}
        entries = JournalEntry.objects.filter(realm=realm, sequence__in=wanted)
        known = set(entries.values_list("sequence", "hash"))
        for line in some:
            taken.append(line)
            # A place to go on from (no entry) may lie in the middle: what was before it may be lost all the same.
            if line.entry is not None and (line.mark.sequence, line.mark.hash) in known:
                return taken[::-1]
    # To its beginning: it is known from there if the journal has that place, or it is the journal's own beginning.
    if taken and taken[-1].entry is None:
        start = taken[-1].mark
        if (
            start.sequence == 0
            or JournalEntry.objects.filter(realm=realm, sequence=start.sequence, hash=start.hash).exists()
        ):
            return taken[::-1]
    return None


def _after(realm: Realm, lines: list[Line] | None, head: Mark) -> Lost | None:
    if lines is None:
        return None
    since, rest = lines[0].mark, lines[1:]
    chain: list[Line] = []
    for line in rest:
        if line.entry is None:
            # It went on from here: what it had after this place was left.
            kept = [one for one in chain if one.mark.sequence <= line.mark.sequence]
            if (kept[-1].mark if kept else since) != line.mark:
                raise RestoreRefused(f"{realm.slug}: the transcript goes on from {line.mark}, which it doesn't have")
            chain = kept
            continue
        before = chain[-1].mark if chain else since
        if line.mark.sequence != before.sequence + 1 or (before.sequence and line.entry["previous"] != before.hash):
            raise RestoreRefused(f"{realm.slug}: the transcript has a gap before entry {line.mark.sequence}")
        chain.append(line)
    entries = tuple(line for line in rest if line.entry is not None)
    return Lost(since, entries, tuple(chain), head.sequence > since.sequence, head)


@dataclass
class Effects:
    """What lost entries say of the world: numbers that are taken, and what became of certificates."""

    serial_numbers: dict[str, int] = field(default_factory=dict)  # purpose -> the highest that may have been signed
    crl_numbers: dict[str, int] = field(default_factory=dict)  # purpose -> the highest
    # (purpose, serial number) -> what the last entry about its status says
    statuses: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    # (purpose, serial number) -> what the journal said when it was, or was about to be, issued
    issued: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    others: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)  # what people have to look at


# What of the rest somebody has to do again: what it gave, or took away, is as it was.
_LOOKED_AT = (
    "authority.created", "responder.created", "responder.renewed", "key.created", "journal.key_created",
    "credential.", "officer.", "register.entry", "enrolment.",
)  # fmt: skip


def effects(lines: Iterable[Line]) -> Effects:
    """Return what lost entries say, in their order."""
    found = Effects()
    for line in lines:
        if line.entry is not None:
            _add(found, line.entry)
    return found


def _add(found: Effects, entry: Mapping[str, Any]) -> None:
    kind, subject, data = entry["kind"], entry["subject"], entry["data"]
    found.kinds[kind] += 1
    if kind == "issuance.intended":
        # It may have been signed, also where nothing came after it: the last one's issue is in no transcript.
        found.issued.setdefault((data["purpose"], subject), data | {"status": "perhaps signed"})
    if kind in _NUMBERED:
        _raise(found.serial_numbers, data["purpose"], int(subject, 16))
    elif kind == "crl.intended":
        _raise(found.crl_numbers, subject.partition("/")[0], data["number"])
    elif kind == "certificate.issued":
        # The intent before it says where it is listed.
        found.issued[data["purpose"], subject] = found.issued.get((data["purpose"], subject), {}) | data
    elif kind in STATUSES:
        found.statuses[data["purpose"], subject] = data
    elif kind == RESTORED:
        for purpose, numbers in data["numbers"].items():
            _raise(found.serial_numbers, purpose, numbers["next_serial"] - 1)
            _raise(found.crl_numbers, purpose, numbers["crl_floor"])
    if kind.startswith(_LOOKED_AT):
        # Of an enrolment the last step says enough.
        key = ("enrolment", subject) if kind.startswith("enrolment.") else (kind, f"{subject} {entry['sequence']}")
        found.others[key] = entry


def _raise(numbers: dict[str, int], purpose: str, number: int) -> None:
    numbers[purpose] = max(number, numbers.get(purpose, 0))
