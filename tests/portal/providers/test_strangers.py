"""Nobody sees another organisation: every address and every API route, as every role of another one, and as nobody.

The addresses are those that the URL resolver has, so a new one is walked by itself; what stands in them comes from
`strangers`, and a parameter that isn't in its tables fails here.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from ca.models import Realm
from portal.handoff import api
from tests.portal.accounts.people import journal
from tests.portal.providers import strangers
from tests.portal.providers.people import ROLES, address, client, make_organisation, make_person, make_provider
from tests.whitelist.relying_parties import assertion
from whitelist import credentials

pytestmark = pytest.mark.django_db
METHODS = ("get", "post")
BELOW = "providers/<uuid:organisation>/"
PARAMETER = re.compile(r"<(?:[a-z]+:)?(\w+)>")


def addresses(prefix: str) -> list[tuple[str, str]]:
    """Return name and pattern of every address below a prefix."""
    return [(name, path) for name, path in _below(get_resolver(), "", "") if path.startswith(prefix)]


def _below(resolver: URLResolver, names: str, path: str) -> Iterator[tuple[str, str]]:
    for one in resolver.url_patterns:
        here = path + str(one.pattern)
        if isinstance(one, URLPattern):
            yield f"{names}{one.name}", here
        else:
            yield from _below(one, f"{names}{one.namespace}:" if one.namespace else names, here)


class Walk:
    """Addresses filled with the objects of one organisation, made once and only where they are asked for."""

    def __init__(self, tables: list[dict[tuple[str, str], Any]], owner: Any) -> None:
        self.tables, self.owner, self.made = tables, owner, {}  # type: ignore[var-annotated]

    def fill(self, name: str, path: str, **instead: Any) -> str:
        """Return the path with a value for each parameter; `instead` replaces some."""

        def value(match: re.Match[str]) -> str:
            parameter = match[1]
            if parameter in instead:
                return str(instead[parameter])
            row = next(filter(None, (strangers.found(table, name, parameter) for table in self.tables)), None)
            assert row is not None, f"{name}: add <{parameter}> to the tables of tests/portal/providers/strangers.py"
            if isinstance(row, str):
                return row
            if row not in self.made:
                self.made[row] = row(self.owner)
            return str(self.made[row])

        return "/" + PARAMETER.sub(value, path)


def objects(owner: Any) -> Walk:
    return Walk([strangers.OBJECTS, strangers.KINDS], owner)


def test_there_is_something_to_walk() -> None:
    assert ("providers:organisation", BELOW) in addresses(BELOW)
    assert "handoff_api:handoff" in dict(addresses("api/v1/"))


@pytest.mark.parametrize("method", METHODS)
def test_every_role_of_another_organisation_gets_404_as_if_there_were_none(realm: Realm, method: str) -> None:
    walk = objects(make_provider(realm))
    others = make_organisation(realm, "隣の銀行")
    for role in ROLES:
        browser = client(make_provider(realm, f"{role}@next.example", role=role, organisation=others))
        for name, path in addresses(BELOW):
            there = getattr(browser, method)(walk.fill(name, path))
            nowhere = getattr(browser, method)(walk.fill(name, path, organisation=uuid.uuid4()))
            assert (there.status_code, nowhere.status_code) == (404, 404), (role, name)
            assert _page(there) == _page(nowhere), (role, name)


@pytest.mark.parametrize("method", METHODS)
def test_an_object_of_another_organisation_isnt_found_below_ones_own(realm: Realm, method: str) -> None:
    walk = objects(make_provider(realm))
    others = make_organisation(realm, "隣の銀行")
    owned = {key[1] for key in strangers.OBJECTS} - {"organisation"}
    for role in ROLES:
        browser = client(make_provider(realm, f"{role}@next.example", role=role, organisation=others))
        for name, path in addresses(BELOW):
            if not owned & set(PARAMETER.findall(path)):
                continue
            response = getattr(browser, method)(walk.fill(name, path, organisation=others.reference))
            # 405: the address isn't for this method, whoever asks.
            assert response.status_code in (404, 403, 405), (role, name, response.status_code)


@pytest.mark.parametrize("method", METHODS)
def test_who_belongs_to_no_organisation_or_is_staff_gets_404(realm: Realm, method: str) -> None:
    walk = objects(make_provider(realm))
    for role in ("provider", "helpdesk", "officer", "operator"):
        browser = client(make_person(realm, f"{role}@next.example", role=role))
        for name, path in addresses(BELOW):
            assert getattr(browser, method)(walk.fill(name, path)).status_code == 404, (role, name)


@pytest.mark.parametrize("method", METHODS)
def test_nobody_in_particular_is_led_to_the_sign_in(realm: Realm, method: str) -> None:
    walk = objects(make_provider(realm))
    for name, path in addresses(BELOW):
        for one in (walk.fill(name, path), walk.fill(name, path, organisation=uuid.uuid4())):
            response = getattr(Client(), method)(one)
            assert response.status_code == 302, name
            assert response.headers["Location"].startswith("/providers/sign-in?"), name


def test_the_organisations_owner_finds_what_strangers_dont(realm: Realm) -> None:
    """The tables hold real objects: otherwise 404 for strangers would prove nothing."""
    owner = make_provider(realm)
    walk, browser = objects(owner), client(owner)
    for name, path in addresses(BELOW):
        assert browser.get(walk.fill(name, path)).status_code not in (403, 404), name


def test_who_has_left_is_a_stranger_at_once(realm: Realm) -> None:
    owner = make_provider(realm)
    browser = client(owner)
    assert browser.get(address(owner)).status_code == 200
    owner.delete()
    assert browser.get(address(owner)).status_code == 404
    assert not journal("provider.denied"), "a stranger isn't told of, and nor is the organisation"


# --- The API
METHODS_OF_API = ("get", "post", "put", "patch", "delete")


def token(owner: Any) -> dict[str, str]:
    """Return the header that shows a bearer token of the organisation's relying party."""
    row = strangers.credential(owner)
    signed = assertion(row.relying_party.client_id, api.token_endpoint(), key_id=row.key_id)
    return {"authorization": f"Bearer {credentials.exchange(signed, audience=api.token_endpoint()).value}"}


def routes() -> list[tuple[str, str]]:
    return [(name, path) for name, path in addresses("api/v1/") if name not in strangers.PUBLIC_API]


def test_no_api_route_shows_a_relying_party_what_is_anothers(realm: Realm) -> None:
    owner = make_provider(realm)
    walk = Walk([strangers.API_OBJECTS], strangers.credential(owner))
    other = token(make_provider(realm, "owner@next.example", organisation=make_organisation(realm, "隣の銀行")))
    own = token(owner)
    for name, path in routes():
        if not PARAMETER.search(path):
            assert name in strangers.OWN_API, f"{name}: is it everybody's (PUBLIC_API), or one's own (OWN_API)?"
            continue
        body: Any = {"data": strangers.API_BODIES.get(name, {}), "content_type": "application/json"}
        for method in METHODS_OF_API:
            mine = getattr(Client(headers=own), method)(walk.fill(name, path), **body)
            theirs = getattr(Client(headers=other), method)(walk.fill(name, path), **body)
            assert mine.status_code not in (401, 404), (name, method)
            assert theirs.status_code in (403, 404, 405), (name, method, theirs.status_code)
            assert theirs.status_code != 405 or mine.status_code == 405, (name, method)


def test_a_signed_in_member_is_nobody_to_the_api(realm: Realm) -> None:
    owner = make_provider(realm)
    walk = Walk([strangers.API_OBJECTS], strangers.credential(owner))
    for role in ROLES:
        browser = client(make_provider(realm, f"{role}@bank.example2", role=role, organisation=owner.organisation))
        for name, path in routes():
            for method in METHODS_OF_API:
                response = getattr(browser, method)(walk.fill(name, path), {}, content_type="application/json")
                assert response.status_code in (401, 405), (role, name, method)


def _page(response: Any) -> str:
    """Return a page without what is random in each."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|/providers/[0-9a-f-]{36}/', "", response.content.decode())
