"""Fixtures of the trace: two workspaces, and a client of the API in each."""

from typing import Any

import pytest

from ca.models import Realm
from portal.providers.models import Membership, Workspace
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.providers.people import make_organisation, make_provider, make_workspace


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"


@pytest.fixture
def owner(realm: Realm) -> Membership:
    return make_provider(realm)


@pytest.fixture
def workspace(owner: Membership) -> Workspace:
    return make_workspace(owner)


@pytest.fixture
def other(realm: Realm) -> Workspace:
    return make_workspace(make_provider(realm, "other@shop.example", organisation=make_organisation(realm, "他社")))
