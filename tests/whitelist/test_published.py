"""The register, signed, with the history of each entry and its proof; checked by a stranger's tool and by openssl."""

import base64
import hashlib
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from django.test import Client, override_settings

from ca import clock, journal, seals
from ca.errors import KeysUnavailable
from ca.models import JournalEntry, JournalSeal, Realm
from tests.ca.fixtures import make_realm
from tests.whitelist.relying_parties import make_bank
from whitelist.cases import states
from whitelist.models import MinisterialCertification, PurposeOfUse, RegisterRecord, RegisterStatement, RelyingParty
from whitelist.published import contents, proof, records, statement, tasks

TOOL = Path(__file__).parents[2] / "whitelist/static/register/verify_register.py"
OFFICER = "officer-yamada"


@pytest.fixture
def bank(realm: Realm) -> RelyingParty:
    """Return a bank that an officer has registered, and whose register is signed."""
    bank = make_bank(realm, state=RelyingParty.State.DRAFT)
    states.move_entry(bank, "register", by=OFFICER)
    assert statement.sign(realm) is not None
    return bank


def payload(realm: Realm) -> Any:
    row = RegisterStatement.objects.filter(realm=realm).latest("number")
    key = jwt.PyJWK.from_dict(statement.jwks(realm)["keys"][0])
    return jwt.decode(row.jws, key, algorithms=["RS256"])


def events(bank: RelyingParty) -> list[str]:
    return [step.record.event for step in records.history(bank)]


def test_the_register_is_signed_with_the_journals_key(bank: RelyingParty) -> None:
    said = payload(bank.realm)
    assert [one["client_id"] for one in said["entries"]] == ["test-bank"]
    assert said["exp"] - said["iat"] == 24 * 3600
    seal = JournalSeal.objects.latest("sequence")
    assert said["journal"] == {"sequence": seal.sequence, "root": seal.root}
    row = RegisterStatement.objects.get()
    assert bytes(row.public_key) == bytes(seal.public_key)
    key = statement.jwks(bank.realm)["keys"][0]
    assert (key["kid"], key["spki_sha256"]) == (row.key_id, seals.fingerprint(bytes(seal.public_key)))
    assert seals.verify(bank.realm) is None


def test_without_the_authorities_keys_nothing_is_signed(bank: RelyingParty) -> None:
    states.move_entry(bank, "suspend", by=OFFICER)
    with override_settings(CA_KEYS_PASSPHRASE=None):
        with pytest.raises(KeysUnavailable):
            statement.sign(bank.realm)
        assert tasks.sign_registers() == 0
    found = statement.newest(bank.realm)
    assert found is not None
    assert (found.behind, found.stale) == (True, False)


def test_it_is_signed_anew_when_something_changed_or_when_it_is_due(bank: RelyingParty, settings: Any) -> None:
    assert tasks.sign_registers() == 0
    states.move_entry(bank, "suspend", by=OFFICER)
    assert tasks.sign_register(bank.realm_id)
    said = payload(bank.realm)
    assert (said["entries"], said["not_in_force"][0]["state"]) == ([], "suspended")
    assert not tasks.sign_register(bank.realm_id)
    settings.REGISTER_SIGN_SECONDS = 0
    assert tasks.sign_registers() == 1
    assert [row.number for row in RegisterStatement.objects.all()] == [1, 2, 3]
    assert JournalEntry.objects.filter(kind="register.signed").count() == 2, "what only comes again says nothing new"


def test_a_realm_without_entries_has_nothing_to_sign(realm: Realm) -> None:
    make_bank(realm, state=RelyingParty.State.DRAFT)
    assert statement.sign(realm) is None
    assert not RegisterRecord.objects.exists()


def test_old_registers_go(bank: RelyingParty, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement, "KEPT", 2)
    settings.REGISTER_SIGN_SECONDS = 0
    for _ in range(3):
        assert statement.sign(bank.realm)
    assert [row.number for row in RegisterStatement.objects.all()] == [3, 4]


def test_the_last_day_of_an_entry_ends_it_in_the_signed_register_too(bank: RelyingParty) -> None:
    today = clock.today(bank.realm)
    RelyingParty.objects.update(valid_until=today)
    assert statement.sign(bank.realm)
    assert payload(bank.realm)["entries"]
    Realm.objects.update(clock_offset=timedelta(days=2))
    realm = Realm.objects.get(pk=bank.realm_id)
    assert statement.sign(realm)
    assert payload(realm)["not_in_force"][0]["state"] == "expired"


# --- history


def test_each_arrow_leaves_a_record_with_what_changed_and_no_persons_name(bank: RelyingParty) -> None:
    states.move_entry(bank, "suspend", by=OFFICER, reason="調査のため")
    states.move_entry(bank, "lift", by=OFFICER)
    PurposeOfUse.objects.filter(relying_party=bank, purpose="signature").update(text_ja="新しい目的")
    records.note(bank, "changed")
    states.move_entry(bank, "expire", by=OFFICER)
    states.move_entry(bank, "register", by=OFFICER)
    states.move_entry(bank, "remove", by=OFFICER)
    assert events(bank) == ["removed", "registered", "expired", "changed", "lifted", "suspended", "registered"]
    changed = records.history(bank)[3].changes
    assert [one.part for one in changed] == ["purposes"]
    assert changed[0].after["signature"]["ja"] == "新しい目的"
    published = [
        journal.text(one, "test") for one in JournalEntry.objects.filter(kind__in=[records.KIND, records.VEIL])
    ]
    published += RegisterRecord.objects.values_list("content", flat=True)
    assert not [one for one in published if OFFICER in one or "調査" in one]


def test_what_was_changed_without_a_word_is_noted_by_the_worker(bank: RelyingParty) -> None:
    MinisterialCertification.objects.update(withdrawn_at=clock.now(bank.realm))
    assert records.catch_up(bank.realm) == 1
    assert records.catch_up(bank.realm) == 0
    RelyingParty.objects.update(state=RelyingParty.State.SUSPENDED)
    records.catch_up(bank.realm)
    RelyingParty.objects.update(state=RelyingParty.State.REGISTERED)
    records.catch_up(bank.realm)
    RelyingParty.objects.update(state=RelyingParty.State.REMOVED)
    records.catch_up(bank.realm)
    assert events(bank) == ["removed", "lifted", "suspended", "changed", "registered"]


def test_an_entry_that_was_registered_before_there_were_records_gets_one(realm: Realm) -> None:
    bank = make_bank(realm)
    assert statement.sign(realm) is not None
    assert events(bank) == ["registered"]


def test_no_realm_records_anothers_entries(bank: RelyingParty) -> None:
    other = make_realm("other")
    assert records.catch_up(other) == 0
    assert statement.sign(other) is None


def test_a_content_is_one_text_to_the_octet(bank: RelyingParty) -> None:
    text = contents.text(contents.rows().get(pk=bank.pk))
    assert text == contents.canonical(json.loads(text))
    assert RegisterRecord.objects.get().digest == hashlib.sha256(text.encode()).hexdigest()


def test_after_a_record_stands_what_nobody_can_guess(bank: RelyingParty) -> None:
    record = RegisterRecord.objects.get()
    after = JournalEntry.objects.get(realm=bank.realm, sequence=record.sequence + 1)
    assert (after.kind, len(after.data["nonce"])) == (records.VEIL, 64)


# --- a stranger's look


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(TOOL), "--keys", "jwks.json", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def folder(bank: RelyingParty, tmp_path: Path) -> Path:
    """Return a folder with what a stranger fetched: keys, register, and the proof of the newest record."""
    client = Client()
    for name, address in (
        ("jwks.json", "/register/jwks.json?realm=test"),
        ("register.jws", "/register/register.jws?realm=test"),
        ("proof.json", records_address(bank)),
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        (tmp_path / name).write_bytes(answer.content)
    return tmp_path


def records_address(bank: RelyingParty) -> str:
    return f"/register/{bank.client_id}/records/{RegisterRecord.objects.latest('sequence').sequence}/proof.json"


def change(folder: Path, name: str, alter: Any) -> None:
    found = json.loads((folder / name).read_text())
    alter(found)
    (folder / name).write_text(json.dumps(found))


def test_a_stranger_verifies_register_and_proof(folder: Path) -> None:
    mark = json.loads((folder / "jwks.json").read_text())["keys"][0]["spki_sha256"]
    code, told = run(folder, "--trust", mark, "--register", "register.jws", "--proof", "proof.json")
    assert code == 0, told
    assert "test-bank registered at" in told
    assert "stands in the register with exactly this content" in told
    code, told = run(folder, "--trust", "00" * 32, "--register", "register.jws")
    assert (code, "fingerprint" in told) == (1, True)


def test_openssl_verifies_what_was_signed(folder: Path) -> None:
    code, told = run(folder, "--register", "register.jws", "--proof", "proof.json", "--openssl", "out")
    assert code == 0
    commands = [line for line in told.splitlines() if line.startswith("openssl ")]
    assert len(commands) == 2
    for command in commands:
        done = subprocess.run(command.split(), cwd=folder / "out", capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "Verified OK\n")


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (lambda one: one["entry"].update(text=one["entry"]["text"].replace("registered", "suspended")), "path"),
        (lambda one: one.update(content=one["content"].replace("Test Bank", "Evil Bank")), "content"),
        (lambda one: one.update(client_id="evil-bank"), "no record of this client"),
        (lambda one: one["path"].pop(), "path"),
        (lambda one: one["path"].append("00" * 32), "path"),
        (lambda one: one["seal"].update(root="00" * 32), "seal says something else"),
        (
            lambda one: one["seal"].update(
                root="00" * 32, statement=one["seal"]["statement"].replace(one["seal"]["root"], "00" * 32)
            ),
            "signature doesn't hold",
        ),
        (lambda one: one["seal"].update(kid="another"), "not among the keys"),
        (lambda one: one.update(format="x"), "format"),
        (lambda one: one.pop("seal"), "can't be read"),
    ],
)
def test_a_proof_that_was_touched_is_found(folder: Path, alter: Any, told: str) -> None:
    change(folder, "proof.json", alter)
    code, said = run(folder, "--proof", "proof.json")
    assert code == 1, said
    assert told in said


def test_a_register_that_was_touched_or_is_stale_is_found(folder: Path) -> None:
    head, body, signature = (folder / "register.jws").read_text().split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    said["entries"] = []
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    (folder / "forged.jws").write_text(f"{head}.{forged}.{signature}")
    assert "signature doesn't hold" in run(folder, "--register", "forged.jws")[1]
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    (folder / "forged.jws").write_text(f"{none}.{body}.")
    assert run(folder, "--register", "forged.jws")[0] == 1


def test_a_register_whose_time_is_over_is_said_to_be(bank: RelyingParty, tmp_path: Path, settings: Any) -> None:
    settings.REGISTER_SIGN_SECONDS, settings.REGISTER_VALIDITY_SECONDS = 0, -1
    row = statement.sign(bank.realm)
    assert row is not None
    (tmp_path / "register.jws").write_text(row.jws)
    (tmp_path / "jwks.json").write_text(json.dumps(statement.jwks(bank.realm)))
    assert "stale" in run(tmp_path, "--register", "register.jws")[1]
    assert run(tmp_path, "--register", "register.jws", "--allow-stale")[0] == 0


def test_an_old_record_is_proved_as_well_and_its_place_is_told(bank: RelyingParty, folder: Path) -> None:
    PurposeOfUse.objects.update(text_en="Another purpose")
    records.note(bank, "changed")
    statement.sign(bank.realm)
    (folder / "register.jws").write_text(RegisterStatement.objects.latest("number").jws)
    code, told = run(folder, "--register", "register.jws", "--proof", "proof.json")
    assert (code, "this record is not its newest" in told) == (0, True)


def test_before_the_next_seal_there_is_no_proof(bank: RelyingParty) -> None:
    record = records.note(bank, "changed")
    assert proof.of(record) is None
    assert seals.seal(bank.realm)
    assert proof.of(record) is not None


def test_a_proof_shows_no_other_entry(bank: RelyingParty) -> None:
    for number in range(300):
        journal.record(bank.realm, "helpdesk.searched", f"secret {number}")
    record = records.note(bank, "changed")
    seals.seal(bank.realm)
    shown = json.dumps(proof.of(record))
    assert "secret" not in shown
    assert len(shown) < 6000
