"""A workspace as it is when its workers were there, and a client with its test service's token."""

from django.test import Client

from portal.providers import workspaces
from portal.providers.models import Membership, Workspace
from tests.whitelist.relying_parties import assertion, make_credential
from whitelist.credentials import tokens


def whole_workspace(owner: Membership) -> Workspace:
    """Return the organisation's workspace, with authorities."""
    made = workspaces.ask(owner.organisation, by=owner.account)
    workspaces.make_keys(made.pk)
    workspaces.make(made.pk)
    made.refresh_from_db()
    return made


def token_of(workspace: Workspace) -> str:
    """Return a bearer token of the workspace's test service."""
    entry, key_id = workspaces.relying_party(workspace), f"key-{workspace.pk}"
    make_credential(entry, key_id=key_id, number=workspace.pk)
    shown = assertion(entry.client_id, "here", key_id=key_id, number=workspace.pk)
    return tokens.exchange(shown, audience="here").value


def client_of(workspace: Workspace) -> Client:
    """Return a client that shows such a token."""
    return Client(headers={"authorization": f"Bearer {token_of(workspace)}"})
