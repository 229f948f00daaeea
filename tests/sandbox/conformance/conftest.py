"""A workspace with a service in this process, and a citizen whose phone has its certificates."""

from collections.abc import Callable
from typing import Any

import pytest

from ca import clock
from ca.models import Realm
from jpki_client import Client
from portal.providers.models import Workspace
from sandbox import phones
from sandbox.hands import PhonePasswords
from sandbox.models import VirtualPhone
from tests.ca.fixtures import *  # noqa: F403
from tests.client.conftest import site
from tests.sandbox.conformance.services import CALLBACK, ORIGIN, Service
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, PHONE_PIN, Citizen, card_of
from tests.whitelist.relying_parties import key, make_bank, make_credential
from tsm.models import Phone
from whitelist.models import Organisation, RegisteredApplication, RelyingParty

Deliver = Callable[..., list[str]]


@pytest.fixture
def relying_party(realm: Realm, settings: Any, responder_address: str) -> RelyingParty:
    """Return the service's entry in a workspace of its organisation."""
    settings.RESPONDER_URL = responder_address
    now = clock.machine()
    organisation = Organisation.objects.create(
        realm=realm, name_ja="試験会社", name_en="Test", created_at=now, workspace=realm
    )
    Workspace.objects.create(
        organisation=organisation, realm=realm, asked_by="test", asked_at=now, state=Workspace.State.READY
    )
    entry = make_bank(realm, organisation=organisation)
    RegisteredApplication.objects.create(relying_party=entry, origin=ORIGIN, callback_urls=[CALLBACK])
    make_credential(entry)
    return entry


@pytest.fixture
def service(relying_party: RelyingParty, settings: Any) -> Service:
    return Service(Client(settings.PUBLIC_URL, relying_party.client_id, key(0), key_id="key-1", http=site()))


@pytest.fixture
def phone(realm: Realm, deliver: Deliver) -> Phone:
    """Return a phone with an active pair, whose PIN and password this world knows."""
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card_of(realm))
    row = VirtualPhone.objects.get(phone=citizen.phone)
    phones.remember(row, PhonePasswords(PHONE_PASSWORD, PHONE_PIN))
    return citizen.phone
