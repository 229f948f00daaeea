"""The application, one thing a page: where it was left it is found again, and a change of phone names the old one."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from ca import clock
from ca.models import Realm
from tests.tsm.enrolment.citizen import Citizen, card_of
from tsm.compatibility import Result, record

pytestmark = pytest.mark.django_db(transaction=True)

InHand = Callable[[Citizen], None]
CONSENTS = {"conditions": "agreed", "disposal": "agreed"}


def shown(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response
    return str(response.content.decode())


def test_each_page_leads_to_the_next_and_back(client: Client, citizen: Citizen) -> None:
    pages = ["/phone/apply/", "/phone/apply/phone/", "/phone/apply/agree/"]
    for page, after in pairwise(pages):
        assert f'href="{after}"' in shown(client, page)
        assert f'href="{page}"' in shown(client, after)
    client.post("/phone/apply/agree/", CONSENTS)
    assert 'href="/phone/apply/agree/"' in shown(client, "/phone/apply/card/")


@pytest.mark.parametrize("page", ["/phone/apply/phone/", "/phone/apply/agree/"])
def test_an_application_left_half_way_is_offered_on_the_home_page(client: Client, citizen: Citizen, page: str) -> None:
    assert "申請を続ける" not in shown(client, "/phone/")
    shown(client, page)
    home = shown(client, "/phone/")
    assert f'href="{page}">申請を続ける' in home
    client.post("/phone/apply/agree/", CONSENTS)
    assert 'href="/phone/apply/card/">申請を続ける' in shown(client, "/phone/")


def test_what_was_left_belongs_to_one_phone(
    client: Client, realm: Realm, citizen: Citizen, in_hand: InHand, deliver: Any
) -> None:
    shown(client, "/phone/apply/agree/")
    in_hand(Citizen.with_new_phone(realm, deliver))
    assert "申請を続ける" not in shown(client, "/phone/")


def test_a_sent_application_needs_no_going_on_and_another_its_own_consent(
    client: Client, realm: Realm, citizen: Citizen
) -> None:
    client.post("/phone/apply/agree/", CONSENTS)
    reference = citizen.apply(card_of(realm)).json()["id"]
    page = f"/phone/enrolments/{reference}/"
    shown(client, page)
    assert "申請を続ける" not in shown(client, "/phone/")
    # While it is under way, every page of the application leads to it.
    for address in ("/phone/apply/", "/phone/apply/phone/", "/phone/apply/agree/", "/phone/apply/card/"):
        assert client.get(address).headers["Location"] == page
    citizen.converse()
    citizen.set_passwords()
    citizen.activate(reference)
    citizen.end(reference)
    assert client.get("/phone/apply/card/").headers["Location"] == "/phone/apply/agree/"


def test_a_model_that_failed_its_test_meanwhile_is_told_on_its_page(client: Client, citizen: Citizen) -> None:
    today = clock.day(citizen.phone.created_at)
    record("sakura-8", Result(today, "SK8-15", passed=False))
    page = shown(client, "/phone/apply/phone/")
    assert "発行できません" in page
    assert "/phone/apply/agree/" not in page


def test_the_done_page_says_what_was_issued_until_when(client: Client, realm: Realm, citizen: Citizen) -> None:
    reference = citizen.enrol(card_of(realm))
    page = shown(client, f"/phone/enrolments/{reference}/")
    assert page.count("まで使えます。") == 2
    assert "スマホ用署名用電子証明書" in page


def test_a_change_of_phone_names_the_old_one_until_it_has_ended_and_been_emptied(
    client: Client, realm: Realm, citizen: Citizen, in_hand: InHand, deliver: Any
) -> None:
    card = card_of(realm)
    first = citizen.enrol(card)
    assert citizen.phone.name in shown(client, "/phone/change/")
    second = Citizen.with_new_phone(realm, deliver, "kaede-3")
    in_hand(second)
    reference = second.apply(card).json()["id"]
    page = f"/phone/enrolments/{reference}/"
    assert f"それまでは{citizen.phone.name}が使えます" in shown(client, page)
    second.converse()
    assert f"{citizen.phone.name}の電子証明書は失効します" in shown(client, page)
    second.set_passwords()
    assert second.activate(reference).status_code == 200
    assert "手元になくてもかまいません" in shown(client, page)

    # The old phone's screen says why, and when it is done.
    client.post("/phone/use", {"phone": str(citizen.phone.reference)})
    old = shown(client, f"/phone/enrolments/{first}/")
    assert "かえで 3を使い始めたため（機種変更）" in old
    assert "削除しています" in old
    citizen.converse()
    assert "失効し、削除されました" in shown(client, "/phone/")
    client.post("/phone/use", {"phone": str(second.phone.reference)})
    assert f"{citizen.phone.name}の電子証明書は失効し、削除されました" in shown(client, page)
