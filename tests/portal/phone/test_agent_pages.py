"""The local agent's way into the phone's pages, and the pages' way to the agent."""

from typing import Any

import pytest
from django.core import signing
from django.test import Client

from ca.models import Realm
from portal.phone import agent, devices
from tests.ca.fixtures import *  # noqa: F403
from tests.tsm.enrolment.citizen import Citizen, Deliver

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_address_puts_a_browser_in_the_phones_place(realm: Realm, deliver: Deliver) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    url = citizen.api("POST", "pages").json()["url"]
    browser = Client()
    assert browser.get(url.partition("8000")[2]).status_code == 302
    assert browser.session["phone"] == str(citizen.phone.reference)
    assert Client().post("/api/phone/v1/pages").status_code == 401


def test_an_address_that_has_run_out_or_was_made_up_opens_nothing(
    realm: Realm, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    ticket = citizen.api("POST", "pages").json()["url"].rpartition("/")[2]
    other = signing.dumps(str(citizen.phone.reference), salt="something else")
    monkeypatch.setattr(agent, "TICKET_SECONDS", -1)
    for wrong in (ticket, other, "x"):
        browser = Client()
        assert browser.get(f"/phone/opened/{wrong}").status_code == 404
        assert "phone" not in browser.session


def test_the_reader_is_offered_where_an_agent_is_set(realm: Realm, settings: Any, rf: Any) -> None:
    assert all("/card/session" not in card["url"] for card in devices.cards(rf.get("/"), realm))
    settings.PHONE_AGENT_URL = "http://127.0.0.1:9630"
    assert devices.cards(rf.get("/"), realm)[0]["url"] == "http://127.0.0.1:9630/card/session"
