"""The journal: append-only by its chain, which shows a changed, removed or inserted row."""

import contextlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from ca import clock, crl, journal, linkage, officers, revocation, seals
from ca.errors import CardCertificateNotValid
from ca.journal import BrokenLink
from ca.models import Holder, JournalEntry, JournalHead, Realm
from ca.revocation import Cause, Event
from tests.ca.fixtures import issue_all_four, issue_phone
from tests.ca.test_issuance import at_once


@pytest.fixture
def written(db: None) -> Realm:
    """Return a realm with five entries in its journal."""
    realm = Realm.objects.create(slug="written", name="written")
    for number in range(5):
        journal.record(
            realm, "officer.decided", f"case {number}", text="可とする", number=number, parts=["a", None, True]
        )
    return realm


def entry(realm: Realm, sequence: int) -> Any:
    return JournalEntry.objects.filter(realm=realm, sequence=sequence)


def test_a_whole_chain_verifies_and_an_empty_one_too(written: Realm) -> None:
    assert journal.verify(written) is None
    assert journal.verify(Realm.objects.create(slug="empty", name="empty")) is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "officer.erred"},
        {"subject": "case 9"},
        {"data": {"text": "否とする"}},
        {"hash": "0" * 64},
        {"at": "2020-01-01T00:00:00Z"},
        {"previous_hash": "0" * 64},
    ],
)
def test_a_changed_entry_is_found(written: Realm, change: dict[str, Any]) -> None:
    entry(written, 3).update(**change)
    assert journal.verify(written) == BrokenLink(3, "changed")


def test_an_entry_changed_with_its_own_hash_breaks_the_next_link(written: Realm) -> None:
    forged = entry(written, 3).get()
    forged.subject = "case 9"
    forged.hash = journal._hash(forged, written.slug)
    forged.save()
    assert journal.verify(written) == BrokenLink(4, "unchained")


def test_a_removed_entry_is_found(written: Realm) -> None:
    entry(written, 3).delete()
    assert journal.verify(written) == BrokenLink(3, "missing")


def test_a_removed_last_entry_is_found(written: Realm) -> None:
    entry(written, 5).delete()
    assert journal.verify(written) == BrokenLink(5, "cut")


def test_an_entry_moved_up_to_close_the_gap_is_found(written: Realm) -> None:
    entry(written, 3).delete()
    for sequence in (4, 5):
        entry(written, sequence).update(sequence=F("sequence") - 1)
    assert journal.verify(written) == BrokenLink(3, "changed")


def test_an_inserted_entry_is_found(written: Realm) -> None:
    inserted = entry(written, 5).get()
    inserted.pk, inserted.sequence, inserted.previous_hash = None, 6, inserted.hash
    inserted.hash = journal._hash(inserted, written.slug)
    inserted.save(force_insert=True)
    assert journal.verify(written) == BrokenLink(6, "cut")


def test_a_journal_whose_head_is_gone_is_found(written: Realm) -> None:
    JournalHead.objects.filter(realm=written).delete()
    assert journal.verify(written) == BrokenLink(1, "cut")


def test_an_entry_of_another_realm_does_not_pass(written: Realm) -> None:
    other = Realm.objects.create(slug="other", name="other")
    journal.record(other, "officer.decided", "case")
    JournalEntry.objects.filter(realm=other).update(realm=written, sequence=6)
    assert journal.verify(written) == BrokenLink(6, "changed")


@pytest.mark.parametrize("value", [1.5, {"inner": [0.1]}, object(), {1: "x"}, b"octets"])
def test_what_a_database_would_not_keep_exactly_is_refused(written: Realm, value: object) -> None:
    with pytest.raises(TypeError):
        journal.record(written, "officer.decided", "case", value=value)
    assert journal.verify(written) is None


@pytest.mark.django_db(transaction=True)
def test_entries_written_at_once_form_one_chain(written: Realm) -> None:
    def write(number: int) -> None:
        for step in range(5):
            journal.record(written, "officer.decided", f"thread {number}", step=step)

    results = at_once(*[lambda number=number: write(number) for number in range(8)])
    assert results == [None] * 8
    assert JournalEntry.objects.filter(realm=written).count() == 45
    assert journal.verify(written) is None


@pytest.mark.django_db(transaction=True)
def test_first_entries_written_at_once_form_one_chain() -> None:
    realm = Realm.objects.create(slug="fresh", name="fresh")
    results = at_once(*[lambda: journal.record(realm, "officer.decided", "first")] * 6)
    assert results == [None] * 6
    assert journal.verify(realm) is None


def test_the_command_says_whole_or_names_the_first_broken_link(
    written: Realm, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_journal")
    assert "written: 5 entries, whole" in capsys.readouterr().out
    entry(written, 2).update(kind="x")
    with pytest.raises(CommandError):
        call_command("verify_journal", "--realm", "written")
    assert "written: broken at entry 2: changed" in capsys.readouterr().err
    with pytest.raises(CommandError, match="no realm"):
        call_command("verify_journal", "--realm", "nowhere")


@pytest.mark.parametrize(("first", "second"), [(2, 3), (1, 5)])
def test_two_entries_that_changed_places_are_found(written: Realm, first: int, second: int) -> None:
    entry(written, first).update(sequence=-1)
    entry(written, second).update(sequence=first)
    entry(written, -1).update(sequence=second)
    assert journal.verify(written) == BrokenLink(first, "changed")


def test_a_tail_cut_with_the_head_put_back_shows_only_against_the_sealed_heads(written: Realm) -> None:
    # The chain by itself can't tell: test_seals has the heads, and what is kept outside the database.
    entry(written, 5).delete()
    last = entry(written, 4).get()
    JournalHead.objects.filter(realm=written).update(sequence=4, hash=last.hash)
    assert journal.verify(written) is None


def test_whatever_the_authorities_do_is_an_entry_of_a_kind_that_is_documented(
    realm: Realm, holder: Holder, settings: Any
) -> None:
    settings.LINKAGE_AT_ONCE = False
    card, other, phone, _ = issue_all_four(holder)
    now = clock.now(realm)
    officers.decide([phone], Event.HOLD, cause=Cause.LOSS, officer="佐藤", ground="届", now=now)
    officers.decide([phone], Event.RELEASE, officer="佐藤", ground="届", now=now)
    crl.publish(card.partition)
    revocation.hold(other, cause=Cause.LOSS, now=now)
    with pytest.raises(CardCertificateNotValid):
        issue_phone(other, key=12)
    revocation.revoke(card, cause=Cause.DEATH, now=now)
    linkage.sweep(realm)
    linkage.recheck(realm, now + timedelta(days=8))
    seals.seal(realm)
    kinds = list(JournalEntry.objects.filter(realm=realm).order_by("sequence").values_list("kind", flat=True))
    # Of the ceremony, for each of the two authorities: both keys, both certificates.
    for kind, count in {
        "key.created": 4,
        "authority.intended": 2,
        "authority.created": 2,
        "responder.created": 2,
    }.items():
        assert kinds.count(kind) == count, kind
    assert kinds.count("key.used") >= 4
    assert {
        *("issuance.intended", "certificate.issued", "issuance.refused"),
        *("officer.decided", "certificate.held", "certificate.released", "certificate.revoked"),
        *("crl.intended", "crl.published", "linkage.rechecked", "journal.key_created", "journal.sealed"),
    } <= set(kinds)
    documented = (Path(__file__).parents[2] / "docs" / "publication.md").read_text()
    assert [kind for kind in set(kinds) if f"`{kind}`" not in documented] == []
    assert journal.verify(realm) is None


@pytest.mark.django_db(transaction=True)
def test_the_turn_is_taken_once_a_transaction_and_anew_when_a_savepoint_went_back(realm: Realm) -> None:
    def asked(kind: str) -> int:
        """Record an entry; return how often the head was written: to leave it moved, and before to take the turn."""
        with CaptureQueriesContext(connection) as said:
            journal.record(realm, kind, "subject")
        return sum(query["sql"].startswith("UPDATE ca_journalhead") for query in said)

    with transaction.atomic():
        journal.take(realm)
        assert asked("first") == 1
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            journal.record(realm, "undone", "subject")
            _ = 1 // 0
        assert asked("second") == 1
        with transaction.atomic():
            assert asked("third") == 1
    assert asked("fourth") == 2, "another transaction asks the database"
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        journal.record(realm, "undone", "subject")
        _ = 1 // 0
    with transaction.atomic():
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            journal.record(realm, "undone", "subject")
            _ = 1 // 0
        assert asked("fifth") == 2, "taken in what went back, it is taken again"
    kinds = list(
        JournalEntry.objects.filter(realm=realm, subject="subject").order_by("pk").values_list("kind", flat=True)
    )
    assert kinds == ["first", "second", "third", "fourth", "fifth"]
    assert journal.verify(realm) is None
