"""What a phone that lies, repeats itself or sends nonsense can do: nothing that lasts."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ca import clock
from ca.models import Certificate, Realm
from ca.profiles import Medium
from sandbox import phones, power
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of, sign_with_card
from tsm import enrolment as enrolments
from tsm import sweep, works
from tsm.models import Conversation, Enrolment, Leg, SecureElement
from tsm.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


class Lying:
    """A transport that answers some commands itself."""

    def __init__(self, inner: power.Kept, lie: Callable[[bytes], bytes | None]) -> None:
        self.inner, self.lie = inner, lie

    def transmit(self, apdu: bytes) -> bytes:
        told = self.lie(apdu)
        return told if told is not None else self.inner.transmit(apdu)


def lying(citizen: Citizen, lie: Callable[[bytes], bytes | None]) -> Callable[[], Any]:
    """Return what opens the citizen's element with a liar in between."""

    @contextmanager
    def opened() -> Iterator[Lying]:
        with power.element(citizen.row) as chip:
            yield Lying(chip, lie)

    return opened


def body_of(citizen: Citizen, card: Any) -> dict[str, str]:
    text = citizen.api("GET", "application").json()["text"]
    certificate, signature = sign_with_card(card, text)
    return {
        "application": text,
        "certificate": base64.b64encode(certificate).decode(),
        "signature": base64.b64encode(signature).decode(),
    }


def test_a_signed_application_is_good_once(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    old, new = Citizen.with_new_phone(realm, deliver), Citizen.with_new_phone(realm, deliver)
    body = body_of(old, card)
    assert old.api("POST", "enrolments", body).status_code == 201
    twice = old.api("POST", "enrolments", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "phone_in_use")
    # The first answer may have been lost: this one says which enrolment the phone has to go on with.
    assert twice.json()["enrolment"] == str(Enrolment.objects.get().reference)
    assert "enrolment" not in old.apply(card).json(), "another application, and another text"
    old.converse()
    old.set_passwords()
    old.activate(str(Enrolment.objects.get().reference))
    new.enrol(card)
    old.converse()
    replayed = old.api("POST", "enrolments", body)
    assert (replayed.status_code, replayed.json()["code"]) == (400, "application_text_wrong")
    assert Enrolment.objects.filter(phone=old.phone).count() == 1


def test_a_key_that_was_given_up_is_never_certified_again(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.end(citizen.enrol(card))
    # DELETE, 84 E4, never reaches the element: the phone says that there was nothing.
    citizen.converse(lying(citizen, lambda apdu: b"\x6a\x88" if apdu[1] == 0xE4 else None))
    assert Enrolment.objects.get().state == "deleted", "the phone's word was taken"
    before = set(Certificate.objects.filter(medium=Medium.PHONE).values_list("pk", flat=True))
    citizen.apply(card)
    for _ in range(3):
        citizen.converse()
        sweep.run()
    again = Enrolment.objects.order_by("-pk").first()
    assert again is not None
    assert (again.state, again.trouble) == ("deleted", "public_key_taken")
    assert set(Certificate.objects.filter(medium=Medium.PHONE).values_list("pk", flat=True)) == before
    citizen.enrol(card)


def test_a_forged_counter_does_not_stop_an_honest_phone(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    SecureElement.objects.update(isd_counter=None)
    reference = citizen.apply(card_of(realm)).json()["id"]
    forged = bytes.fromhex("C103FFFFFF9000")
    citizen.converse(lying(citizen, lambda apdu: forged if apdu[:4] == bytes.fromhex("80CA00C1") else None))
    assert citizen.api("GET", f"enrolments/{reference}").json()["trouble"] == "element_answers_wrong"
    # Later the sweep begins anew.
    Conversation.objects.update(closed_at=clock.now(realm) - timedelta(days=1))
    sweep.run()
    citizen.converse()
    found = citizen.api("GET", f"enrolments/{reference}").json()
    assert (found["state"], found["trouble"]) == ("installed", "")


def test_nothing_is_written_for_an_enrolment_given_up_meanwhile(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    stale = Enrolment.objects.get()
    enrolments.abandon(Enrolment.objects.get(), trouble="newer_application")
    element = SecureElement.objects.get()
    prepare = works.BY_STATE[Enrolment.State.VERIFIED]
    prepare(Scene.read(element.pk), works.Job(stale, prepare))
    element.refresh_from_db()
    assert element.occupant is None
    assert not Leg.objects.exists()


def test_the_first_order_starts_the_session(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    deliver("tsm")
    conversation = Conversation.objects.get()
    headers = {"authorization": f"Bearer {phones.bearer(citizen.row)}"}
    query = f"?sessionId={conversation.reference}"
    elements = [{"seType": "eSE", "seId": conversation.element.identifier}]
    shaken = citizen.client.post(
        f"/gp/seram/handshake{query}", {"secureElements": elements}, content_type="application/json", headers=headers
    )
    assert shaken.json()["chosenVersion"] == "2.0.0"
    order = citizen.client.post(
        f"/gp/seram/remoteManagement{query}",
        {"localAgentStatus": {"localAgentStatusEnum": "POLLING"}},
        content_type="application/json",
        headers=headers,
    ).json()
    kinds = [command["ramCommandType"] for command in order["ramCommands"]]
    assert kinds == ["startCommand"] + ["seRamCommand"] * 4
    assert order["chosenSecureElement"]["seId"] == conversation.element.identifier


def test_an_element_that_was_not_offered_is_not_acceptable(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card_of(realm))
    deliver("tsm")
    url = f"/gp/seram/handshake?sessionId={Conversation.objects.get().reference}"
    headers = {"authorization": f"Bearer {phones.bearer(citizen.row)}"}
    for body in (
        {"secureElements": [{"seType": "eSE", "seId": "00"}]},
        {"secureElements": [{"seType": "eSE", "seId": citizen.phone.element.identifier}], "supportedVersions": ["1.0"]},
    ):
        answer = citizen.client.post(url, body, content_type="application/json", headers=headers)
        assert answer.status_code == 406


@pytest.mark.parametrize(
    "path", ["/gp/seram/remoteManagement", "/gp/seram/handshake", "/api/phone/v1/enrolments", "/api/v1/token"]
)
@pytest.mark.parametrize("kind", ["deep", "large", "odd"])
def test_nonsense_is_answered_with_a_problem(
    realm: Realm, deliver: Deliver, path: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    body = {"deep": b"[" * 100_000, "large": b'"' + b"x" * 3_000_000 + b'"', "odd": json.dumps([None, 1]).encode()}
    headers = {"authorization": f"Bearer {phones.bearer(citizen.row)}"}
    answer = Client().post(path, body[kind], content_type="application/json", headers=headers)
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in caplog.text
