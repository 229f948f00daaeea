"""Fixtures for the screen lock: a citizen with valid certificates, whose phone this browser stands in for."""

import pytest

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.phone.conftest import _phones_here, citizen, in_hand  # noqa: F401
from tests.portal.screen_lock.authenticator import Authenticator
from tests.tsm.enrolment.citizen import Citizen, card_of


@pytest.fixture
def enrolled(realm: Realm, citizen: Citizen) -> Citizen:  # noqa: F811
    citizen.enrol(card_of(realm))
    return citizen


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator()
