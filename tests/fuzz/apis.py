"""Every operation of every API, asked by each who might: `make fuzz-apis`. It takes minutes: no test run collects it.

Whoever asks, it is never our error, and never a status, a header or a member that the description doesn't know.
EXAMPLES says how many requests of each operation fit its description, and how many don't.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections
from django.test import Client

from ca.models import Realm
from portal.accounts.models import Account
from portal.api import apis, document
from sandbox import phones
from sandbox.models import VirtualPhone
from tests.fuzz import phone_api
from tests.portal.accounts.people import make_staff, sign_in
from tests.portal.api.asking import ALWAYS, CHECKS, Asker, operations_of
from tests.portal.api.conftest import factory  # noqa: F401
from tests.portal.api.workspaces import token_of, whole_workspace
from tests.portal.providers.people import client as provider_at_browser
from tests.portal.providers.people import make_organisation, make_provider
from tests.tsm.enrolment.citizen import Citizen, card_of
from tests.whitelist.relying_parties import assertion, make_bank, make_credential
from tsm.models import Conversation
from whitelist.credentials import tokens

EXAMPLES = int(os.environ.get("EXAMPLES", "3"))
Headers = dict[str, str]
SIGNALS = (signals.request_started, signals.request_finished)


@pytest.fixture
def world(transactional_db: None, settings: Any, caplog: pytest.LogCaptureFixture) -> Realm:
    """Return the site's realm."""
    from tests.ca.fixtures import make_realm

    caplog.set_level("ERROR", logger="django.request")
    realm = make_realm()
    settings.API_REQUESTS, settings.DEFAULT_REALM = 1_000_000, realm.slug
    return realm


@contextlib.contextmanager
def connection_kept() -> Iterator[None]:
    """Have requests leave the test's connection open, which a server's would close behind each.

    Around the asking alone: Django's own client of tests sets it back behind each of its requests.
    """
    for signal in SIGNALS:
        signal.disconnect(close_old_connections)
    yield
    for signal in SIGNALS:
        signal.connect(close_old_connections)


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def cookies(browser: Client) -> Headers:
    return {"Cookie": "; ".join(f"{name}={one.value}" for name, one in browser.cookies.items())}


def nobody(realm: Realm, deliver: Any) -> Headers:
    return {}


def liar(realm: Realm, deliver: Any) -> Headers:
    """One who shows what is no token."""
    return bearer("0" * 43)


def service(realm: Realm, deliver: Any) -> Headers:
    """A workspace's service, in its own world."""
    workspace = whole_workspace(make_provider(realm))
    deliver("phones", "factory", "ca")
    return bearer(token_of(workspace))


def verifier(realm: Realm, deliver: Any) -> Headers:
    """A registered service of the site's own realm, which is nobody's workspace."""
    make_credential(make_bank(realm))
    return bearer(tokens.exchange(assertion("test-bank", "here"), audience="here").value)


def phone(realm: Realm, deliver: Any) -> Headers:
    made = phones.make(realm, "sakura-8")
    return bearer(phones.bearer(VirtualPhone.objects.get(phone=made)))


def officer(realm: Realm, deliver: Any) -> Headers:
    return cookies(sign_in(make_staff(realm, "officer", Account.Role.HELPDESK)))


def provider(realm: Realm, deliver: Any) -> Headers:
    """A member of an organisation, signed in at a browser."""
    return cookies(provider_at_browser(make_provider(realm)))


ROLES = (nobody, liar, verifier, phone, officer, provider)
MAY_NOT = {nobody, liar, phone, officer, provider}


@pytest.mark.usefixtures("factory")
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.__name__)
@pytest.mark.parametrize("api", apis.every(), ids=lambda api: api.slug)
def test_whoever_asks_is_answered_as_it_is_described(
    api: apis.Api, role: Callable[[Realm, Any], Headers], world: Realm, deliver: Any
) -> None:
    asker = Asker(role(world, deliver), examples=EXAMPLES, checks=ALWAYS)
    operations = operations_of(document.of(api), f"{api.prefix}openapi.json")
    with connection_kept():
        asker.ask_all(operations)
    assert not asker.wrong, "\n\n".join(asker.wrong)
    if role in MAY_NOT:
        guarded = {one.label for one in operations if one.definition.raw.get("security")}
        assert all(min(asker.asked[label]) >= 400 for label in guarded), asker.asked


@pytest.mark.usefixtures("factory")
@pytest.mark.parametrize("api", apis.every(), ids=lambda api: api.slug)
def test_another_workspaces_service_finds_nothing_of_ours(api: apis.Api, world: Realm, deliver: Any) -> None:
    """It asks with the names of all that we made."""
    other = make_provider(world, "other@shop.example", organisation=make_organisation(world, "店"))
    ours = Asker(service(world, deliver), examples=EXAMPLES, checks=CHECKS)
    theirs = Asker(service_of(other, deliver), examples=EXAMPLES, checks=ALWAYS)
    for asker in (ours, theirs):
        operations = operations_of(document.of(api), f"{api.prefix}openapi.json")
        # It learns no names of its own: whatever it names is ours.
        theirs.known = {path: list(names) for path, names in ours.known.items()}
        theirs.learns = False
        with connection_kept():
            asker.ask_all(operations)
        assert not asker.wrong, "\n\n".join(asker.wrong)


def service_of(owner: Any, deliver: Any) -> Headers:
    workspace = whole_workspace(owner)
    deliver("phones", "factory", "ca")
    return bearer(token_of(workspace))


@pytest.mark.parametrize("who", ["nobody", "liar", "phone", "another phone", "service"])
def test_a_phones_api_answers_phones_and_refuses_the_rest(who: str, world: Realm, deliver: Any) -> None:
    citizen = Citizen.with_new_phone(world, deliver)
    applied = citizen.apply(card_of(world))
    assert applied.status_code == 201
    deliver("tsm", "ca", "sweeps")
    headers = {
        "nobody": dict,
        "liar": lambda: bearer("0" * 43),
        "phone": lambda: bearer(phones.bearer(citizen.row)),
        "another phone": lambda: phone(world, deliver),
        "service": lambda: verifier(world, deliver),
    }[who]()
    asker = Asker(headers, examples=4 * EXAMPLES, checks=ALWAYS)
    asker.known = {
        "/api/phone/v1/enrolments": [applied.json()["id"]],
        "sessionId": [str(Conversation.objects.get().reference)],
    }
    operations = operations_of(phone_api.described(document.PROBLEM), "/openapi.json")
    with connection_kept():
        asker.ask_all(operations)
    assert not asker.wrong, "\n\n".join(asker.wrong)
    seen = {label: set(statuses) for label, statuses in asker.asked.items()}
    if who == "phone":
        assert 200 in seen["POST /gp/seram/remoteManagement"], seen
        assert 200 in seen["GET /api/phone/v1/enrolments/{reference}"], seen
    elif who == "another phone":
        assert not any(status < 300 for label, one in seen.items() if "{reference}" in label for status in one), seen
        assert not seen["POST /gp/seram/remoteManagement"] & {200}, seen
    else:
        assert all(one <= {400, 401, 403, 405, 415} for one in seen.values()), seen
