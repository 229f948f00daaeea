"""A tree of hashes over the journal's entries (as RFC 6962 2.1), whose root a seal signs.

By it one entry can be shown to stand in a sealed journal to somebody who is shown no other: the chain alone would take
every entry from it to the seal. A proof is as long as the logarithm of the journal.

Kept are the roots of full subtrees of 256, 65,536 … leaves; what lies between is computed from at most 256 of them.
"""

import hashlib
from collections.abc import Iterable, Sequence

from ca.models import JournalEntry, JournalNode, Realm

HEIGHT = 8  # levels from one kept row to the next
WIDTH = 1 << HEIGHT


class TreeBroken(Exception):
    """Say that an entry is missing, so that there is no tree."""


def leaf(entry_hash: bytes) -> bytes:
    """Return the hash of a leaf: an entry's hash in the chain."""
    return hashlib.sha256(b"\0" + entry_hash).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash over two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root(realm: Realm, size: int) -> bytes:
    """Return the root over the first `size` entries, at least one; keep what later roots need. Raises TreeBroken."""
    _grow(realm, size)
    return _Reader(realm).span(0, size)


def path(realm: Realm, sequence: int, size: int) -> list[bytes]:
    """Return the audit path of the entry `sequence` (1 to `size`) in the tree over the first `size` (RFC 6962 2.1.1).

    Raises TreeBroken.
    """
    reader, low, high, found = _Reader(realm), 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if sequence - 1 < middle:
            found.append(reader.span(middle, high))
            high = middle
        else:
            found.append(reader.span(low, middle))
            low = middle
    return found[::-1]


def climb(start: bytes, sequence: int, size: int, steps: Iterable[bytes]) -> bytes | None:
    """Return the root to which an audit path leads from a leaf's hash; None when it is too short or too long.

    RFC 9162 2.1.3.2.
    """
    at, last, reached = sequence - 1, size - 1, start
    for step in steps:
        if last == 0:
            return None
        if at & 1 or at == last:
            reached = node(step, reached)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            reached = node(reached, step)
        at, last = at >> 1, last >> 1
    return reached if last == 0 else None


def roots(realm: Realm, sizes: Iterable[int]) -> dict[int, str]:
    """Return the roots (hex) over the first entries, for each of `sizes`, read from the entries alone, in one walk."""
    wanted, found = set(sizes), {}
    peaks: list[tuple[int, bytes]] = []  # of full subtrees, from the left, with their numbers of leaves
    hashes = JournalEntry.objects.filter(realm=realm, sequence__lte=max(wanted, default=0)).order_by("sequence", "pk")
    for size, chained in enumerate(hashes.values_list("hash", flat=True).iterator(chunk_size=2000), start=1):
        width, reached = 1, leaf(bytes.fromhex(chained))
        while peaks and peaks[-1][0] == width:
            reached, width = node(peaks.pop()[1], reached), width * 2
        peaks.append((width, reached))
        if size in wanted:
            found[size] = _fold([one for _, one in peaks]).hex()
    return found


class _Reader:
    """The hashes of one tree, read in rows of 256."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        self._rows: dict[tuple[int, int], dict[int, bytes]] = {}

    def span(self, low: int, high: int) -> bytes:
        """Return the hash over the leaves from `low` until before `high`: a subtree, counted from 0."""
        size = high - low
        if size == 1:
            return self._kept(0, low)
        level = size.bit_length() - 1
        if level % HEIGHT == 0 and size == 1 << level:
            return self._kept(level, low >> level)
        middle = low + _split(size)
        return node(self.span(low, middle), self.span(middle, high))

    def _kept(self, level: int, index: int) -> bytes:
        row = (level, index >> HEIGHT)
        if row not in self._rows:
            self._rows[row] = _read(self._realm, level, row[1] << HEIGHT, (row[1] + 1) << HEIGHT)
        try:
            return self._rows[row][index]
        except KeyError:
            raise TreeBroken(f"level {level} of the tree has no {index}") from None


def _read(realm: Realm, level: int, low: int, high: int) -> dict[int, bytes]:
    if level == 0:
        entries = JournalEntry.objects.filter(realm=realm, sequence__gt=low, sequence__lte=high)
        return {at - 1: leaf(bytes.fromhex(one)) for at, one in entries.values_list("sequence", "hash")}
    nodes = JournalNode.objects.filter(realm=realm, level=level, index__gte=low, index__lt=high)
    return {at: bytes.fromhex(one) for at, one in nodes.values_list("index", "hash")}


def _grow(realm: Realm, size: int) -> None:
    """Keep the roots of full subtrees that aren't kept yet. Two at once write the same rows."""
    level = HEIGHT
    while size >> level:
        newest = JournalNode.objects.filter(realm=realm, level=level).order_by("-index").first()
        rows = []
        for index in range(newest.index + 1 if newest else 0, size >> level):
            low = index << HEIGHT
            below = _read(realm, level - HEIGHT, low, low + WIDTH)
            if len(below) != WIDTH:
                raise TreeBroken(f"level {level - HEIGHT} of the tree has gaps from {low}")
            reached = _full([below[at] for at in range(low, low + WIDTH)])
            rows.append(JournalNode(realm=realm, level=level, index=index, hash=reached.hex()))
        JournalNode.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
        level += HEIGHT


def _full(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over a full subtree, given those of one of its levels."""
    while len(hashes) > 1:
        hashes = [node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def _fold(peaks: list[bytes]) -> bytes:
    reached = peaks[-1]
    for peak in reversed(peaks[:-1]):
        reached = node(peak, reached)
    return reached


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
