"""What an application must be: each refusal names what is wrong, and leaves nothing behind."""

import base64
from collections.abc import Callable

import pytest

from ca.models import Realm
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of, sign_with_card
from tsm.jpki import Key
from tsm.models import Enrolment

pytestmark = pytest.mark.django_db(transaction=True)


def refused(citizen: Citizen, response: object) -> dict[str, object]:
    """Return the problem that an application was answered with; nothing may have been begun."""
    problem: dict[str, object] = response.json()  # type: ignore[attr-defined]
    assert response["content-type"].startswith("application/problem+json")  # type: ignore[index]
    assert not Enrolment.objects.exists()
    assert problem["citizen"]["ja"]  # type: ignore[index]
    assert citizen.converse() is None
    return problem


@pytest.mark.parametrize(("persona", "reason"), [("ren", "revoked"), ("mei", "on_hold")])
def test_a_card_certificate_that_is_not_good_is_refused(
    realm: Realm, deliver: Deliver, persona: str, reason: str
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    problem = refused(citizen, citizen.apply(card_of(realm, persona)))
    assert (problem["code"], problem["reasons"]) == ("application_refused", [reason])


def test_an_expired_card_certificate_is_refused(realm: Realm, deliver: Deliver) -> None:
    from datetime import timedelta

    card = card_of(realm)
    realm.clock_offset = timedelta(days=6 * 365)
    realm.save()
    citizen = Citizen.with_new_phone(realm, deliver)
    problem = refused(citizen, citizen.apply(card))
    assert "expired" in problem["reasons"]  # type: ignore[operator]
    assert "有効期限" in problem["citizen"]["ja"]  # type: ignore[index]


def test_the_authentication_key_cannot_apply(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    problem = refused(citizen, citizen.apply(card_of(realm), key=Key.AUTHENTICATION))
    assert problem["reasons"] == ["wrong_purpose"]


def test_a_wrong_signature_is_refused(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    card = card_of(realm)
    _, other = sign_with_card(card, "another text")
    problem = refused(citizen, citizen.apply(card, signature=base64.b64encode(other).decode()))
    assert problem["reasons"] == ["signature_wrong"]


def test_another_phones_application_text_is_refused(realm: Realm, deliver: Deliver) -> None:
    citizen, other = Citizen.with_new_phone(realm, deliver), Citizen.with_new_phone(realm, deliver)
    text = other.api("GET", "application").json()["text"]
    problem = refused(citizen, citizen.apply(card_of(realm), application=text))
    assert problem["code"] == "application_text_wrong"


@pytest.mark.parametrize(
    ("model", "reason"),
    [("import-x", "no_secure_element"), ("ringo-15", "operating_system"), ("sakura-2", "os_version")],
)
def test_a_phone_that_is_not_on_the_list_is_refused(realm: Realm, deliver: Deliver, model: str, reason: str) -> None:
    citizen = Citizen.with_new_phone(realm, deliver, model)
    problem = citizen.apply(card_of(realm)).json()
    assert (problem["code"], problem["reason"]) == ("phone_not_supported", reason)
    assert not Enrolment.objects.exists()


def test_a_certificate_of_another_realm_is_unknown(
    realm: Realm, deliver: Deliver, other_realm: Callable[[], Realm]
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    card = card_of(other_realm())
    problem = refused(citizen, citizen.apply(card))
    assert problem["code"] == "application_refused"


def test_a_second_application_on_a_phone_in_use_is_refused(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    card = card_of(realm)
    citizen.apply(card)
    again = citizen.apply(card).json()
    assert again["code"] == "phone_in_use"
    assert Enrolment.objects.count() == 1


@pytest.mark.parametrize("member", ["application", "certificate", "signature"])
def test_a_missing_member_is_named(realm: Realm, deliver: Deliver, member: str) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    body = {"application": "x", "certificate": "AAAA", "signature": "AAAA"}
    del body[member]
    problem = citizen.api("POST", "enrolments", body).json()
    assert problem["code"] == "invalid_request"
    assert list(problem["errors"]) == [member]


@pytest.mark.parametrize("certificate", ["", "AAAA", base64.b64encode(b"\x30\x82\xff\xff").decode(), "not base64!"])
def test_a_certificate_that_is_none_is_refused_with_a_sentence(
    realm: Realm, deliver: Deliver, certificate: str
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    response = citizen.apply(card_of(realm), certificate=certificate)
    assert response.status_code in (400, 403)
    refused(citizen, response)


def test_nobody_applies_without_a_phone(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    answer = citizen.client.post("/api/phone/v1/enrolments", {}, content_type="application/json")
    assert answer.status_code in (401, 403)
    wrong = citizen.client.get(
        "/api/phone/v1/application", headers={"authorization": f"Bearer {citizen.phone.reference}:wrong"}
    )
    assert (wrong.status_code, wrong.json()["code"]) == (401, "not_authenticated")


def test_a_phone_sees_no_other_phones_enrolment(realm: Realm, deliver: Deliver) -> None:
    citizen, other = Citizen.with_new_phone(realm, deliver), Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card_of(realm)).json()["id"]
    assert other.api("GET", f"enrolments/{reference}").status_code == 404
