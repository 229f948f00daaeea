"""The tree over the journal: every entry of every size can be shown in it, by a path as short as RFC 6962 says."""

import hashlib
import math
from functools import cache
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ca import journal, seals, tree
from ca.models import JournalEntry, JournalHead, JournalNode, JournalSeal, Realm
from ca.seals import BrokenSeal


@pytest.fixture
def realm(db: None) -> Realm:
    return Realm.objects.create(slug="wood", name="wood")


def write(realm: Realm, count: int) -> None:
    """Append rows that are no real entries: only their hashes matter to the tree."""
    begin = JournalEntry.objects.filter(realm=realm).count()
    JournalEntry.objects.bulk_create(
        JournalEntry(
            realm=realm,
            sequence=number,
            at="2026-11-27T00:00:00Z",
            kind="x",
            subject="x",
            data={},
            previous_hash="",
            hash=entry(number).hex(),
        )
        for number in range(begin + 1, begin + count + 1)
    )


@cache
def entry(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest()


def by_the_book(first: int, last: int) -> bytes:
    """RFC 6962 2.1, word for word, over entries first+1 to last."""
    if last - first == 1:
        return hashlib.sha256(b"\0" + entry(last)).digest()
    k = 1
    while k * 2 < last - first:
        k *= 2
    return hashlib.sha256(b"\1" + by_the_book(first, first + k) + by_the_book(first + k, last)).digest()


SIZES = (1, 2, 3, 7, 255, 256, 257, 511, 513, 700, 65_536 + 300)


def test_roots_and_paths_are_those_of_the_book(realm: Realm) -> None:
    for size in SIZES:
        write(realm, size - JournalEntry.objects.filter(realm=realm).count())
        root = tree.root(realm, size)
        assert root == by_the_book(0, size)
        for sequence in sorted({1, 2, size // 2 + 1, 256, 257, size - 1, size} & set(range(1, size + 1))):
            path = tree.path(realm, sequence, size)
            assert len(path) <= math.ceil(math.log2(size)) if size > 1 else not path
            assert tree.climb(tree.leaf(entry(sequence)), sequence, size, path) == root
            assert tree.climb(tree.leaf(entry(sequence + 1)), sequence, size, path) != root
            assert tree.climb(tree.leaf(entry(sequence)), sequence, size, [*path, root]) is None
            if path:
                assert tree.climb(tree.leaf(entry(sequence)), sequence, size, path[:-1]) is None
    assert tree.roots(realm, SIZES) == {size: by_the_book(0, size).hex() for size in SIZES}
    assert JournalNode.objects.filter(realm=realm).count() == 257 + 1


def test_an_old_tree_is_still_there_when_it_has_grown(realm: Realm) -> None:
    write(realm, 1000)
    tree.root(realm, 1000)
    assert tree.climb(tree.leaf(entry(5)), 5, 300, tree.path(realm, 5, 300)) == by_the_book(0, 300)


def test_a_path_reads_few_rows(realm: Realm) -> None:
    write(realm, 2000)
    tree.root(realm, 2000)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        tree.path(realm, 700, 2000)
    assert len(queries) <= 4


def test_a_missing_entry_makes_no_tree(realm: Realm) -> None:
    write(realm, 300)
    JournalEntry.objects.filter(realm=realm, sequence=17).delete()
    with pytest.raises(tree.TreeBroken):
        tree.root(realm, 300)


def test_a_seal_signs_the_root_and_a_node_changed_by_hand_is_found(realm: Realm) -> None:
    for number in range(300):
        journal.record(realm, "officer.decided", str(number))
    first = seals.seal(realm)
    assert first is not None
    assert first.root == tree.roots(realm, [first.sequence])[first.sequence]
    assert seals.verify(realm) is None
    JournalNode.objects.filter(realm=realm).update(hash="00" * 32)
    journal.record(realm, "officer.decided", "one more")
    second = seals.seal(realm)
    assert second is not None
    assert seals.verify(realm) == BrokenSeal(second.sequence, "root_differs")


def test_a_root_exchanged_in_a_seal_is_a_forgery(realm: Realm) -> None:
    journal.record(realm, "officer.decided", "1")
    assert seals.seal(realm) is not None
    for root in ("", "00" * 32):
        JournalSeal.objects.filter(realm=realm).update(root=root)
        assert seals.verify(realm) == BrokenSeal(2, "forged")


def test_seals_from_before_there_were_trees_still_hold(realm: Realm, monkeypatch: Any) -> None:
    journal.record(realm, "officer.decided", "1")
    with monkeypatch.context() as old:
        old.setattr(seals, "_root", lambda *_: "")
        assert seals.seal(realm) is not None
    journal.record(realm, "officer.decided", "2")
    assert seals.seal(realm) is not None
    assert seals.verify(realm) is None
    assert [bool(one.root) for one in JournalSeal.objects.order_by("sequence")] == [False, True]


def test_what_the_text_of_an_entry_hashes_to_is_its_hash(realm: Realm) -> None:
    journal.record(realm, "officer.decided", "件 1", text="可とする", parts=["a", None, True])
    row = JournalEntry.objects.get(realm=realm)
    assert hashlib.sha256(journal.text(row, realm.slug).encode()).hexdigest() == row.hash
    assert JournalHead.objects.get(realm=realm).hash == row.hash
