"""Fixtures of keys: a realm, quick hashes, an organisation's owner."""

from typing import Any

import pytest

from ca.models import Realm
from portal.providers.models import Membership
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.providers.people import make_provider


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"


@pytest.fixture
def owner(realm: Realm) -> Membership:
    return make_provider(realm)
