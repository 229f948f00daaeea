"""A workspace's phone in a browser: taken up by a member, its pages know its realm, and it answers hand-offs."""

import base64
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from portal.providers.models import Membership, Workspace
from sandbox import citizens, hands, issuing, phones
from sandbox.models import VirtualPhone
from tests.portal.providers.people import client, join, make_organisation, make_person, make_provider
from tests.sandbox.ready import Api
from tests.sandbox.world.conftest import settle
from tests.sandbox.world.test_issuing import walk
from tsm.jpki import Key
from tsm.models import Enrolment

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]
CALLBACK = "http://localhost:3000/callback"


@pytest.fixture
def row(api: Api, deliver: Deliver) -> VirtualPhone:
    """Return a phone of the workspace with hanako's certificates."""
    citizen = settle(api.realm)
    made = VirtualPhone.objects.get(phone=phones.make(api.realm, "sakura-8"))
    issuing.enrol(made, citizen)
    walk(made, deliver)
    issuing.go_on(made.phone.reference)
    assert Enrolment.objects.get().state == "active"
    return VirtualPhone.objects.select_related("phone__realm").get(pk=made.pk)


def member(workspace: Workspace, role: str = "developer") -> Client:
    organisation = workspace.organisation
    person = make_person(organisation.realm, f"{role}@members.example")
    return client(join(person, organisation, role))


def address(workspace: Workspace, row: VirtualPhone) -> str:
    return f"/sandbox/workspaces/{workspace.organisation.reference}/phones/{row.phone.reference}"


def test_a_member_takes_the_phone_up_and_answers_the_services_hand_off(
    api: Api, workspace: Workspace, row: VirtualPhone
) -> None:
    browser = member(workspace)
    taken = browser.post(address(workspace, row), {"next": "https://evil.example/"})
    assert taken.headers["Location"] == "/phone/"
    body = {"purpose": "user_authentication", "return_url": CALLBACK, "code_challenge": "x" * 43}
    asked = api._client.post("/api/v1/handoffs", body, content_type="application/json").json()
    link = asked["link"].partition("8000")[2]
    page = browser.get(link).content.decode()
    assert f"/sandbox/elements/{row.phone.reference}/session" in page
    known = phones.passwords(row)
    assert known is not None
    message = base64.b64decode(told_by(page, "message"))
    signed = hands.sign_with_phone(row, Key.AUTHENTICATION, known.user_authentication, message)
    told = browser.post(
        told_by(page, "answer-url"),
        {
            "service": api._client.get("/sandbox/api/v1/workspace").json()["client_id"],
            "certificate": base64.b64encode(signed.certificate).decode(),
            "signature": base64.b64encode(signed.signature).decode(),
        },
        content_type="application/json",
    )
    assert told.status_code == 200, told.content.decode()
    assert api._client.get(f"/api/v1/handoffs/{asked['id']}").json()["state"] == "answered"


def test_the_phones_pages_lay_the_cards_of_its_realm_on_the_reader_and_nobody_elses_browser_reaches_them(
    api: Api, workspace: Workspace, row: VirtualPhone
) -> None:
    browser = member(workspace)
    browser.post(address(workspace, row))
    card = citizens.card_of(citizens.of(api.realm).get())
    assert card is not None
    session = f"/sandbox/cards/{card.reference}/session"
    assert session not in browser.get("/phone/lost/").content.decode()
    assert play(browser, session).status_code == 404, "before a page has shown it"
    page = unescape(browser.get("/phone/passwords/signature/unblock/").content.decode())
    assert session in page
    assert "HANAKO7391" in page
    assert play(browser, session).json() == {"answers": ["9000"]}
    assert play(Client(), session).status_code == 404
    assert play(Client(), "/sandbox/cards/hanako/session").status_code == 404, "it isn't one of the site's own"


def test_nobody_else_takes_it_up(realm: Realm, workspace: Workspace, row: VirtualPhone) -> None:
    stranger = make_provider(realm, "o@next.example", organisation=make_organisation(realm, "隣の銀行"))
    for browser, status in ((client(stranger), 404), (member(workspace, "viewer"), 403), (Client(), 302)):
        answer = browser.post(address(workspace, row))
        assert answer.status_code == status
        assert browser.session.get("phone") is None
    phones.throw_away(row)
    assert member(workspace, "owner").post(address(workspace, row)).status_code == 404
    other = Membership.objects.get(organisation=stranger.organisation)
    assert client(other).get(address(workspace, row)).status_code in (404, 405)


def told_by(page: str, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]*)"', page)
    assert found is not None
    return found[1]


def play(browser: Client, url: str) -> Any:
    return browser.post(url, {"commands": ["00A4040C0AD392F000260100000001"]}, content_type="application/json")
