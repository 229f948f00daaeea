"""Fixtures for the phone's screens: a citizen whose phone this browser stands in for."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.tsm.enrolment.citizen import Citizen

Deliver = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def _phones_here(settings: Any) -> None:
    settings.TSM_LONG_POLL_SECONDS = 0
    settings.PHONE_DEVICES = "tests.portal.phone.devices"
    settings.DEFAULT_REALM = "test"


@pytest.fixture
def in_hand(client: Client) -> Callable[[Citizen], None]:
    """Give `in_hand(citizen)`: the test's browser becomes that citizen's phone."""

    def take(citizen: Citizen) -> None:
        session = client.session
        session["phone"] = str(citizen.phone.reference)
        session["phones"] = [*session.get("phones", []), str(citizen.phone.reference)]
        session.save()

    return take


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver, in_hand: Callable[[Citizen], None]) -> Citizen:
    """Return a citizen with a new phone in hand."""
    made = Citizen.with_new_phone(realm, deliver)
    in_hand(made)
    return made
