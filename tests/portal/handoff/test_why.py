"""Why may this service ask? The phone says it from the register, and nothing happens to the request by it."""

import urllib.parse

import pytest
from django.test import Client

from ca.models import Realm
from ca.profiles import Purpose
from portal.handoff import asking
from portal.handoff.models import HandOff
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from whitelist.cases import states
from whitelist.models import RelyingParty


@pytest.fixture
def link(realm: Realm) -> str:
    bank = make_bank(realm, state=RelyingParty.State.DRAFT)
    states.move_entry(bank, "register", by="officer-yamada")
    asked = asking.ask(make_credential(bank), purpose=Purpose.USER_AUTHENTICATION, return_url=CALLBACK)
    return urllib.parse.urlsplit(asked.address).path


def test_the_request_leads_to_the_reason_and_back(client: Client, link: str) -> None:
    page = client.get(link, headers={"accept-language": "ja"}).content.decode()
    assert f'href="{link}why"' in page
    why = client.get(f"{link}why", headers={"accept-language": "ja"}).content.decode()
    for part in (
        "主務大臣が認定した民間の事業者",
        "T-1",
        "試験の目的 user_authentication",
        "登録された日",
        f'href="{link}"',
    ):
        assert part in why
    assert "/register/test-bank/#history" in why
    assert "officer-yamada" not in why
    english = client.get(f"{link}why", headers={"accept-language": "en"}).content.decode()
    assert "Why this service may ask" in english
    assert HandOff.objects.get().state == "shown"


def test_it_is_for_the_browser_alone_that_opened_the_request(client: Client, link: str) -> None:
    client.get(link)
    assert Client().get(f"{link}why").status_code == 403
    assert client.get(f"{link}why").status_code == 200


def test_a_suspension_shows_there_from_its_moment(client: Client, link: str) -> None:
    client.get(link)
    states.move_entry(RelyingParty.objects.get(), "suspend", by="officer")
    assert "登録が停止されています" in client.get(f"{link}why", headers={"accept-language": "ja"}).content.decode()
