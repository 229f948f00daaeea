"""Fixtures of the help desk: two agents, and a holder whose phone has valid certificates."""

from typing import Any

import pytest

from ca.models import Holder, Realm
from portal.accounts.models import Account
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.accounts.people import make_staff
from tests.portal.helpdesk.callers import enrolled
from tsm.models import Enrolment


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"


@pytest.fixture
def agent(realm: Realm) -> Account:
    return make_staff(realm, "sakura")


@pytest.fixture
def second(realm: Realm) -> Account:
    return make_staff(realm, "momiji")


@pytest.fixture
def enrolment(holder: Holder) -> Enrolment:
    """Return the holder's enrolment in use, with real certificates and a phone that isn't there."""
    return enrolled(holder)
