"""Fixtures of accounts: a realm, quick hashes, the help desk's people."""

from typing import Any

import pytest

from ca.models import Realm
from portal.accounts.models import Account
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.accounts.people import make_staff


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"


@pytest.fixture
def agent(realm: Realm) -> Account:
    return make_staff(realm, "sakura")
