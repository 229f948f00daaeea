"""The headless sandbox's one workspace, made by one process that holds every key for that moment."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction

from ca import ceremony, clock
from portal.accounts.models import Account
from portal.handoff.api import token_endpoint
from portal.providers import keys, workspaces
from portal.providers.models import Workspace
from sandbox import furnishing
from whitelist.models import Organisation

PATIENCE = 60.0  # seconds
NAME_JA, NAME_EN = "組み込みの試験", "Headless"


def make() -> dict[str, Any]:
    """Make tables, workspace and key in an empty database; return what its integrator needs to know.

    {"realm", "client_id", "key_id", "private_key" (PKCS #8, PEM), "token_endpoint", "callback_urls"}
    """
    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        home = ceremony.create_realm(settings.DEFAULT_REALM, name="Sandbox")
        organisation = Organisation.objects.create(
            realm=home, name_ja=NAME_JA, name_en=NAME_EN, created_at=clock.now(home)
        )
        user = get_user_model().objects.create_user("headless")
        by = Account.objects.create(
            user=user,
            realm=home,
            role=Account.Role.PROVIDER,
            state=Account.State.ACTIVE,
            created_at=clock.machine(),
        )
    workspace = workspaces.ask(organisation, by=by)
    _finish(workspace)
    credential, private_key = keys.make(workspace, by=by)
    # A test's first call may be about anybody: nobody looks whether the people are there yet.
    _wait(lambda: furnishing.is_furnished(workspace.realm), "its people aren't all there")
    return {
        "realm": workspace.realm.slug,
        "client_id": credential.relying_party.client_id,
        "key_id": credential.key_id,
        "private_key": private_key,
        "token_endpoint": token_endpoint(),
        "callback_urls": workspaces.callbacks(workspace),
    }


def _finish(workspace: Workspace) -> None:
    """Make the workspace's keys and authorities here; a worker that was woken for it may be at it, too."""

    def made() -> bool:
        workspaces.make_keys(workspace.pk)
        workspaces.make(workspace.pk)
        workspace.refresh_from_db()
        return workspace.state == Workspace.State.READY

    _wait(made, "the workspace isn't ready")


def _wait(done: Callable[[], bool], trouble: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(trouble)
        time.sleep(0.05)
