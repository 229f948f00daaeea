"""The device bridge: one request is one powered session, for whoever may hold the chip."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from sandbox import devices, power
from sandbox.models import VirtualCard, VirtualPhone
from tests.ca.fixtures import *  # noqa: F403
from tests.tsm.enrolment.citizen import Citizen, card_of
from tsm import jpki

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]
SELECT = jpki.select_application().encode().hex()


@pytest.fixture
def card(realm: Realm, settings: Any) -> VirtualCard:
    """Return a persona's card, in the realm that the bridge serves."""
    settings.DEFAULT_REALM = realm.slug
    return card_of(realm)


def play(client: Client, url: str, *commands: str, **more: Any) -> Any:
    return client.post(url, {"commands": list(commands), **more}, content_type="application/json")


CARD = "/sandbox/cards/hanako/session"


@pytest.mark.usefixtures("card")
def test_a_session_begins_without_what_the_last_one_had(client: Client) -> None:
    pin = ["00A4020C020018", "0020008004" + b"7391".hex(), "802A009733" + "3031" + "00" * 49 + "00"]
    signed = play(client, CARD, SELECT, *pin).json()["answers"]
    assert signed[-1].endswith("9000")
    later = play(client, CARD, SELECT, pin[2]).json()["answers"]
    assert later[-1] == "6982"


@pytest.mark.usefixtures("card")
def test_the_session_ends_at_the_first_error_unless_told_otherwise(client: Client) -> None:
    unknown = "00A4020C027777"
    assert play(client, CARD, SELECT, unknown, SELECT).json()["answers"] == ["9000", "6A82"]
    assert play(client, CARD, SELECT, unknown, SELECT, keep_going=True).json()["answers"] == ["9000", "6A82", "9000"]


@pytest.mark.usefixtures("card")
def test_asking_for_the_tries_left_does_not_end_the_session(client: Client) -> None:
    asked = play(client, CARD, SELECT, "00A4020C02001B", "00200080", "00A4020C020018", "00200080").json()["answers"]
    assert asked[2::2] == ["63C5", "63C3"]


def test_a_wrong_password_is_counted_before_it_is_answered(client: Client, card: VirtualCard) -> None:
    wrong = play(client, CARD, SELECT, "00A4020C02001B", "0020008006" + b"WRONG1".hex()).json()["answers"]
    assert wrong[-1] == "63C4"
    with power.card(VirtualCard.objects.get(pk=card.pk)) as chip:
        chip.transmit(jpki.select_application().encode())
        chip.transmit(jpki.select_file(jpki.File.SIGNATURE_PASSWORD).encode())
        assert chip.transmit(jpki.tries_left_query().encode()) == b"\x63\xc4"


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"commands": "00A4"}', b'{"commands": [1]}', b'{"commands": ["0G"]}', b'{"commands": null}'],
)
def test_a_malformed_request_is_named_as_such(client: Client, body: bytes) -> None:
    answer = client.post(CARD, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.usefixtures("card")
def test_too_many_commands_are_refused(client: Client) -> None:
    assert play(client, CARD, *[SELECT] * (devices.MOST_COMMANDS + 1)).status_code == 400


@pytest.mark.usefixtures("card")
def test_an_apdu_of_no_bytes_is_answered_by_the_chip(client: Client) -> None:
    assert play(client, CARD, "").json()["answers"] == ["6700"]


def test_nobody_reaches_the_element_of_another_browsers_phone(client: Client, realm: Realm, deliver: Deliver) -> None:
    mine, others = Citizen.with_new_phone(realm, deliver), Citizen.with_new_phone(realm, deliver)
    session = client.session
    session["phone"] = str(mine.phone.reference)
    session.save()
    assert play(client, f"/sandbox/elements/{mine.phone.reference}/session", "00A4040000").status_code == 200
    assert play(client, f"/sandbox/elements/{others.phone.reference}/session", "00A4040000").status_code == 404


def test_csrf_guards_the_bridge(card: VirtualCard) -> None:
    del card
    assert play(Client(enforce_csrf_checks=True), CARD, SELECT).status_code == 403


def test_a_chip_in_use_is_said_to_be(client: Client, card: VirtualCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "WAIT", 0.0)
    with power.card(card):
        answer = play(client, CARD, SELECT)
    assert (answer.status_code, answer.json()["code"]) == (409, "reader_busy")
    assert play(client, CARD, SELECT).status_code == 200


def test_sealed_states_hold_no_password_in_the_clear(realm: Realm, deliver: Deliver, card: VirtualCard) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card)
    states = [bytes(row.sealed_state) for model in (VirtualCard, VirtualPhone) for row in model.objects.all()]
    assert len(states) == 2
    for state in states:
        for secret in (b"HANAKO7391", b"PHONE82KX4", b'"6194"', b"PRIVATE"):
            assert secret not in state
