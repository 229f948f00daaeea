"""The pages of the two passwords: what each shows while nothing was asked, while the order stands, and afterwards."""

import base64
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from sandbox import power
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, Citizen, card_of, play, sign_with_card
from tsm import enrolment as enrolments
from tsm import jpki, services
from tsm.jpki import Key, PasswordState

pytestmark = pytest.mark.django_db(transaction=True)

UNBLOCK = "/phone/passwords/{}/unblock/"


def shown(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response
    return str(response.content.decode())


def state_of(citizen: Citizen, key: Key) -> PasswordState:
    with power.element(citizen.row) as chip:
        data = play(chip, jpki.select_application(), jpki.status())
    return jpki.parse_status(data).passwords[key]


@pytest.mark.parametrize(
    "page", ["", "signature/", "user-authentication/", "signature/unblock/", "user-authentication/unblock/"]
)
def test_a_phone_without_certificates_in_use_is_led_home(client: Client, citizen: Citizen, page: str) -> None:
    assert client.get(f"/phone/passwords/{page}").headers["Location"] == "/phone/"


def test_the_overview_leads_to_everything(client: Client, realm: Realm, citizen: Citizen) -> None:
    citizen.enrol(card_of(realm))
    assert 'href="/phone/passwords/"' in shown(client, "/phone/")
    page = shown(client, "/phone/passwords/")
    for purpose in ("signature", "user-authentication"):
        assert f'href="/phone/passwords/{purpose}/"' in page
        assert f'href="{UNBLOCK.format(purpose)}"' in page


def test_the_birthday_comes_to_the_pages_where_something_new_is_chosen_and_is_kept_nowhere(
    client: Client, realm: Realm, citizen: Citizen
) -> None:
    reference = citizen.apply(card_of(realm)).json()["id"]  # hanako, born on 1990-04-12
    assert "0412" not in shown(client, f"/phone/enrolments/{reference}/")
    citizen.converse()
    response = client.get(f"/phone/enrolments/{reference}/")
    assert " 0412 " in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    citizen.set_passwords()
    citizen.activate(reference)
    for page in ("/phone/passwords/signature/", UNBLOCK.format("user-authentication")):
        response = client.get(page)
        assert " 0412 " in response.content.decode()
        assert "no-store" in response.headers["Cache-Control"]
    assert Client().get("/phone/passwords/signature/").status_code == 302


@pytest.mark.parametrize(
    ("slug", "key", "other"),
    [("signature", Key.SIGNATURE, Key.AUTHENTICATION), ("user-authentication", Key.AUTHENTICATION, Key.SIGNATURE)],
)
def test_unblocking_goes_from_the_request_by_the_order_to_not_set(
    client: Client, realm: Realm, citizen: Citizen, slug: str, key: Key, other: Key
) -> None:
    card = card_of(realm)
    reference = citizen.enrol(card)
    page = shown(client, UNBLOCK.format(slug))
    assert 'id="proof"' in page
    assert ('id="cards"' in page) is (key is Key.SIGNATURE), "the card is asked for only where it must be"
    assert client.get(UNBLOCK.format(slug) + "steps").status_code == 404

    purpose = slug.replace("-", "_")
    path = f"enrolments/{reference}/unblock/{purpose}"
    assert f'data-request="/api/phone/v1/{path}"' in page
    text = citizen.api("GET", path).json()["text"]
    body: dict[str, Any] = {"text": text}
    if key is Key.SIGNATURE:
        certificate, signature = sign_with_card(card, text)
        body["certificate"] = base64.b64encode(certificate).decode()
    else:
        signature = citizen.sign(text, Key.SIGNATURE, PHONE_PASSWORD)
    body["signature"] = base64.b64encode(signature).decode()
    assert citizen.api("POST", path, body).status_code == 200

    page = shown(client, UNBLOCK.format(slug))
    assert "初期化の準備をしています" in page
    assert "data-moving" in page
    assert 'id="proof"' not in page
    citizen.deliver("tsm")
    waiting = client.get(UNBLOCK.format(slug) + "steps")
    assert "つながるのを待っています" in waiting.content.decode()
    assert waiting.headers["X-Screen"] == "unblocking"
    citizen.converse()
    done = client.get(UNBLOCK.format(slug) + "steps")
    assert "新しく決めてください" in done.content.decode()
    assert done.headers["X-Screen"] == "unblocked"
    assert 'id="fresh"' in shown(client, UNBLOCK.format(slug))
    assert state_of(citizen, key) is PasswordState.NOT_SET
    assert state_of(citizen, other) is PasswordState.SET


def test_a_stopped_phone_unblocks_and_changes_nothing(client: Client, realm: Realm, citizen: Citizen) -> None:
    citizen.enrol(card_of(realm))
    found = enrolments.current(citizen.phone)
    assert found is not None
    services.suspend(found, source="test")
    for page in (UNBLOCK.format("signature"), "/phone/passwords/signature/", "/phone/passwords/"):
        told = shown(client, page)
        assert "一時利用停止中です" in told
        assert '<form class="stack"' not in told
