"""The watch over the journal: what is new soon, what is old in rounds, and what it found stays until it is verified."""

from typing import Any

import pytest
from django.core.management import call_command

from ca import journal, seals, watching
from ca.journal import BrokenLink
from ca.models import JournalEntry, JournalHead, JournalWatch, Realm


@pytest.fixture
def written(db: None, settings: Any) -> Realm:
    """Return a realm with ten entries in its journal, of which the watch walks four at a time."""
    settings.JOURNAL_WATCH_ENTRIES = 4
    realm = Realm.objects.create(slug="watched", name="watched")
    for number in range(10):
        journal.record(realm, "officer.decided", f"case {number}")
    return realm


def row(realm: Realm) -> JournalWatch:
    return JournalWatch.objects.get(realm=realm)


def test_it_comes_to_the_end_and_goes_round(written: Realm) -> None:
    for sequence, round_sequence in ((4, 0), (8, 4), (10, 8), (10, 0)):
        assert watching.watch(written) is None
        assert (row(written).sequence, row(written).round_sequence) == (sequence, round_sequence)
    # The first was a round of its own, over what there was then.
    assert row(written).rounds == 2


def test_a_changed_entry_is_found_when_it_is_new(written: Realm) -> None:
    JournalEntry.objects.filter(realm=written, sequence=3).update(subject="somebody else")
    assert watching.watch(written) == BrokenLink(3, "changed")
    assert (row(written).broken_sequence, row(written).broken_problem) == (3, "changed")


def test_a_change_of_the_past_is_found_by_the_round(written: Realm) -> None:
    for _ in range(4):
        watching.watch(written)
    JournalEntry.objects.filter(realm=written, sequence=7).update(data={"more": 1})
    found = [watching.watch(written) for _ in range(3)]
    assert BrokenLink(7, "changed") in found
    assert row(written).broken_sequence == 7


@pytest.mark.parametrize("most", [4, 100])
def test_an_end_that_was_cut_off_is_found(written: Realm, settings: Any, most: int) -> None:
    settings.JOURNAL_WATCH_ENTRIES = most
    for _ in range(4):
        watching.watch(written)
    JournalEntry.objects.filter(realm=written, sequence__gt=8).delete()
    kept = JournalEntry.objects.get(realm=written, sequence=8)
    JournalHead.objects.filter(realm=written).update(sequence=8, hash=kept.hash)
    assert watching.watch(written) == BrokenLink(9, "cut")


def test_a_head_that_says_more_than_there_is_is_found(written: Realm, settings: Any) -> None:
    settings.JOURNAL_WATCH_ENTRIES = 100
    JournalEntry.objects.filter(realm=written, sequence=10).delete()
    assert watching.watch(written) == BrokenLink(10, "cut")


@pytest.mark.django_db(transaction=True)
def test_a_chain_written_anew_is_found_where_the_watch_was(written: Realm, settings: Any) -> None:
    settings.JOURNAL_WATCH_ENTRIES = 100
    assert watching.watch(written) is None
    # By somebody who can compute hashes: the whole chain is consistent, and another.
    JournalEntry.objects.filter(realm=written).delete()
    JournalHead.objects.filter(realm=written).delete()
    for number in range(10):
        journal.record(written, "officer.decided", f"other {number}")
    assert journal.verify(written) is None
    assert watching.watch(written) == BrokenLink(10, "changed")


def test_what_was_found_stays_until_the_journal_is_verified_whole(
    written: Realm, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = JournalEntry.objects.filter(realm=written, sequence=2)
    entry.update(subject="somebody else")
    assert watching.watch(written)
    entry.update(subject="case 1")
    watching.watch(written)
    assert row(written).broken_sequence == 2
    call_command("verify_journal")
    assert "was noted as broken, and is no more" in capsys.readouterr().out
    assert row(written).broken_at is None
    assert watching.watch(written) is None


def test_a_forged_seal_is_found(written: Realm, settings: Any) -> None:
    settings.JOURNAL_WATCH_ENTRIES = 100
    sealed = seals.seal(written)
    assert sealed is not None
    assert watching.watch(written) is None
    type(sealed).objects.filter(pk=sealed.pk).update(signature=b"\0" * 256)
    assert watching.watch(written) == BrokenLink(sealed.sequence, "seal_forged")
