"""Clients of the sandbox's API for tests."""

from django.test import Client

from portal.providers import workspaces
from portal.providers.models import Workspace
from tests.whitelist.relying_parties import assertion, make_credential
from whitelist.credentials import tokens


def api_of(workspace: Workspace) -> Client:
    """Return a client that shows the bearer token of the workspace's test service."""
    entry, key_id = workspaces.relying_party(workspace), f"key-{workspace.pk}"
    make_credential(entry, key_id=key_id, number=workspace.pk)
    shown = assertion(entry.client_id, "here", key_id=key_id, number=workspace.pk)
    token = tokens.exchange(shown, audience="here")
    return Client(headers={"authorization": f"Bearer {token.value}"})
