"""Fixtures of the console: an operator, and an enrolment in use."""

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
def operator(realm: Realm) -> Account:
    return make_staff(realm, "kaede", "operator")


@pytest.fixture
def enrolment(holder: Holder) -> Enrolment:
    return enrolled(holder)
