"""The holder has a password unblocked: who may ask, with what proof, and what the phone is told of it."""

from typing import Any

import pytest

from ca.models import Realm
from sandbox.models import VirtualCard
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of, sign_with_card, torn
from tests.tsm.enrolment.citizen import _b64 as b64
from tsm import conversation as conversations
from tsm import services
from tsm.jpki import Key
from tsm.models import Conversation, Enrolment, Phone, ServiceOrder

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def card(realm: Realm) -> VirtualCard:
    return card_of(realm)


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver, card: VirtualCard) -> Citizen:
    made = Citizen.with_new_phone(realm, deliver)
    made.enrol(card)
    return made


def path(purpose: str) -> str:
    return f"enrolments/{Enrolment.objects.latest('pk').reference}/unblock/{purpose}"


def text_for(citizen: Citizen, purpose: str) -> str:
    return str(citizen.api("GET", path(purpose)).json()["text"])


def ask_with_card(citizen: Citizen, card: VirtualCard, key: Key = Key.SIGNATURE) -> Any:
    text = text_for(citizen, "signature")
    certificate, signature = sign_with_card(card, text, key)
    return citizen.api(
        "POST", path("signature"), {"text": text, "signature": b64(signature), "certificate": b64(certificate)}
    )


def ask_with_phone(citizen: Citizen, key: Key = Key.SIGNATURE) -> Any:
    text = text_for(citizen, "user_authentication")
    body = {"text": text, "signature": b64(citizen.sign(text, key))}
    return citizen.api("POST", path("user_authentication"), body)


def told(citizen: Citizen) -> list[tuple[str, str, str]]:
    orders = citizen.api("GET", f"enrolments/{Enrolment.objects.latest('pk').reference}").json()["orders"]
    return [(order["function"], order["state"], order["waits_for"]) for order in orders]


def test_the_signature_password_is_unblocked_with_the_card(citizen: Citizen, card: VirtualCard) -> None:
    answer = ask_with_card(citizen, card)
    assert answer.status_code == 200, answer.content
    assert [order["function"] for order in answer.json()["orders"]] == ["unblock_signature"]
    citizen.converse()
    assert told(citizen) == [("unblock_signature", "done", "")]


def test_the_authentication_pin_is_unblocked_with_the_phones_signature_key(citizen: Citizen) -> None:
    assert ask_with_phone(citizen).status_code == 200
    citizen.converse()
    assert told(citizen) == [("unblock_authentication", "done", "")]
    order = services.orders_of(Enrolment.objects.get())[0]
    assert order.settled_at is not None
    assert order.settled_at >= order.asked_at


def test_the_wrong_key_is_refused_and_nothing_is_ordered(citizen: Citizen, card: VirtualCard, realm: Realm) -> None:
    for answer in (
        ask_with_card(citizen, card, Key.AUTHENTICATION),
        ask_with_card(citizen, card_of(realm, "taro")),
        ask_with_phone(citizen, Key.AUTHENTICATION),
        citizen.api("POST", path("signature"), {"text": "another", "signature": b64(b"x")}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "unblock_refused"), answer.content
    assert not ServiceOrder.objects.exists()
    assert citizen.api("GET", path("decipherment")).status_code == 404


def test_a_signed_request_is_good_once(citizen: Citizen, card: VirtualCard) -> None:
    text = text_for(citizen, "signature")
    certificate, signature = sign_with_card(card, text)
    body = {"text": text, "signature": b64(signature), "certificate": b64(certificate)}
    assert citizen.api("POST", path("signature"), body).status_code == 200
    citizen.converse()
    assert citizen.api("POST", path("signature"), body).json()["code"] == "unblock_refused"
    # Asking again while an order stands gives that order.
    assert ask_with_card(citizen, card).status_code == 200
    assert ask_with_card(citizen, card).status_code == 200
    assert ServiceOrder.objects.filter(state="open").count() == 1


def test_what_an_order_waits_for_can_be_read_at_every_moment(
    citizen: Citizen, deliver: Deliver, settings: Any, card: VirtualCard
) -> None:
    ask_with_card(citizen, card)
    assert told(citizen)[0][2] == "worker"
    deliver("tsm")
    assert told(citizen)[0][2] == "contact"
    conversation = Conversation.objects.get(closed_at=None)
    conversation.element.phone = Phone.objects.get()
    assert conversations.next_order(conversation, wait=0)["ramCommands"]
    assert told(citizen)[0][2] == "phone"
    settings.TSM_FAILURES = 1
    citizen.converse(torn(citizen, [2], after=False))
    for _ in range(2):
        citizen.converse(torn(citizen, [1], after=False))
    assert told(citizen)[0][1:] == ("open", "rest")
