"""A workspace with a service in this process, and a citizen whose phone has its certificates."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from jpki_client import Client

from ca import ceremony, clock
from ca.models import Realm
from portal.providers.models import Workspace
from sandbox import furnishing, phones
from sandbox.hands import PhonePasswords
from sandbox.models import VirtualPhone
from tests.ca import responders
from tests.ca.fixtures import *  # noqa: F403
from tests.client.conftest import site
from tests.sandbox.conformance.services import Service, serving
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, PHONE_PIN, Citizen, card_of
from tests.whitelist.relying_parties import key, make_bank, make_credential
from tsm.models import Phone
from whitelist.models import Organisation, RegisteredApplication, RelyingParty

Deliver = Callable[..., list[str]]


@pytest.fixture
def realm(db: None) -> Realm:
    """Return a workspace's realm, old enough for certificates that have expired; its people aren't made."""
    made = ceremony.create_realm("test")
    furnishing.open(made)
    ceremony.create_authorities(made)
    furnishing.furnish_past(made)
    assert furnishing.settle(made)
    return Realm.objects.get(pk=made.pk)


@pytest.fixture
def responder_address(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """Start the responder of a sandbox, which can open specimens' keys; return its address."""
    folder = tmp_path / "responder"
    folder.mkdir()
    with responders.started(folder, SANDBOX_SEAL_KEY=site_settings.SANDBOX_SEAL_KEY) as (address,):
        yield f"http://{address}"


@pytest.fixture
def service() -> Iterator[Service]:
    """Return a careful service on a port; it knows the site once it is registered."""
    with serving(Service()) as running:
        yield running


@pytest.fixture
def relying_party(realm: Realm, service: Service, settings: Any, responder_address: str) -> RelyingParty:
    """Return the service's entry in the workspace of its organisation."""
    settings.RESPONDER_URL = responder_address
    now = clock.machine()
    organisation = Organisation.objects.create(
        realm=realm, name_ja="試験会社", name_en="Test", created_at=now, workspace=realm
    )
    Workspace.objects.create(
        organisation=organisation, realm=realm, asked_by="test", asked_at=now, state=Workspace.State.READY
    )
    entry = make_bank(realm, organisation=organisation)
    RegisteredApplication.objects.create(relying_party=entry, origin=service.origin, callback_urls=[service.callback])
    make_credential(entry)
    service.client = Client(settings.PUBLIC_URL, entry.client_id, key(0), key_id="key-1", http=site())
    return entry


@pytest.fixture
def phone(realm: Realm, deliver: Deliver, settings: Any) -> Phone:
    """Return a phone with an active pair, whose PIN and password this world knows."""
    settings.TSM_PUSH = ""  # it talks when it is told to, not when a worker is woken
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card_of(realm))
    row = VirtualPhone.objects.get(phone=citizen.phone)
    phones.remember(row, PhonePasswords(PHONE_PASSWORD, PHONE_PIN))
    return citizen.phone
