"""The journal's heads, signed: a chain computed anew, a cut tail, a replaced or removed head are found."""

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from django.core.management import CommandError, call_command
from django.test import override_settings

from ca import assembly, journal, seals, tasks
from ca.errors import KeysUnavailable
from ca.models import JournalEntry, JournalHead, JournalSeal, Realm
from ca.seals import BrokenSeal


@pytest.fixture
def sealed(db: None) -> Realm:
    """Return a realm whose journal is: key created, three decisions, head signed, three decisions, head signed."""
    realm = Realm.objects.create(slug="sealed", name="sealed")
    for turn in range(2):
        for number in range(3):
            journal.record(realm, "officer.decided", f"case {turn}{number}", text="可")
        assert seals.seal(realm) is not None
    return realm


def sequences(realm: Realm) -> list[int]:
    return list(JournalSeal.objects.filter(realm=realm).order_by("sequence").values_list("sequence", flat=True))


def chain_anew(realm: Realm) -> None:
    """Compute the whole chain anew, as one could who can write the database and has no key."""
    sequence, previous = 0, journal.GENESIS
    for entry in JournalEntry.objects.filter(realm=realm).order_by("sequence"):
        sequence += 1
        entry.sequence, entry.previous_hash = sequence, previous
        entry.hash = previous = journal._hash(entry, realm.slug)
        JournalEntry.objects.filter(pk=entry.pk).update(sequence=-sequence)
        entry.save()
    JournalHead.objects.filter(realm=realm).update(sequence=sequence, hash=previous)
    assert journal.verify(realm) is None


def test_what_was_sealed_verifies_and_an_idle_journal_is_not_sealed_again(sealed: Realm) -> None:
    assert (journal.verify(sealed), seals.verify(sealed)) == (None, None)
    assert len(sequences(sealed)) == 2
    assert seals.seal(sealed) is None
    assert tasks.seal_journals() == 0
    journal.record(sealed, "officer.decided", "one more")
    assert tasks.seal_journals() == 1
    assert seals.verify(sealed) is None
    assert JournalEntry.objects.filter(realm=sealed, kind=seals.KEY_CREATED).count() == 1


def test_the_head_is_signed_where_the_keys_are_and_nowhere_else(sealed: Realm) -> None:
    journal.record(sealed, "officer.decided", "one more")
    with override_settings(CA_KEYS_PASSPHRASE=None), pytest.raises(KeysUnavailable):
        seals.seal(sealed)


def test_a_changed_entry_is_found_though_the_chain_was_computed_anew(sealed: Realm) -> None:
    JournalEntry.objects.filter(realm=sealed, sequence=2).update(subject="another case")
    assert journal.verify(sealed) == journal.BrokenLink(2, "changed")
    chain_anew(sealed)
    assert seals.verify(sealed) == BrokenSeal(sequences(sealed)[0], "entry_differs")


def test_a_removed_and_an_inserted_entry_are_found_though_the_chain_was_computed_anew(sealed: Realm) -> None:
    removed = JournalEntry.objects.get(realm=sealed, sequence=2)
    removed.delete()
    chain_anew(sealed)
    assert seals.verify(sealed) == BrokenSeal(sequences(sealed)[0], "entry_differs")
    for entry in JournalEntry.objects.filter(realm=sealed, sequence__gte=2).order_by("-sequence"):
        JournalEntry.objects.filter(pk=entry.pk).update(sequence=entry.sequence + 1)
    removed.pk, removed.subject = None, "never happened"
    removed.save(force_insert=True)
    chain_anew(sealed)
    assert seals.verify(sealed) == BrokenSeal(sequences(sealed)[0], "entry_differs")


def test_a_cut_tail_is_found(sealed: Realm) -> None:
    newest = sequences(sealed)[-1]
    # Back to before the newest seal, and before the entry that it signs.
    JournalEntry.objects.filter(realm=sealed, sequence__gte=newest).delete()
    chain_anew(sealed)
    assert seals.verify(sealed) == BrokenSeal(newest, "entry_missing")


def test_a_cut_after_the_sealed_entry_is_found(sealed: Realm) -> None:
    newest = sequences(sealed)[-1]
    JournalEntry.objects.filter(realm=sealed, sequence__gt=newest).delete()
    chain_anew(sealed)
    assert seals.verify(sealed) == BrokenSeal(newest, "cut")


def test_a_tail_cut_with_its_seals_is_found_by_what_was_kept_elsewhere(sealed: Realm) -> None:
    newest = JournalSeal.objects.filter(realm=sealed).latest("sequence")
    kept = (newest.sequence, newest.hash)
    assert seals.verify(sealed, remembered=kept) is None
    JournalEntry.objects.filter(realm=sealed, sequence__gte=newest.sequence).delete()
    newest.delete()
    chain_anew(sealed)
    assert seals.verify(sealed) is None
    assert seals.verify(sealed, remembered=kept) == BrokenSeal(kept[0], "cut")


def test_a_removed_seal_is_missed(sealed: Realm) -> None:
    first = sequences(sealed)[0]
    JournalSeal.objects.filter(realm=sealed, sequence=first).delete()
    assert seals.verify(sealed) == BrokenSeal(first, "seal_missing")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"signature": b"\0" * 256}, "forged"),
        ({"hash": "0" * 64}, "forged"),
        ({"at": "2020-01-01T00:00:00Z"}, "forged"),
        ({"public_key": b"no key"}, "key_unknown"),
    ],
)
def test_a_changed_seal_is_found(sealed: Realm, change: dict[str, Any], problem: str) -> None:
    first = sequences(sealed)[0]
    JournalSeal.objects.filter(realm=sealed, sequence=first).update(**change)
    assert seals.verify(sealed) == BrokenSeal(first, problem)


def test_a_head_replaced_with_a_key_of_ones_own_is_found(sealed: Realm) -> None:
    genuine = seals.fingerprint(bytes(JournalSeal.objects.filter(realm=sealed)[0].public_key))
    key = assembly.throw_away_key()
    own = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for one in JournalSeal.objects.filter(realm=sealed):
        statement = seals.statement(one)
        one.signature = key.sign(statement, padding.PKCS1v15(), hashes.SHA256())
        one.public_key = own
        one.save()
    first = sequences(sealed)[0]
    assert seals.verify(sealed) == BrokenSeal(first, "key_unknown")
    # Announced in a chain that was computed anew, it still isn't the key that the auditor wrote down.
    created = JournalEntry.objects.get(realm=sealed, kind=seals.KEY_CREATED)
    created.data["fingerprint"] = seals.fingerprint(own)
    created.save()
    chain_anew(sealed)
    assert seals.verify(sealed, expected=genuine) == BrokenSeal(first, "key_unexpected")


def test_the_command_names_the_head_and_takes_what_was_kept(sealed: Realm, capsys: pytest.CaptureFixture[str]) -> None:
    newest = JournalSeal.objects.filter(realm=sealed).latest("sequence")
    mark = seals.fingerprint(bytes(newest.public_key))
    call_command(
        "verify_journal", "--realm", "sealed", "--key", mark, "--remembered", f"{newest.sequence}:{newest.hash}"
    )
    assert f"sealed: newest signed head {newest.sequence}:{newest.hash}, key {mark}" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("verify_journal", "--realm", "sealed", "--key", "00" * 32)
    assert f"broken at the signed head {sequences(sealed)[0]}: key_unexpected" in capsys.readouterr().err
    with pytest.raises(CommandError, match="name it with --realm"):
        call_command("verify_journal", "--key", mark)
    JournalSeal.objects.filter(pk=newest.pk).delete()
    with pytest.raises(CommandError):
        call_command("verify_journal")
    assert f"broken at the signed head {newest.sequence}: seal_missing" in capsys.readouterr().err


def test_entries_that_changed_places_are_found_though_the_chain_was_computed_anew(sealed: Realm) -> None:
    for before, after in ((1, -1), (2, 1), (-1, 2)):
        JournalEntry.objects.filter(realm=sealed, sequence=before).update(sequence=after)
    assert journal.verify(sealed) == journal.BrokenLink(1, "changed")
    chain_anew(sealed)
    assert seals.verify(sealed) == BrokenSeal(sequences(sealed)[0], "entry_differs")


def test_a_tail_cut_before_it_was_sealed_is_found_at_the_head_that_was(sealed: Realm) -> None:
    # Everything after the first seal's own entry goes, with the newest seal: the seal's row stays behind, or is missed.
    first, newest = sequences(sealed)
    JournalEntry.objects.filter(realm=sealed, sequence__gt=first + 1).delete()
    chain_anew(sealed)
    assert seals.verify(sealed) == BrokenSeal(newest, "entry_missing")
