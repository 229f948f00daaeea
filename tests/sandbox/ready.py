"""Workspaces for tests that are ready: with authorities, which are made once a session and put back for each test."""

from typing import Any

from django.test import Client

from ca import clock
from ca.models import Realm
from portal.providers import workspaces
from portal.providers.models import Workspace
from tests.ca.fixtures import make_realm
from tests.portal.providers.people import make_organisation, make_provider
from tests.sandbox.trace.workspaces import api_of
from whitelist.models import Organisation


def ready(home: Realm, name: str) -> Workspace:
    """Return a workspace with authorities, of an organisation of that name with one member."""
    realm = make_realm(f"ws-{name}")
    organisation = make_organisation(home, f"{name}社", name_en=name)
    member = make_provider(home, f"owner@{name}.example", organisation=organisation)
    Organisation.objects.filter(pk=organisation.pk).update(workspace=realm)
    workspaces._register(organisation, realm)  # as `workspaces.ask` does, whose realm would be a new one
    now = clock.machine()
    return Workspace.objects.create(
        organisation=organisation,
        realm=realm,
        state=Workspace.State.READY,
        asked_by=member.account.name,
        asked_at=now,
        ready_at=now,
    )


class Api:
    """The sandbox's API as a workspace's test service calls it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.realm = workspace, workspace.realm
        self._client: Client = api_of(workspace)

    def __call__(self, method: str, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
        call = getattr(self._client, method)
        more = {"data": body, "content_type": "application/json"} if method != "get" else {}
        answer = call(f"/sandbox/api/v1/{path}", headers=headers, **more)
        assert answer.status_code == expect, (answer.status_code, answer.content.decode())
        return answer.json() if answer.content else None
