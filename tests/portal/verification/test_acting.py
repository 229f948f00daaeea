"""A platform operator in a provider's name: hand-offs and questions, and what ends with the delegation."""

from typing import Any

import pytest
from django.test import Client

from ca.models import Certificate, JournalEntry, Realm
from ca.profiles import Medium, Purpose
from portal.handoff import hand_offs
from portal.handoff.models import HandOff
from tests.portal.verification.verifiers import Verifier, code, make_operator
from tests.whitelist.relying_parties import CALLBACK, CHALLENGE, make_bank
from whitelist import delegations
from whitelist.models import Credential, Delegation, RelyingParty, VerificationLog

Held = dict[tuple[Purpose, Medium], Certificate]


@pytest.fixture
def operator(credential: Credential) -> Verifier:
    return make_operator(credential)[1]


@pytest.fixture
def delegation(operator: Verifier, credential: Credential) -> Delegation:
    return delegations.record(
        operator.credential.relying_party, credential.relying_party, list(Purpose), by="owner@bank.example"
    )


def ask(verifier: Verifier, **body: Any) -> Any:
    wanted = {"purpose": "user_authentication", "return_url": CALLBACK, "on_behalf_of": "test-bank"}
    wanted["code_challenge"] = CHALLENGE
    return verifier.client.post("/api/v1/handoffs", wanted | body, content_type="application/json")


def test_the_citizen_is_asked_in_the_providers_name(operator: Verifier, delegation: Delegation, client: Client) -> None:
    response = ask(operator)
    assert (response.status_code, response.json()["state"]) == (201, "waiting")
    row = HandOff.objects.get()
    assert (row.relying_party.client_id, row.credential.relying_party.client_id) == ("test-bank", "operator")
    assert row.signed_text.splitlines()[1] == "test-bank"
    asked = JournalEntry.objects.filter(kind="handoff.asked").last()
    assert asked is not None
    assert (asked.data["relying_party"], asked.data["operator"]) == ("test-bank", "operator")
    page = client.get(f"/handoff/{response.json()['link'].rsplit('/', 2)[1]}/").content.decode()
    assert "試験銀行" in page
    assert "依頼を取り次ぐ事業者" in page
    assert "試験プラットフォーム" in page
    assert response.json()["on_behalf_of"] == "test-bank"
    found = operator.client.get(f"/api/v1/handoffs/{row.pk}")
    assert (found.status_code, found.json()["state"]) == (200, "shown")


def test_ending_it_ends_hand_offs_that_wait_and_what_was_made_of_them(
    operator: Verifier, delegation: Delegation, credential: Credential
) -> None:
    waiting = HandOff.objects.get(pk=ask(operator).json()["id"])
    delegations.end(delegation, by="owner@bank.example")
    # The citizen, who has the page open, is told; the operator learns nothing more.
    assert hand_offs.show(waiting).state == "refused"
    waiting.refresh_from_db()
    assert waiting.reason == "delegation_not_valid"
    assert code(operator.client.get(f"/api/v1/handoffs/{waiting.pk}"), 403) == (
        "handoff_refused", "delegation_not_valid",
    )  # fmt: skip
    redeemed = operator.client.post(
        f"/api/v1/handoffs/{waiting.pk}/redeem", {"code": "x"}, content_type="application/json"
    )
    assert code(redeemed, 403) == ("handoff_refused", "delegation_not_valid")
    again = ask(operator)
    assert (again.json()["state"], again.json()["reason"]) == ("refused", "delegation_not_valid")
    # The provider sees what was asked in its name.
    own = Verifier(credential).client.get(f"/api/v1/handoffs/{waiting.pk}")
    assert (own.status_code, own.json()["state"]) == (200, "refused")


def test_an_answer_that_comes_after_the_end_is_not_taken(operator: Verifier, delegation: Delegation) -> None:
    row = hand_offs.show(HandOff.objects.get(pk=ask(operator).json()["id"]))
    assert row.state == "shown"
    delegations.end(delegation, by="x")
    assert hand_offs.refuse_if_not_allowed(row)


@pytest.mark.parametrize("odd", ["\ud800", "test-bank\udfff", "\0"])
def test_what_is_no_character_names_nobody(operator: Verifier, odd: str) -> None:
    assert code(operator.status("01", on_behalf_of=odd), 400)[0] == "verification_invalid"


def test_without_a_delegation_nothing_is_made_in_anybodys_name(
    operator: Verifier, credential: Credential, realm: Realm
) -> None:
    for name in ("test-bank", "nobody"):
        assert code(ask(operator, on_behalf_of=name), 403)[0] == "delegation_missing"
    assert not HandOff.objects.exists()
    # Nor does a delegation help anybody else, or the other way round.
    delegations.record(operator.credential.relying_party, credential.relying_party, list(Purpose), by="x")
    assert code(ask(Verifier(credential), on_behalf_of="operator"), 403)[0] == "delegation_missing"
    make_bank(realm, "another")
    assert code(ask(operator, on_behalf_of="another"), 403)[0] == "delegation_missing"
    assert ask(Verifier(credential), on_behalf_of="test-bank").json()["state"] == "waiting"


def test_a_stranger_doesnt_see_what_was_asked_for_another(
    operator: Verifier, delegation: Delegation, realm: Realm
) -> None:
    reference = ask(operator).json()["id"]
    _, other = make_operator(operator.credential, "other-operator")
    assert code(other.client.get(f"/api/v1/handoffs/{reference}"), 404)[0] == "handoff_unknown"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda d: delegations.end(d, by="x"), "delegation_not_valid"),
        (lambda d: RelyingParty.objects.filter(pk=d.operator_id).update(state="suspended"), "operator_not_valid"),
        (lambda d: RelyingParty.objects.filter(pk=d.provider_id).update(state="suspended"), "suspended"),
        (
            lambda d: d.operator.ministerial_certifications.all().delete(),
            "operator_certification_not_valid",
        ),
        (lambda d: Delegation.objects.update(purposes=["user_authentication"]), "delegation_not_valid"),
    ],
)
def test_questions_in_anothers_name_end_with_what_they_stand_on(
    operator: Verifier, delegation: Delegation, held: Held, end: Any, reason: str
) -> None:
    number = held[Purpose.SIGNATURE, Medium.CARD].serial_number
    told = operator.status(number, on_behalf_of="test-bank", key="k")
    assert told.json()["on_behalf_of"] == "test-bank"
    assert told.json()["answers"][0]["status"] == "good"
    assert operator.counterparts("medium", number, on_behalf_of="test-bank").status_code == 200
    assert operator.counterparts("purpose", number, on_behalf_of="test-bank").status_code == 200
    end(delegation)
    assert code(operator.status(number, on_behalf_of="test-bank"), 403) == ("verification_refused", reason)
    assert code(operator.status(number, on_behalf_of="test-bank", key="k"), 403)[1] == reason
    for wanted in ("medium", "purpose"):
        asked = operator.counterparts(wanted, number, on_behalf_of="test-bank")
        assert code(asked, 403) == ("verification_refused", reason)


def test_both_see_in_their_logs_what_was_asked_for_whom(
    operator: Verifier, delegation: Delegation, credential: Credential
) -> None:
    operator.status("0A", on_behalf_of="test-bank")
    operator.status("0B")
    assert [each["serial_number"] for each in operator.log().json()["answers"]] == ["0B", "0A"]
    told = Verifier(credential).log().json()["answers"]
    assert [(each["serial_number"], each["relying_party"], each["on_behalf_of"]) for each in told] == [
        ("0A", "operator", "test-bank")
    ]
    assert VerificationLog.objects.get(serial_number="0A").delegation == delegation
