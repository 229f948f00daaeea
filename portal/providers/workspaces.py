"""Workspaces: an organisation's own sandbox realm, with a relying party in its register that may ask at once.

The web writes down that one is wanted, and makes the realm's row and the relying party; two workers make the rest, one
after the other, each with one key store: the responders' keys (queue `workspaces`), then the authorities that certify
them (queue `ca`). Rows are the truth, messages only wake; nothing of any other realm is touched.
"""

import base64
import re
import secrets
from datetime import timedelta
from importlib import import_module
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from ca import ceremony, clock, journal, messages
from ca.errors import GenerationOutOfTurn
from ca.models import Realm
from ca.profiles import Purpose
from portal.accounts.models import Account
from portal.providers.errors import CallbackUnfit, TooMany, WorkspacesClosed
from portal.providers.models import Workspace
from portal.providers.organisations import DAY
from whitelist.models import (
    MinisterialCertification,
    Organisation,
    PurposeOfUse,
    RegisteredApplication,
    RelyingParty,
)

State = Workspace.State
CALLBACK = "http://localhost:3000/callback"
MOST_CALLBACKS = 10
LONGEST_CALLBACK = 500
YEAR = timedelta(days=365)
USES = (
    (Purpose.USER_AUTHENTICATION, "（試験）ログインする方の本人確認", "(Test) To know who signs in"),
    (Purpose.SIGNATURE, "（試験）契約や申請への電子署名", "(Test) To sign contracts and applications"),
)


def of(organisation: Organisation) -> Workspace | None:
    """Return the organisation's workspace, or None."""
    return Workspace.objects.select_related("realm").filter(organisation=organisation).first()


def ask(organisation: Organisation, *, by: Account) -> Workspace:
    """Have the organisation's workspace made; the one that it has where there is one.

    Raises WorkspacesClosed, TooMany.
    """
    if not settings.WORKSPACES:
        raise WorkspacesClosed("this site makes no workspaces")
    now = clock.machine()
    with transaction.atomic():
        journal.take(organisation.realm)
        found = of(organisation)
        if found is not None:
            return found
        if Workspace.objects.filter(asked_at__gt=now - DAY).count() >= settings.PROVIDER_WORKSPACES:
            raise TooMany("so many workspaces in a day")
        # Of no meaning: what stands in certificates' addresses and in the register's tells nobody whose it is.
        realm = ceremony.create_realm(f"ws-{secrets.token_hex(6)}", name=f"{organisation.name_ja}（試験）")
        Organisation.objects.filter(pk=organisation.pk).update(workspace=realm)
        made = Workspace.objects.create(organisation=organisation, realm=realm, asked_by=by.name, asked_at=now)
        _register(organisation, realm)
        journal.record(
            organisation.realm, "workspace.asked", str(organisation.reference), by=by.name, workspace=realm.slug
        )
        transaction.on_commit(lambda: messages.send("portal.make_workspace_keys", made.pk))
    organisation.workspace = realm
    return made


def relying_party(workspace: Workspace) -> RelyingParty:
    """Return who asks in the workspace."""
    return RelyingParty.objects.select_related("realm").get(
        realm_id=workspace.realm_id, organisation_id=workspace.organisation_id
    )


def callbacks(workspace: Workspace) -> list[str]:
    """Return the addresses to which a citizen may be sent back."""
    applications = RegisteredApplication.objects.filter(relying_party=relying_party(workspace))
    return [url for application in applications for url in application.callback_urls]


def change_callbacks(workspace: Workspace, typed: str, *, by: Account) -> list[str]:
    """Take other callback addresses, one a line; return them. Raises CallbackUnfit."""
    urls = list(dict.fromkeys(filter(None, (line.strip() for line in typed.splitlines()))))
    if not 1 <= len(urls) <= MOST_CALLBACKS:
        raise CallbackUnfit("none, or too many")
    origins: dict[str, list[str]] = {}
    for url in urls:
        origins.setdefault(_origin(url), []).append(url)
    entry = relying_party(workspace)
    with transaction.atomic():
        journal.take(entry.realm)
        RegisteredApplication.objects.filter(relying_party=entry).delete()
        RegisteredApplication.objects.bulk_create(
            RegisteredApplication(relying_party=entry, origin=origin, callback_urls=found)
            for origin, found in origins.items()
        )
        journal.record(entry.realm, "workspace.callbacks_changed", entry.client_id, by=by.name, callbacks=urls)
    return urls


# --- what workers do ------------------------------------------------------------------------------------
def make_keys(workspace_id: int) -> None:
    """Make the keys of the workspace's responders. Needs the responders' key store alone. Safe to run again."""
    found = Workspace.objects.select_related("realm").filter(pk=workspace_id, state=State.ASKED).first()
    if found is None:
        return
    made = {
        str(purpose): {"label": key.label, "public_key": base64.b64encode(key.public_key).decode()}
        for purpose, key in ceremony.create_responder_keys(found.realm).items()
    }
    # Of two who made keys at once, the second's stay in the store and are nobody's.
    if Workspace.objects.filter(pk=found.pk, state=State.ASKED).update(state=State.KEYED, responder_keys=made):
        messages.send("portal.make_workspace", found.pk)


def make(workspace_id: int) -> None:
    """Make the workspace's authorities, and what its world needs of them before it is ready to be used.

    Needs the authorities' key store alone. Safe to run again.
    """
    found = Workspace.objects.select_related("realm").filter(pk=workspace_id, state=State.KEYED).first()
    if found is None:
        return
    world = import_module(settings.WORKSPACES_WORLD) if settings.WORKSPACES_WORLD else None
    if world is not None:
        world.open(found.realm)
    made = {
        Purpose(purpose): ceremony.MadeKey(told["label"], base64.b64decode(told["public_key"]))
        for purpose, told in found.responder_keys.items()
    }
    try:
        ceremony.create_authorities_for(found.realm, made)
    except GenerationOutOfTurn:
        return  # another worker is at it; the sweep comes back
    if world is not None and not world.settle(found.realm):
        return  # whoever makes what is missing wakes us
    with transaction.atomic():
        journal.take(found.realm)
        now = clock.machine()
        if Workspace.objects.filter(pk=found.pk, state=State.KEYED).update(state=State.READY, ready_at=now):
            journal.record(found.realm, "workspace.ready", found.realm.slug)


def sweep() -> int:
    """Wake the workers for whatever isn't ready; return how many that are."""
    tasks = {State.ASKED: "portal.make_workspace_keys", State.KEYED: "portal.make_workspace"}
    # Younger ones were told of a moment ago.
    before = clock.machine() - timedelta(seconds=settings.WORKSPACES_SWEEP_SECONDS)
    rows = Workspace.objects.filter(state__in=tasks, asked_at__lt=before).values_list("pk", "state")
    return sum(messages.send(tasks[State(state)], pk) for pk, state in rows)


# --- the relying party ------------------------------------------------------------------------------------
def _register(organisation: Organisation, realm: Realm) -> None:
    """Put the organisation into its workspace's register: registered, certified as a test, both purposes."""
    entry = RelyingParty.objects.create(
        realm=realm,
        client_id=_client_id(organisation),
        name_ja=organisation.name_ja,
        name_en=organisation.name_en or organisation.name_ja,
        basis=RelyingParty.Basis.ITEM_6,
        website=settings.PUBLIC_URL,
        organisation=organisation,
        state=RelyingParty.State.REGISTERED,
    )
    today = clock.today(realm)
    MinisterialCertification.objects.create(
        relying_party=entry, number="試験-ワークスペース", granted_on=today - DAY, valid_until=today + 10 * YEAR
    )
    RegisteredApplication.objects.create(relying_party=entry, origin=_origin(CALLBACK), callback_urls=[CALLBACK])
    for purpose, ja, en in USES:
        PurposeOfUse.objects.create(relying_party=entry, purpose=purpose, text_ja=ja, text_en=en)
    journal.record(realm, "workspace.registered", entry.client_id)


def _client_id(organisation: Organisation) -> str:
    """Return a client id that says whose it is, as far as the name in English says so, and that it is for tests."""
    said = re.sub(r"[^a-z0-9]+", "-", organisation.name_en.lower()).strip("-")[:40].strip("-")
    return f"{said or 'org'}-test-{secrets.token_hex(4)}"


def _origin(url: str) -> str:
    """Return a callback address's origin. Raises CallbackUnfit where it isn't one that a browser may be sent to."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise CallbackUnfit("not an address") from None
    local = host in ("localhost", "127.0.0.1", "::1")
    fits = (
        len(url) <= LONGEST_CALLBACK
        and url.isascii()
        and url.isprintable()
        # It stands between quotation marks in lines that colleagues run.
        and not re.search(r"[\s\\<>\"'`]", url)
        and host
        and "@" not in parts.netloc
        and "#" not in url
        and (parts.scheme == "https" or (parts.scheme == "http" and local))
    )
    if not fits:
        raise CallbackUnfit("must be https, or http on this machine, without a fragment")
    return f"{parts.scheme}://{parts.netloc.lower()}"
