"""The workspace's credentials, issued as every service's are (`whitelist.credentials`), for as long as one may be.

Where a browser can't make a key pair, the server makes one, tells it once, and keeps the public half alone.
"""

from datetime import timedelta

from django.conf import settings

from ca import clock
from portal.accounts.models import Account
from portal.providers.errors import WorkspaceNotReady
from portal.providers.models import Workspace
from portal.providers.workspaces import State, relying_party
from whitelist import credentials
from whitelist.credentials import Issuing, keys
from whitelist.credentials.keys import Key
from whitelist.models import Credential


def of(workspace: Workspace) -> list[Credential]:
    """Return the workspace's credentials that go on, oldest first."""
    now = clock.now(workspace.realm)
    rows = Credential.objects.filter(relying_party__realm_id=workspace.realm_id, disabled_at=None, not_after__gt=now)
    return list(rows.filter(relying_party__organisation_id=workspace.organisation_id))


def add(workspace: Workspace, typed: str, *, by: Account) -> Credential:
    """Take a public key as it was pasted. Raises WorkspaceNotReady, and what `credentials.issue` and `keys.read` do."""
    return _issue(workspace, keys.read(typed, Credential.Kind.PRIVATE_KEY_JWT), by)


def make(workspace: Workspace, *, by: Account) -> tuple[Credential, str]:
    """Make a key pair, keep its public half; return that and the private key (PEM). Raises as `credentials.issue`."""
    pem, key = keys.make()
    return _issue(workspace, key, by), pem


def _issue(workspace: Workspace, key: Key, by: Account) -> Credential:
    if workspace.state != State.READY:
        raise WorkspaceNotReady("its authorities aren't made yet")
    entry = relying_party(workspace)
    until = clock.now(entry.realm) + timedelta(days=settings.CREDENTIAL_DAYS)
    if key.certified_until is not None:
        until = min(until, key.certified_until)
    return credentials.issue(entry, Issuing(key, until), by=by.name)
