"""Fixtures for Mynaportal: it stands in the register, and a citizen's phone answers it."""

from typing import Any

import pytest
from django.test import Client

from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from portal.mynaportal import registration
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import issue_all_four
from tests.portal.handoff.citizens import Citizen
from tests.portal.mynaportal.visitor import Visitor


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"
    settings.PHONE_DEVICES = "tests.portal.handoff.devices"


@pytest.fixture
def citizen(holder: Holder) -> Citizen:
    """Return somebody whose card and phone have all four certificates."""
    certificates: dict[tuple[Purpose, Medium], Certificate] = {
        (Purpose(each.purpose), Medium(each.medium)): each for each in issue_all_four(holder)
    }
    return Citizen(certificates)


@pytest.fixture
def visitor(realm: Realm, client: Client, citizen: Citizen) -> Visitor:
    """Return the citizen at a browser, not signed in yet."""
    registration.register(realm)
    return Visitor(client, citizen)
