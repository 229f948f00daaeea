"""Issuing by API: in one call or step by step, the citizen's part by APDU, the rest by the workers."""

from collections.abc import Callable
from typing import Any

import pytest

from ca.models import Certificate
from portal.providers.models import Workspace
from sandbox import issuing, phones
from sandbox.api import waiting
from sandbox.models import VirtualPhone
from tests.sandbox.ready import Api
from tests.sandbox.world.conftest import settle
from tsm.models import Enrolment

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]


def phone(api: Api, **wish: Any) -> str:
    return str(api("post", "phones", wish, expect=201)["id"])


def statuses(api: Api, query: str) -> list[tuple[str, str, str | None]]:
    return sorted((one["purpose"], one["status"], one["cause"]) for one in api("get", f"certificates?{query}")["items"])


@pytest.mark.usefixtures("whole_system")
def test_one_call_brings_certificates_into_a_phone_and_another_changes_the_phone(api: Api) -> None:
    settle(api.realm)
    first, second = phone(api), phone(api)
    chosen = {"signature": "PHONE82KX4", "user_authentication": "6194"}
    made = api("post", "enrolments?wait=20", {"citizen": "hanako", "phone": first, "passwords": chosen}, expect=201)
    assert (made["state"], made["until"], made["failed"], made["replaces"]) == ("active", "active", None, None)
    whole = api("get", f"enrolments/{made['id']}")
    assert whole["passwords"] == chosen == api("get", f"phones/{first}")["passwords"]
    assert [step["step"] for step in whole["steps"]][-1] == "active"
    assert statuses(api, f"phone={first}") == [("signature", "valid", None), ("user_authentication", "valid", None)]
    signature = api("get", f"certificates/{made['certificates'][0]}")
    assert (signature["medium"], signature["phone"], signature["enrolment"]) == ("phone", first, made["id"])
    assert api("get", f"certificates/{signature['linked_to']}")["medium"] == "card"

    # The same citizen, another phone: a device change. The first one's pair ends in the same moment.
    changed = api("post", "enrolments?wait=20", {"citizen": "hanako", "phone": second}, expect=201)
    assert (changed["state"], changed["replaces"]) == ("active", made["id"])
    ended = "phone_use_ended"
    assert statuses(api, f"phone={first}") == [
        ("signature", "revoked", ended), ("user_authentication", "revoked", ended),
    ]  # fmt: skip
    emptied = waiting.until(lambda: api("get", f"enrolments/{made['id']}")["state"] == "deleted", 20)
    assert emptied, "the first phone's element is emptied"
    assert api("get", f"phones/{second}")["passwords"] == {"signature": "HANAKO7391", "user_authentication": "7391"}
    assert [one["id"] for one in api("get", "enrolments?citizen=hanako")["items"]] == [changed["id"], made["id"]]
    assert api("post", f"enrolments/{changed['id']}/end", {})["state"] in ("ended", "deleted")
    assert {status for _, status, _ in statuses(api, "medium=phone")} == {"revoked"}


@pytest.mark.usefixtures("whole_system")
def test_step_by_step_it_goes_no_further_than_it_is_told(api: Api) -> None:
    settle(api.realm)
    reference = phone(api)
    made = api("post", "enrolments?wait=20", {"citizen": "hanako", "phone": reference, "until": "applied"}, expect=201)
    assert (made["state"], made["certificates"]) == ("verified", [])
    certified = api("post", f"enrolments/{made['id']}/advance?wait=20", {"until": "certified"})
    assert (certified["state"], len(certified["certificates"])) == ("certified", 2)
    assert {status for _, status, _ in statuses(api, f"phone={reference}")} == {"pending"}
    installed = api("post", f"enrolments/{made['id']}/advance?wait=20", {"until": "installed"})
    assert (installed["state"], installed["until"]) == ("installed", "installed")
    assert api("get", f"phones/{reference}")["passwords"] is None
    assert api("post", f"enrolments/{made['id']}/advance?wait=20", {})["state"] == "active"
    assert {status for _, status, _ in statuses(api, f"phone={reference}")} == {"valid"}
    assert api("post", f"enrolments/{made['id']}/advance", {}, expect=409)["code"] == "enrolment_finished"


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("code", "model", "expected"),
    [
        ("ren", "sakura-8", "application_refused"),
        ("mei", "sakura-8", "application_refused"),
        ("daichi", "sakura-8", "chip_password_blocked"),
        ("sora", "sakura-8", "chip_certificate_missing"),
        ("hanako", "import-x", "phone_not_supported"),
        ("hanako", "ringo-15", "phone_not_supported"),
    ],
)
def test_what_the_screens_refuse_is_refused_here_and_leaves_nothing(
    api: Api, code: str, model: str, expected: str
) -> None:
    settle(api.realm, code)
    body = {"citizen": code, "phone": phone(api, model=model)}
    answer = api("post", "enrolments", body, expect=403 if expected == "application_refused" else 409)
    assert answer["code"] == expected
    assert not Enrolment.objects.exists()


def test_the_citizens_part_waits_for_its_worker_and_is_done_once(
    api: Api, workspace: Workspace, deliver: Deliver
) -> None:
    citizen = settle(api.realm)
    made = phones.make(workspace.realm, "sakura-8")
    row = VirtualPhone.objects.get(phone=made)
    enrolment = issuing.enrol(row, citizen)
    walk(row, deliver)
    enrolment.refresh_from_db()
    assert enrolment.state == "installed", "the holder's hands are a worker, too"
    assert issuing.sweep() == 1, "a lost message is sent again"
    for _ in range(2):
        issuing.go_on(made.reference)
        enrolment.refresh_from_db()
        assert enrolment.state == "active"
    assert issuing.sweep() == 0
    assert Certificate.objects.filter(medium="phone", status="valid").count() == 2


@pytest.mark.usefixtures("whole_system")
def test_a_phone_in_use_is_suspended_and_resumed_and_its_passwords_are_blocked_and_unblocked(api: Api) -> None:
    settle(api.realm)
    reference = phone(api)
    path = f"phones/{reference}/passwords"
    assert api("get", path, expect=409)["code"] == "wrong_state"
    made = api("post", "enrolments?wait=20", {"citizen": "hanako", "phone": reference}, expect=201)
    whole = {"signature": {"state": "set", "tries_left": 5}, "user_authentication": {"state": "set", "tries_left": 3}}
    assert api("get", path) == whole
    blocked = {"state": "blocked", "tries_left": 0}
    for purpose, fresh in (("user_authentication", "8024"), ("signature", "FRESH1357")):
        assert api("post", f"{path}/block", {"purpose": purpose}) == whole | {purpose: blocked}
        wish = {"purpose": purpose, "password": fresh}
        assert api("post", f"{path}/unblock?wait=20", wish) == whole
        assert api("get", f"phones/{reference}")["passwords"][purpose] == fresh
    assert api("post", f"{path}/unblock", {"purpose": "signature", "password": "12"}, expect=400)["field"] == "password"

    api("post", f"enrolments/{made['id']}/suspend", {})
    assert {status for _, status, _ in statuses(api, f"phone={reference}")} == {"on_hold"}
    assert waiting.until(lambda: phone_status(api, path) == 409, 20), "the applet is locked"
    api("post", f"enrolments/{made['id']}/resume", {})
    assert waiting.until(lambda: {one for _, one, _ in statuses(api, f"phone={reference}")} == {"valid"}, 20)
    assert api("get", path) == whole


def phone_status(api: Api, path: str) -> int:
    return int(api._client.get(f"/sandbox/api/v1/{path}").status_code)


@pytest.mark.usefixtures("whole_system")
def test_a_phone_that_is_switched_off_goes_on_when_it_is_back(api: Api) -> None:
    settle(api.realm)
    reference = phone(api, reachable=False)
    made = api("post", "enrolments?wait=0.5", {"citizen": "hanako", "phone": reference}, expect=201)
    assert made["state"] == "verified"
    api("patch", f"phones/{reference}", {"reachable": True})
    assert api("get", f"enrolments/{made['id']}?wait=20")["state"] == "active"


def walk(row: VirtualPhone, deliver: Deliver) -> None:
    """Be the phone's app until the TSM has no more to say, with the other workers between its questions."""
    from django.test import Client

    from tsm.models import Conversation

    deliver("tsm", "ca", "sweeps")
    session = str(Conversation.objects.get(element__phone=row.phone, closed_at__isnull=True).reference)
    headers = {"authorization": f"Bearer {phones.bearer(row)}"}

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = Client().post(
            f"/gp/seram{path}?sessionId={session}", body, content_type="application/json", headers=headers
        )
        deliver("tsm", "ca", "sweeps")
        value: dict[str, Any] = answer.json() if answer.status_code == 200 else {"ramCommands": [STOP]}
        return value

    phones.talk(str(row.phone.reference), session, post)


STOP = {"ramCommandType": "stopCommand"}
