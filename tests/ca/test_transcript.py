"""The transcript outside the database: no key is used before it says so, nor when the database says less than it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from ca import ceremony, crl, issuance, journal, keys, ocsp, responders, seals, status, tasks, transcript
from ca.errors import AuthoritiesHalted, RecordsBehind, StatusUnknown, TranscriptBroken, TranscriptUnavailable
from ca.models import Certificate, Generation, Holder, Issuance, JournalEntry, Partition, Realm, ResponderKey
from ca.profiles import Medium, Purpose
from tests.ca.fixtures import issue_card, issue_phone


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """Keep transcripts in a folder of the test's own."""
    settings.JOURNAL_TRANSCRIPTS = [str(tmp_path / "transcripts")]
    return tmp_path / "transcripts"


@contextmanager
def lost() -> Iterator[None]:
    """Lose what is written inside, as a database does that goes back to a backup."""

    class Back(Exception):
        pass

    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # what commits inside may think that it is outermost
    try:
        with block:
            yield
            raise Back
    except Back:
        pass


def lines(folder: Path, realm: Realm) -> list[dict[str, Any]]:
    files = sorted((folder / realm.slug).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_before_a_certificate_is_signed_its_intent_is_in_the_transcript(
    folder: Path, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    store = keys.store()
    opened = store.open

    def watched(label: str) -> Any:
        kinds = {
            f"{one['entry']['kind']} {one['entry']['subject']}" for one in lines(folder, holder.realm) if "entry" in one
        }
        seen.append(kinds)
        return opened(label)

    monkeypatch.setattr(store, "open", watched)
    certificate = issue_card(holder)
    assert f"issuance.intended {certificate.serial_number}" in seen[-1]
    crl.publish(certificate.partition)
    intended = JournalEntry.objects.filter(kind="crl.intended").get()
    assert f"crl.intended {intended.subject}" in {
        f"{one['entry']['kind']} {one['entry']['subject']}" for one in lines(folder, holder.realm) if "entry" in one
    }


def test_it_holds_the_journal_octet_for_octet_and_proves_itself(folder: Path, holder: Holder) -> None:
    issue_card(holder)
    assert seals.seal(holder.realm) is not None
    transcript.keep(holder.realm)
    kept = [one for one in lines(folder, holder.realm) if "entry" in one]
    entries = list(JournalEntry.objects.filter(realm=holder.realm).order_by("sequence"))
    assert [one["hash"] for one in kept] == [entry.hash for entry in entries]
    assert [journal.encoded(one["entry"]) for one in kept] == [journal.text(one, holder.realm.slug) for one in entries]
    assert kept[-1]["seal"]["sequence"] == entries[-1].data["sequence"]
    file = next((folder / holder.realm.slug).glob("*.jsonl"))
    file.write_text(file.read_text().replace("certificate.issued", "certificate.issueD"))
    with pytest.raises(TranscriptBroken):
        list(transcript.backwards(folder, holder.realm))


def test_a_database_that_went_back_uses_no_key_and_halts(folder: Path, holder: Holder) -> None:
    issue_card(holder)
    with lost():
        later = issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
        number = later.serial_number
    with pytest.raises(RecordsBehind):
        issue_card(holder, Purpose.USER_AUTHENTICATION, key=2)
    row = Issuance.objects.get(state=Issuance.State.SIGNING)
    # It would have been the same number, for another key.
    assert (row.serial_number, row.certificate) == (number, None)
    holder.realm.refresh_from_db()
    assert holder.realm.halted_at is not None
    with pytest.raises(AuthoritiesHalted):
        issuance.issue(row.pk)


def test_a_replica_that_lagged_and_went_on_is_found_out_by_its_hash(folder: Path, holder: Holder) -> None:
    issue_card(holder)
    with lost():
        issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    for number in range(20):
        journal.record(holder.realm, "handoff.asked", str(number))
    with pytest.raises(RecordsBehind):
        seals.seal(holder.realm)


USES: dict[str, Callable[[Realm, Certificate], Any]] = {
    "certificate": lambda realm, one: issue_phone(one),
    "crl": lambda realm, one: crl.publish(Partition.objects.get(pk=one.partition_id)),
    "seal": lambda realm, one: seals.seal(realm),
    "journal_key": lambda realm, one: seals.signer(realm),
    "responder": lambda realm, one: responders.renew(
        ResponderKey.objects.filter(generation__authority__realm=realm)[0]
    ),
    "generation": lambda realm, one: ceremony.next_generation(realm, Purpose.SIGNATURE),
}


@pytest.mark.parametrize("use", USES)
def test_while_halted_no_key_is_used(folder: Path, holder: Holder, use: str, monkeypatch: pytest.MonkeyPatch) -> None:
    card = issue_card(holder)
    assert transcript.halt(holder.realm)
    assert not transcript.halt(holder.realm)
    signed: list[bytes] = []
    kind = type(keys.store().open(Generation.objects.filter(authority__realm=holder.realm)[0].key_label))
    monkeypatch.setattr(kind, "sign", lambda self, tbs: signed.append(tbs))
    journal.record(holder.realm, "handoff.asked", "something to seal")
    written = JournalEntry.objects.count()
    with pytest.raises(AuthoritiesHalted):
        USES[use](holder.realm, card)
    assert signed == []
    # Nor does the journal get an intent, which would stand where a lost entry belongs.
    assert JournalEntry.objects.count() == written


def test_while_halted_nothing_answers_for_the_authorities(holder: Holder) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp as x509_ocsp

    card = issue_card(holder)
    crl.publish(card.partition)
    own = x509.load_der_x509_certificate(bytes(card.der))
    issuer = x509.load_der_x509_certificate(bytes(card.generation.certificate))
    request = x509_ocsp.OCSPRequestBuilder().add_certificate(own, issuer, hashes.SHA1()).build()  # noqa: S303  (RFC 5019)
    asked = (Purpose.SIGNATURE, Medium.CARD, request.public_bytes(Encoding.DER))

    def answered() -> x509_ocsp.OCSPResponseStatus:
        return x509_ocsp.load_der_ocsp_response(ocsp.answer(card.realm, *asked)).response_status

    assert answered() is x509_ocsp.OCSPResponseStatus.SUCCESSFUL
    transcript.halt(card.realm)
    assert answered() is x509_ocsp.OCSPResponseStatus.TRY_LATER
    halted = Realm.objects.get(pk=card.realm_id)
    with pytest.raises(StatusUnknown):
        status.check_certificate(halted, bytes(card.der), now=card.not_before)


def test_half_a_line_that_a_crash_left_is_cut_off(folder: Path, holder: Holder) -> None:
    issue_card(holder)
    file = next((folder / holder.realm.slug).glob("*.jsonl"))
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"entry":{"at":"2026-')
    issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    assert file.read_bytes().startswith(whole)
    sequences = [one["entry"]["sequence"] for one in lines(folder, holder.realm) if "entry" in one]
    assert sequences == list(range(1, len(sequences) + 1))


def test_several_folders_all_have_it_and_one_that_is_away_stops_the_keys(
    settings: Any, tmp_path: Path, holder: Holder
) -> None:
    settings.JOURNAL_TRANSCRIPTS = [str(tmp_path / "here"), str(tmp_path / "there")]
    issue_card(holder)
    assert lines(tmp_path / "here", holder.realm) == lines(tmp_path / "there", holder.realm)
    (tmp_path / "file").touch()
    settings.JOURNAL_TRANSCRIPTS = [str(tmp_path / "here"), str(tmp_path / "file" / "there")]
    with pytest.raises(TranscriptUnavailable):
        issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    # The mount is back: the request waited in its row.
    settings.JOURNAL_TRANSCRIPTS = [str(tmp_path / "here"), str(tmp_path / "there")]
    tasks.issue([Issuance.objects.get(certificate=None).pk])
    assert not Issuance.objects.filter(certificate=None).exists()


def test_files_are_begun_anew_when_they_are_large(
    folder: Path, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "FILE_BYTES", 2000)
    for number, purpose in enumerate(Purpose):
        issue_card(holder, purpose, key=number)
        journal.record(holder.realm, "handoff.asked", "long", text="あ" * 40_000)
        transcript.keep(holder.realm)
    files = sorted((folder / holder.realm.slug).glob("*.jsonl"))
    assert len(files) > 1
    kept = list(transcript.backwards(folder, holder.realm))
    entries = JournalEntry.objects.filter(realm=holder.realm).order_by("-sequence").values_list("sequence", flat=True)
    assert [line.mark.sequence for line in kept if line.entry] == list(entries)


def test_a_folder_that_lacks_much_gets_it_piece_by_piece_and_without_a_gap(
    folder: Path, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "_AT_ONCE", 3)
    read: list[int] = []
    write = transcript._write

    def watched(place: Path, first: int, lines: list[str], **more: Any) -> None:
        read.append(len(lines))
        write(place, first, lines, **more)

    journal.record_all(holder.realm, [journal.Happening("test.noted", str(number), {}) for number in range(10)])
    monkeypatch.setattr(transcript, "_write", watched)
    transcript.keep(holder.realm)
    assert max(read) <= 4, "three after the one that must be there"
    kept = [one["entry"]["sequence"] for one in lines(folder, holder.realm) if "entry" in one]
    assert kept == list(
        JournalEntry.objects.filter(realm=holder.realm).order_by("sequence").values_list("sequence", flat=True)
    )


def test_another_realm_goes_on(folder: Path, holder: Holder) -> None:
    other = Realm.objects.create(slug="other", name="other")
    journal.record(other, "handoff.asked", "something to seal")
    transcript.halt(holder.realm)
    assert seals.seal(other) is not None
