"""The phone by API: each answer as its description says, and nothing of another workspace."""

import uuid
from typing import Any

import jsonschema_rs
import pytest

from ca.profiles import Purpose
from portal.api import apis, document
from portal.handoff import asking
from portal.handoff.models import HandOff
from sandbox.models import PhoneSession
from tests.ca.fixtures import make_realm
from tests.portal.handoff.pdfs import plain
from tests.sandbox.driver.conftest import Ask, Call, workspace_of
from tests.sandbox.driver.service import Service
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, PHONE_PIN
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from tsm.models import Phone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]


def fits(told: Any) -> None:
    """Hold an answer to its description."""
    [api] = [one for one in apis.every() if one.slug == "sandbox"]
    whole = document.of(api)
    schema = {"$ref": "#/components/schemas/PhoneSession", "components": whole["components"]}
    if "PhoneSession" not in whole["components"]["schemas"]:
        schema["$ref"] += "Answer"
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    assert [f"{list(one.instance_path)}: {one.message}" for one in validator.iter_errors(told)] == []


def test_step_by_step(phone: Phone, ask: Ask, call: Call, service: Service) -> None:
    asked = ask()
    began = call("POST", "phone-sessions", {"phone": str(phone.reference), "link": asked.address})
    assert began.status_code == 201, began.content
    told = began.json()
    fits(told)
    screen = told["screen"]
    assert (screen["name"], screen["medium"]) == ("question", "phone")
    # What stands on the screen is what the page says, in both languages.
    assert screen["title"]["ja"] == "試験銀行が本人確認を求めています"
    assert screen["title"]["en"].startswith("Test Bank")
    assert screen["service"]["purpose"]["en"] == "Test purpose user_authentication"
    assert [one["label"]["ja"] for one in screen["buttons"]] == ["確認する", "マイナンバーカードで答える", "断る"]
    act = f"phone-sessions/{told['id']}/act"
    wrong = call("POST", act, {"action": "pin", "value": "0000"}).json()
    fits(wrong)
    assert (wrong["problem"]["code"], wrong["problem"]["tries_left"]) == ("password_wrong", 2)
    assert call("POST", act, {"action": "scan"}).json()["code"] == "phone_action_not_here"
    assert call("POST", act, {"action": "fly"}).status_code == 400
    signed = call("POST", act, {"action": "pin", "value": PHONE_PIN}).json()
    fits(signed)
    assert (signed["screen"]["name"], signed["state"]) == ("answered", "answered")
    back = call("POST", act, {"action": "continue"}).json()
    fits(back)
    assert back["callback"]["status"] == 303
    assert back == call("GET", f"phone-sessions/{told['id']}").json()
    assert call("GET", "phone-sessions").json()["items"] == [back]


def test_all_at_once(phone: Phone, ask: Ask, call: Call, service: Service) -> None:
    body = {"phone": str(phone.reference), "link": ask().address, "answer": True}
    assert call("POST", "phone-sessions", body).json()["code"] == "phone_secret_unknown"
    made = call("POST", "phone-sessions", {**body, "pin": PHONE_PIN}, **{"Idempotency-Key": "k1"})
    assert (made.status_code, made.json()["callback"]["status"]) == (201, 303)
    fits(made.json())
    again = call("POST", "phone-sessions", {**body, "pin": PHONE_PIN}, **{"Idempotency-Key": "k1"})
    assert again.json() == made.json()
    assert len(service.came) == 1
    pdf = ask(Purpose.SIGNATURE, pdf=plain(), document_name="契約書")
    body |= {"link": pdf.address, "password": PHONE_PASSWORD}
    signed = call("POST", "phone-sessions", body).json()
    fits(signed)
    assert signed["state"] == "answered"
    over = call("POST", "phone-sessions", body).json()
    assert (over["screen"]["name"], over["callback"]) != ("question", None)
    fits(over)


def test_nothing_of_another_workspace_is_reached(phone: Phone, ask: Ask, call: Call) -> None:
    other = make_realm("other")
    workspace_of(other)
    credential = make_credential(make_bank(other, client_id="other-bank"), key_id="other")
    theirs = asking.ask(credential, purpose=Purpose.USER_AUTHENTICATION, return_url=CALLBACK)
    told = call("POST", "phone-sessions", {"phone": str(phone.reference), "link": theirs.address})
    assert (told.status_code, told.json()["code"]) == (404, "link_unknown")
    assert HandOff.objects.get(pk=theirs.hand_off.pk).state == "waiting"
    assert not PhoneSession.objects.exists()
    for path in (f"phone-sessions/{uuid.uuid4()}", f"faults/{uuid.uuid4()}"):
        assert call("GET", path).status_code == 404
    unknown = call("POST", "phone-sessions", {"phone": str(uuid.uuid4()), "link": ask().address})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
