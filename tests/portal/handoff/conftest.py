"""Fixtures for the hand-off: a registered bank, a citizen with phone certificates, a browser that is a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from portal.handoff import asking
from portal.handoff.asking import Asked
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import issue_all_four
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from tsm.models import Phone
from whitelist.models import Credential

Ask = Callable[..., Asked]


@pytest.fixture
def credential(realm: Realm) -> Credential:
    return make_credential(make_bank(realm))


@pytest.fixture
def citizen(holder: Holder) -> Citizen:
    """Return somebody whose card and phone have all four certificates."""
    certificates: dict[tuple[Purpose, Medium], Certificate] = {
        (Purpose(each.purpose), Medium(each.medium)): each for each in issue_all_four(holder)
    }
    return Citizen(certificates)


@pytest.fixture
def ask(credential: Credential) -> Ask:
    """Give `ask(purpose, …)`: the bank asks a phone."""

    def asked(purpose: Purpose = Purpose.USER_AUTHENTICATION, **changes: Any) -> Asked:
        values: dict[str, Any] = {"purpose": purpose, "return_url": CALLBACK, "media": [Medium.PHONE]}
        if purpose == Purpose.SIGNATURE:
            values |= {"document_name": "契約書"}
            values |= {} if "pdf" in changes else {"document": "契約書\r\n第1条\n"}
        return asking.ask(credential, **(values | changes))

    return asked


@pytest.fixture
def phone(realm: Realm, client: Client, settings: Any) -> Phone:
    """Make the test's browser a phone."""
    from ca import clock

    settings.PHONE_DEVICES = "tests.portal.handoff.devices"
    phone = Phone.objects.create(
        realm=realm, model_code="test", name="試験スマホ", token_digest="", created_at=clock.now(realm)
    )
    session = client.session
    session["phone"] = str(phone.reference)
    session.save()
    return phone
