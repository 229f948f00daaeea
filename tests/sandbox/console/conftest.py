"""Fixtures of the console: a workspace, and browsers of its organisation's members."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from portal.providers.models import Membership, Workspace
from sandbox.models import TraceEvent
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.providers.people import client, make_provider, make_workspace

Page = Callable[[str], str]


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"


@pytest.fixture
def owner(realm: Realm) -> Membership:
    return make_provider(realm)


@pytest.fixture
def workspace(owner: Membership) -> Workspace:
    """Return a workspace on whose trace nothing stands yet; it has no authorities."""
    made = make_workspace(owner)
    TraceEvent.objects.filter(realm=made.realm).delete()
    return made


@pytest.fixture
def visitor(workspace: Workspace, realm: Realm) -> Client:
    """Return a developer's browser."""
    return client(make_provider(realm, "dev@bank.example", role="developer", organisation=workspace.organisation))


@pytest.fixture
def reader(workspace: Workspace, realm: Realm) -> Client:
    """Return the browser of somebody who may only read."""
    return client(make_provider(realm, "view@bank.example", role="viewer", organisation=workspace.organisation))


@pytest.fixture
def address(workspace: Workspace) -> Page:
    """Give `address("trace/")`: the path of a page of the console."""
    return lambda rest: f"/providers/{workspace.organisation.reference}/workspace/{rest}"
