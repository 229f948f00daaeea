"""The verification API: what verifiers are told of certificates and counterparts, and what is kept of it."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ca import clock, revocation
from ca.causes import Cause
from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from tests.ca.fixtures import issue_card, issue_phone, make_holder, make_realm
from tests.portal.verification.verifiers import Verifier, code
from tests.whitelist.relying_parties import make_bank, make_credential
from whitelist.models import Credential, PurposeOfUse, RelyingParty, VerificationLog
from whitelist.verification import tasks

pytestmark = pytest.mark.databases

Held = dict[tuple[Purpose, Medium], Certificate]
SIGNATURE, AUTHENTICATION = Purpose
CARD, PHONE = Medium
UNKNOWN = {"status": "unknown", "medium": None, "reason": None, "since": None, "valid_until": None}


@pytest.fixture
def verifier(credential: Credential) -> Verifier:
    return Verifier(credential)


def base64_of(*certificates: Certificate) -> list[str]:
    return [base64.b64encode(bytes(each.der)).decode() for each in certificates]


def without_number(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name != "serial_number"} for each in answers]


@pytest.mark.parametrize("purpose", Purpose)
def test_card_and_phone_are_told_by_number_and_by_octets_alike(
    verifier: Verifier, held: Held, purpose: Purpose
) -> None:
    card, phone = held[purpose, CARD], held[purpose, PHONE]
    by_number = verifier.status(card.serial_number, phone.serial_number.lower(), purpose=purpose)
    by_octets = verifier.post("verification/status", certificates=base64_of(card, phone), purpose=purpose)
    assert by_number.status_code == by_octets.status_code == 200
    assert by_number["Cache-Control"] == "no-store"
    answers = by_number.json()["answers"]
    assert answers == by_octets.json()["answers"]
    assert [(each["status"], each["medium"], each["serial_number"]) for each in answers] == [
        ("good", "card", card.serial_number),
        ("good", "phone", phone.serial_number),
    ]
    assert answers[0]["valid_until"] == card.not_after.isoformat()


@pytest.mark.parametrize(
    ("cause", "status", "reason"),
    [
        (Cause.DEATH, "revoked", "cessationOfOperation"),
        (Cause.ATTRIBUTES_CHANGED, "revoked", "affiliationChanged"),
        (Cause.KEY_COMPROMISE, "revoked", "keyCompromise"),
        (Cause.SUPERSEDED, "revoked", "superseded"),
        (Cause.LOSS, "on_hold", "certificateHold"),
    ],
)
def test_the_reason_is_told_by_its_rfc_5280_name_and_never_the_cause(
    verifier: Verifier, held: Held, cause: Cause, status: str, reason: str
) -> None:
    card = held[SIGNATURE, CARD]
    (revocation.hold if cause == Cause.LOSS else revocation.revoke)(card, cause=cause, now=clock.now(card.realm))
    card.refresh_from_db()
    for response in (
        verifier.status(card.serial_number),
        verifier.post("verification/status", certificates=base64_of(card)),
    ):
        told = response.json()["answers"][0]
        assert (told["status"], told["reason"]) == (status, reason)
        assert told["since"] == (card.revoked_at or card.changed_at).isoformat()
        assert str(cause) not in response.content.decode() or str(cause) == "superseded"


def test_what_waits_for_its_phone_is_on_hold_and_what_is_over_expired(
    verifier: Verifier, held: Held, realm: Realm
) -> None:
    pending = issue_phone(held[SIGNATURE, CARD], key=20, pending=True)
    assert verifier.status(pending.serial_number).json()["answers"][0]["reason"] == "certificateHold"
    card = held[SIGNATURE, CARD]
    Credential.objects.update(not_after=card.not_after + timedelta(days=999))
    RelyingParty.objects.get().ministerial_certifications.update(valid_until=card.not_after + timedelta(days=99))
    Realm.objects.filter(pk=realm.pk).update(clock_offset=card.not_after - clock.machine() + timedelta(days=1))
    verifier = Verifier(Credential.objects.get())
    for response in (
        verifier.status(card.serial_number),
        verifier.post("verification/status", certificates=base64_of(card)),
    ):
        assert response.json()["answers"][0]["status"] == "expired"


def test_of_another_realm_another_authority_or_nobody_all_is_unknown_alike(verifier: Verifier, held: Held) -> None:
    elsewhere = issue_card(make_holder(make_realm("other")))
    other_authority = held[AUTHENTICATION, PHONE]
    changed = bytearray(held[SIGNATURE, CARD].der)
    changed[-1] ^= 1
    octets = [*base64_of(elsewhere, other_authority), base64.b64encode(bytes(changed)).decode(), "MAA=", "AAAA"]
    answers = verifier.post("verification/status", certificates=octets).json()["answers"]
    assert without_number(answers) == [UNKNOWN] * 5
    Certificate.objects.filter(pk=elsewhere.pk).update(serial_number="7FFFFFF0")
    by_number = verifier.status("7FFFFFF0", "7FFFFFF1").json()["answers"]
    assert without_number(by_number) == [UNKNOWN] * 2
    for wanted in ("medium", "purpose"):
        told = verifier.counterparts(wanted, "7FFFFFF0", "7FFFFFF1").json()["answers"]
        assert [each["counterpart"] for each in told] == [None, None]


# --- Counterparts
@pytest.mark.parametrize("purpose", Purpose)
def test_the_phones_is_told_for_the_cards_and_the_other_way_round(
    verifier: Verifier, held: Held, purpose: Purpose
) -> None:
    card, phone = held[purpose, CARD], held[purpose, PHONE]
    told = verifier.counterparts("medium", card.serial_number, phone.serial_number, purpose=purpose).json()["answers"]
    assert [each["counterpart"] for each in told] == [
        {"serial_number": phone.serial_number, "purpose": purpose, "medium": "phone"},
        {"serial_number": card.serial_number, "purpose": purpose, "medium": "card"},
    ]


@pytest.mark.parametrize("medium", Medium)
def test_signature_and_authentication_belong_together_on_one_medium(
    verifier: Verifier, held: Held, medium: Medium
) -> None:
    signature, authentication = held[SIGNATURE, medium], held[AUTHENTICATION, medium]
    told = verifier.counterparts("purpose", signature.serial_number).json()["answers"][0]
    assert told["counterpart"] == {
        "serial_number": authentication.serial_number, "purpose": "user_authentication", "medium": medium,
    }  # fmt: skip
    back = verifier.counterparts("purpose", authentication.serial_number, purpose="user_authentication")
    assert back.json()["answers"][0]["counterpart"]["serial_number"] == signature.serial_number


def test_only_what_is_in_force_is_a_counterpart(verifier: Verifier, held: Held) -> None:
    card, phone = held[SIGNATURE, CARD], held[SIGNATURE, PHONE]

    def number(wanted: str, of: Certificate) -> str | None:
        told = verifier.counterparts(wanted, of.serial_number).json()["answers"][0]["counterpart"]
        return told["serial_number"] if told else None

    revocation.hold(phone, cause=Cause.LOSS, now=clock.now(card.realm))
    assert number("medium", card) == phone.serial_number
    pending = issue_phone(card, key=20, pending=True)
    assert number("medium", card) == phone.serial_number
    assert number("medium", pending) is None, "no phone has it in use yet"
    revocation.revoke(phone, cause=Cause.PHONE_USE_ENDED, now=clock.now(card.realm))
    assert number("medium", card) is None
    # Who knew the phone's number finds the card that it stood on.
    assert number("medium", phone) == card.serial_number
    revocation.revoke(held[AUTHENTICATION, CARD], cause=Cause.SUPERSEDED, now=clock.now(card.realm))
    assert number("purpose", card) is None
    renewed = issue_card(card.holder, AUTHENTICATION, key=30)
    assert number("purpose", card) == renewed.serial_number


def test_nobody_elses_certificates_are_mixed_in(verifier: Verifier, held: Held, realm: Realm) -> None:
    other = {(each.purpose, each.medium): each for each in _another(realm)}
    asked = [held[SIGNATURE, CARD], other["signature", "phone"], held[SIGNATURE, PHONE], other["signature", "card"]]
    told = verifier.counterparts("medium", *(each.serial_number for each in asked)).json()["answers"]
    assert [each["counterpart"]["serial_number"] for each in told] == [
        held[SIGNATURE, PHONE].serial_number, other["signature", "card"].serial_number,
        held[SIGNATURE, CARD].serial_number, other["signature", "phone"].serial_number,
    ]  # fmt: skip


def _another(realm: Realm) -> list[Certificate]:
    holder = make_holder(realm, name="秋山　楓")
    cards = [issue_card(holder, purpose, key=40 + number) for number, purpose in enumerate(Purpose)]
    return [*cards, *(issue_phone(card, key=50 + number) for number, card in enumerate(cards))]


# --- Who may
def test_each_purpose_is_for_who_is_registered_for_it(credential: Credential, held: Held) -> None:
    PurposeOfUse.objects.filter(purpose="signature").delete()
    verifier = Verifier(credential)
    number = held[AUTHENTICATION, CARD].serial_number
    refused = ("verification_refused", "purpose_not_registered")
    assert code(verifier.status(held[SIGNATURE, CARD].serial_number), 403) == refused
    assert code(verifier.counterparts("medium", held[SIGNATURE, CARD].serial_number), 403) == refused
    asked = {"purpose": "user_authentication", "check_purpose": "liveness_check"}
    assert verifier.status(number, **asked).status_code == 200
    assert verifier.counterparts("medium", number, **asked).status_code == 200
    # 18(5): only to who verifies both.
    assert code(verifier.counterparts("purpose", number, **asked), 403) == refused
    assert not VerificationLog.objects.filter(verdict="").exists()
    assert VerificationLog.objects.count() == 2, "what was refused was not answered"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "suspended"}, "suspended"),
        ({"state": "removed"}, "not_registered"),
        ({"state": "expired"}, "registration_expired"),
    ],
)
def test_whoever_is_out_of_the_register_asks_no_more_at_once(
    verifier: Verifier, held: Held, change: dict[str, str], reason: str
) -> None:
    number = held[SIGNATURE, CARD].serial_number
    assert verifier.status(number, key="once").status_code == 200
    RelyingParty.objects.update(**change)
    assert code(verifier.status(number), 403) == ("verification_refused", reason)
    # Nor is the old answer told again.
    assert code(verifier.status(number, key="once"), 403) == ("verification_refused", reason)


def test_without_the_ministers_certification_no_signature_is_verified(
    verifier: Verifier, held: Held, credential: Credential
) -> None:
    credential.relying_party.ministerial_certifications.all().delete()
    number = held[SIGNATURE, CARD].serial_number
    assert code(verifier.status(number), 403) == ("verification_refused", "ministerial_certification_missing")


def test_a_token_is_asked_for(client: Client, db: None) -> None:
    for path in ("status", "counterparts"):
        response = client.post(f"/api/v1/verification/{path}", {}, content_type="application/json")
        assert code(response, 401)[0] == "token_invalid"
    assert code(client.get("/api/v1/verification/log"), 401)[0] == "token_invalid"


# --- The form of it
@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"check_purpose": None}, "check_purpose"),
        ({"check_purpose": "marketing"}, "check_purpose"),
        ({"purpose": None}, "purpose"),
        ({"purpose": ["signature"]}, "purpose"),
        ({"serial_numbers": None}, "certificates"),
        ({"certificates": ["AAAA"]}, "certificates"),
        ({"serial_numbers": []}, "serial_numbers"),
        ({"serial_numbers": "0A"}, "serial_numbers"),
        ({"serial_numbers": ["0A", 5]}, "serial_numbers"),
        ({"serial_numbers": ["0A", "0x0A"]}, "serial_numbers"),
        ({"serial_numbers": ["F" * 41]}, "serial_numbers"),
        ({"serial_numbers": ["0A"] * 4}, "serial_numbers"),
        ({"serial_numbers": None, "certificates": ["?"]}, "certificates"),
        ({"serial_numbers": None, "certificates": ["A" * 20_000]}, "certificates"),
        ({"on_behalf_of": 5}, "on_behalf_of"),
        ({"on_behalf_of": "x" * 65}, "on_behalf_of"),
    ],
)
def test_a_question_that_is_none_names_the_member(
    verifier: Verifier, settings: Any, body: dict[str, Any], member: str
) -> None:
    settings.VERIFICATION_MOST = 3
    response = verifier.post("verification/status", **({"serial_numbers": ["0A"]} | body))
    assert code(response, 400)[0] == "verification_invalid"
    assert response.json().get("member") == member
    assert not VerificationLog.objects.exists()


@pytest.mark.parametrize("body", ["[]", "5", '"x"', "{", "[" * 10_000])
def test_a_body_that_is_no_object_is_told_so(verifier: Verifier, body: str) -> None:
    for path in ("status", "counterparts"):
        response = verifier.client.post(f"/api/v1/verification/{path}", body, content_type="application/json")
        assert response.status_code == 400


def test_however_many_are_asked_for_the_database_is_asked_as_often(
    verifier: Verifier, held: Held, realm: Realm
) -> None:
    numbers = [each.serial_number for each in held.values() if each.purpose == "signature"]
    others = [each for each in _another(realm) if each.purpose == "signature"]

    def count(ask: Any) -> int:
        ask()
        with CaptureQueriesContext(connection) as queries:
            assert ask().status_code == 200
        return len(queries)

    many = [*numbers, *(each.serial_number for each in others), *(f"{each:08X}" for each in range(400))]
    certificates = base64_of(*[each for each in held.values() if each.purpose == "signature"])
    for ask in (verifier.status, *(lambda *a, w=w: verifier.counterparts(w, *a) for w in ("medium", "purpose"))):
        assert count(lambda ask=ask: ask(*many)) == count(lambda ask=ask: ask(numbers[0])) <= 20

    def octets(*asked: str) -> Any:
        return verifier.post("verification/status", certificates=list(asked))

    assert count(lambda: octets(*certificates, *base64_of(*others))) <= count(lambda: octets(certificates[0])) <= 22


# --- Once
def test_sent_again_it_is_answered_again_and_logged_once(verifier: Verifier, held: Held) -> None:
    card = held[SIGNATURE, CARD]
    first = verifier.status(card.serial_number, key="k-1")
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(card.realm))
    again = verifier.status(card.serial_number, key="k-1")
    assert first.json() == again.json()
    assert (first.headers.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert VerificationLog.objects.count() == 1
    assert code(verifier.status("0A", key="k-1"), 409)[0] == "idempotency_key_used"
    assert verifier.status(card.serial_number, key="k-2").json()["answers"][0]["status"] == "revoked"
    assert verifier.status(card.serial_number).json()["answers"][0]["status"] == "revoked"
    assert code(verifier.status("0A", key="x" * 129), 400)[0] == "invalid_request"


def test_a_key_is_each_partys_own_and_good_for_a_day(
    verifier: Verifier, held: Held, realm: Realm, settings: Any
) -> None:
    other = Verifier(make_credential(make_bank(realm, "other-bank"), number=2), number=2)
    number = held[SIGNATURE, CARD].serial_number
    verifier.status(number, key="k-1")
    assert "Idempotency-Replayed" not in other.status("0A", key="k-1").headers
    settings.IDEMPOTENCY_SECONDS = -1
    assert "Idempotency-Replayed" not in verifier.status("0A", key="k-1").headers


# --- The log
def test_each_answer_is_logged_and_ones_own_log_read_page_by_page(verifier: Verifier, held: Held, realm: Realm) -> None:
    card, phone = held[SIGNATURE, CARD], held[SIGNATURE, PHONE]
    told = verifier.status(card.serial_number, phone.serial_number, "0FFF").json()
    verifier.counterparts("medium", card.serial_number, check_purpose="liveness_check")
    Verifier(make_credential(make_bank(realm, "other-bank"), number=2), number=2).status(card.serial_number)
    rows = []
    address = "?limit=2"
    pages = 0
    while address:
        page = verifier.log(address[address.index("?") :]).json()
        rows += page["answers"]
        address, pages = page["next"], pages + 1
    assert pages == 2
    assert [(each["kind"], each["serial_number"], each["verdict"], each["check_purpose"]) for each in rows] == [
        ("other_medium", card.serial_number, "found", "liveness_check"),
        ("status", "0FFF", "unknown", "signature_verification"),
        ("status", phone.serial_number, "good", "signature_verification"),
        ("status", card.serial_number, "good", "signature_verification"),
    ]
    assert {each["request"] for each in rows[1:]} == {told["request"]}
    assert {each["relying_party"] for each in rows} == {"test-bank"}
    for query in ("?limit=0", "?limit=x", "?limit=1001", "?before=-1", "?limit=" + "9" * 30):
        assert code(verifier.log(query), 400)[0] == "invalid_request"


def test_the_log_is_kept_as_long_as_the_setting_says(verifier: Verifier, held: Held, settings: Any) -> None:
    verifier.status(held[SIGNATURE, CARD].serial_number, "0A")
    limit = clock.machine() - timedelta(days=settings.VERIFICATION_LOG_DAYS)
    old, young = VerificationLog.objects.all()
    VerificationLog.objects.filter(pk=old.pk).update(at=limit - timedelta(minutes=1))
    VerificationLog.objects.filter(pk=young.pk).update(at=limit + timedelta(minutes=1))
    tasks.sweep_verification()
    assert list(VerificationLog.objects.all()) == [young]


def test_a_card_that_stands_alone_has_no_counterpart(verifier: Verifier, holder: Holder) -> None:
    card = issue_card(holder)
    assert verifier.counterparts("medium", card.serial_number).json()["answers"][0]["counterpart"] is None
    assert verifier.counterparts("purpose", card.serial_number).json()["answers"][0]["counterpart"] is None
