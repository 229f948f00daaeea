"""Fixtures for the client's tests: a site that is called in this very process, and a citizen who answers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from django.conf import settings as site_settings
from django.core.wsgi import get_wsgi_application
from jpki_client import Client

from ca.models import Holder, Realm
from ca.profiles import Medium, Purpose
from portal.handoff import hand_offs
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import issue_all_four
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import key, make_bank, make_credential

# (a hand-off's link, what answers) -> the address at the service to which the browser is sent back
Answer = Callable[..., str]


def site() -> httpx.Client:
    """Return an HTTP client, with cookies of its own, of the site in this process."""
    return httpx.Client(transport=httpx.WSGITransport(app=get_wsgi_application()), base_url=site_settings.PUBLIC_URL)


@pytest.fixture
def bank(realm: Realm, responder_address: str, settings: Any) -> Client:
    """Return the client of a registered bank."""
    settings.RESPONDER_URL = responder_address
    make_credential(make_bank(realm))
    return Client(settings.PUBLIC_URL, "test-bank", key(0), key_id="key-1", http=site())


@pytest.fixture
def citizen(holder: Holder) -> Citizen:
    return Citizen({(Purpose(one.purpose), Medium(one.medium)): one for one in issue_all_four(holder)})


@pytest.fixture
def answer(citizen: Citizen) -> Answer:
    """Give `answer(link, medium)`: the citizen's browser opens the link, answers, and is sent back."""

    def answered(link: str, medium: Medium = Medium.PHONE) -> str:
        with site() as browser:
            assert browser.get(link).status_code == 200
            hand_off = hand_offs.by_token(urlsplit(link).path.split("/")[2])
            posted = browser.post(
                f"{link}answer",
                json=citizen.posted(hand_off, medium),
                headers={"X-CSRFToken": browser.cookies["jpki_csrf"]},
            )
            assert posted.status_code == 200, posted.text
            back = browser.get(urljoin(link, posted.json()["return_url"]))
        return str(back.headers["Location"])

    return answered
