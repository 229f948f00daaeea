"""Fixtures of the trace: two workspaces, one of which has authorities."""

from typing import Any

import pytest

from ca import clock
from ca.models import Realm
from portal.providers.models import Membership, Workspace
from sandbox.models import TraceEvent
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import make_realm
from tests.portal.providers.people import make_organisation, make_provider, make_workspace


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"
    settings.TSM_LONG_POLL_SECONDS = 0


@pytest.fixture
def owner(realm: Realm) -> Membership:
    return make_provider(realm)


@pytest.fixture
def workspace(owner: Membership) -> Workspace:
    """Return a workspace on whose trace nothing stands yet."""
    return _blank(make_workspace(owner))


@pytest.fixture
def other(realm: Realm) -> Workspace:
    return _blank(make_workspace(make_provider(realm, "o@shop.example", organisation=make_organisation(realm, "他社"))))


@pytest.fixture
def whole(realm: Realm) -> Workspace:
    """Return a workspace whose realm has its authorities, with keys open to this process."""
    organisation = make_organisation(realm, "全部銀行")
    return Workspace.objects.create(
        organisation=organisation,
        realm=make_realm("ws-whole"),
        state=Workspace.State.READY,
        asked_by="owner",
        asked_at=clock.machine(),
    )


def _blank(made: Workspace) -> Workspace:
    TraceEvent.objects.filter(realm=made.realm).delete()
    return made
