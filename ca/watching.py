"""The watch over the journals: what was added is walked soon after, and all of it again and again in small steps.

`journal.verify` walks a chain from its beginning, which is an auditor's work: hours, where it has hundreds of millions
of entries. The watch remembers how far it came, outside the entries, so that a changed past is noticed without anybody
asking; whoever can change the watch's row as well is found by the seals and by what is kept elsewhere (`ca.seals`).
It needs no key.
"""

import logging
from dataclasses import dataclass

from django.conf import settings

from ca import clock, journal, seals
from ca.journal import BrokenLink
from ca.models import JournalEntry, JournalHead, JournalWatch, Realm

logger = logging.getLogger(__name__)


@dataclass
class _Marks:
    """Where both walks are; it becomes the watch's row."""

    sequence: int
    hash: str
    round_sequence: int
    round_hash: str
    rounds: int


def watch(realm: Realm) -> BrokenLink | None:
    """Walk what is new and a piece of what is old, each JOURNAL_WATCH_ENTRIES at most; return what is broken, or None.

    Two at once do the same work twice and no harm.
    """
    begun, _ = JournalWatch.objects.get_or_create(
        realm=realm,
        defaults={"hash": journal.GENESIS, "round_hash": journal.GENESIS, "looked_at": clock.machine()},
    )
    marks = _Marks(begun.sequence, begun.hash, begun.round_sequence, begun.round_hash, begun.rounds)
    broken = _new(realm, marks) or _old(realm, marks) or _sealed(realm)
    found = {}
    if broken is not None:
        logger.error("%s: the journal is broken at entry %d: %s", realm.slug, broken.sequence, broken.problem)
        if begun.broken_at is None:
            found = {
                "broken_sequence": broken.sequence,
                "broken_problem": broken.problem,
                "broken_at": clock.machine(),
            }
    JournalWatch.objects.filter(pk=begun.pk, sequence=begun.sequence, round_sequence=begun.round_sequence).update(
        looked_at=clock.machine(), **vars(marks), **found
    )
    return broken


def settle(realm: Realm) -> bool:
    """Forget what was found broken: the whole journal was verified since, and holds. False where nothing was."""
    found = JournalWatch.objects.filter(realm=realm).exclude(broken_at=None)
    if not found.exists():
        return False  # so whoever may only read can verify a journal that was never found broken
    # From the beginning: the marks may be those of what was there before it was mended.
    return bool(
        found.update(
            broken_sequence=None,
            broken_problem="",
            broken_at=None,
            sequence=0,
            hash=journal.GENESIS,
            round_sequence=0,
            round_hash=journal.GENESIS,
        )
    )


def _new(realm: Realm, marks: _Marks) -> BrokenLink | None:
    # The head first: what is written while we walk is the next walk's.
    head = JournalHead.objects.filter(realm=realm).first()
    end = head.sequence if head is not None else 0
    if end < marks.sequence:
        return BrokenLink(end + 1, "cut")
    if marks.sequence and not _stands(realm, marks.sequence, marks.hash):
        return BrokenLink(marks.sequence, "changed")
    most = min(end - marks.sequence, settings.JOURNAL_WATCH_ENTRIES)
    if not most:
        return None
    walked = journal.walk(realm, after=marks.sequence, last=marks.hash, most=most)
    if walked.broken is not None:
        return walked.broken
    if walked.sequence < marks.sequence + most:
        return BrokenLink(walked.sequence + 1, "cut")
    marks.sequence, marks.hash = walked.sequence, walked.hash
    if head is not None and walked.sequence == end and walked.hash != head.hash:
        return BrokenLink(end, "changed")
    return None


def _old(realm: Realm, marks: _Marks) -> BrokenLink | None:
    most = min(marks.sequence - marks.round_sequence, settings.JOURNAL_WATCH_ENTRIES)
    walked = journal.walk(realm, after=marks.round_sequence, last=marks.round_hash, most=most)
    if walked.broken is not None:
        return walked.broken
    if walked.sequence < marks.round_sequence + most:
        return BrokenLink(walked.sequence + 1, "missing")
    marks.round_sequence, marks.round_hash = walked.sequence, walked.hash
    if walked.sequence >= marks.sequence:
        if walked.sequence == marks.sequence and walked.hash != marks.hash:
            return BrokenLink(walked.sequence, "changed")
        marks.round_sequence, marks.round_hash, marks.rounds = 0, journal.GENESIS, marks.rounds + 1
    return None


def _sealed(realm: Realm) -> BrokenLink | None:
    broken = seals.verify_newest(realm)
    return BrokenLink(broken.sequence, f"seal_{broken.problem}"[:32]) if broken is not None else None


def _stands(realm: Realm, sequence: int, hash_: str) -> bool:
    return JournalEntry.objects.filter(realm=realm, sequence=sequence, hash=hash_).exists()
