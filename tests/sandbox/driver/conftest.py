"""A workspace with a service that is really there, and a citizen whose phone has its certificates."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from portal.handoff import asking
from portal.handoff.asking import Asked
from portal.providers.models import Workspace
from sandbox.models import VirtualCard
from tests.ca.fixtures import *  # noqa: F403
from tests.sandbox.driver.service import Service, serving
from tests.tsm.enrolment.citizen import Citizen, card_of
from tests.whitelist.relying_parties import assertion, make_bank, make_credential
from tsm.models import Phone
from whitelist.credentials import tokens
from whitelist.models import Credential, Organisation, RegisteredApplication

Ask = Callable[..., Asked]
Deliver = Callable[..., list[str]]
Call = Callable[..., Any]


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        yield running


def workspace_of(realm: Realm) -> Workspace:
    """Return the workspace that a realm is."""
    now = clock.machine()
    organisation = Organisation.objects.create(realm=realm, name_ja="試験会社", name_en="Test", created_at=now)
    return Workspace.objects.create(
        organisation=organisation, realm=realm, asked_by="test", asked_at=now, state=Workspace.State.READY
    )


@pytest.fixture
def workspace(realm: Realm) -> Workspace:
    return workspace_of(realm)


@pytest.fixture
def credential(workspace: Workspace, service: Service) -> Credential:
    bank = make_bank(workspace.realm)
    RegisteredApplication.objects.create(relying_party=bank, origin=service.url, callback_urls=[service.callback])
    return make_credential(bank)


@pytest.fixture
def ask(credential: Credential, service: Service) -> Ask:
    """Give `ask(purpose, …)`: the service asks a phone, and sends its citizens to the link from /start."""

    def asked(purpose: Purpose = Purpose.USER_AUTHENTICATION, **changes: Any) -> Asked:
        values: dict[str, Any] = {"purpose": purpose, "return_url": service.callback, "state": "s1"}
        if purpose == Purpose.SIGNATURE and "pdf" not in changes:
            values |= {"document": "契約書\r\n第1条\n", "document_name": "契約書"}
        made = asking.ask(credential, **(values | changes))
        service.link = made.address
        return made

    return asked


@pytest.fixture
def card(realm: Realm) -> VirtualCard:
    return card_of(realm)


@pytest.fixture
def phone(realm: Realm, card: VirtualCard, deliver: Deliver) -> Phone:
    """Return a phone with an active pair: PIN 6194, password PHONE82KX4."""
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card)
    return citizen.phone


@pytest.fixture
def call(credential: Credential, client: Client) -> Call:
    """Give `call(method, path, body)`: the sandbox's API, asked with the service's token."""
    token = tokens.exchange(assertion("test-bank", "here"), audience="here").value

    def called(method: str, path: str, body: Any = None, **headers: str) -> Any:
        root = "" if path.startswith("/") else "/sandbox/api/v1/"
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return client.generic(method, root + path, headers={"Authorization": f"Bearer {token}", **headers}, **given)

    return called
