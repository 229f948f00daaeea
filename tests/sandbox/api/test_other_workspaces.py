"""A workspace's things are nobody else's: every operation that names one, as another workspace, finds nothing."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from portal.api import apis, document
from portal.developers import calls
from sandbox.api.about import SANDBOX
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.api.conftest import factory  # noqa: F401
from tests.portal.api.workspaces import client_of, whole_workspace
from tests.portal.providers.people import make_organisation, make_provider
from tests.tsm.enrolment.citizen import Deliver

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = "/sandbox/api/v1"
# Serial numbers, generations and places count from one in every realm: these names mean one's own.
OWN_NAMES = (f"{ROOT}/authorities/", f"{ROOT}/certificates/", f"{ROOT}/crls/")
# Listed below another thing, or not at all.
LISTED = {"deliveries": "webhooks/{id}/deliveries"}


def items(client: Client, path: str) -> list[dict[str, Any]]:
    """Return what a list of the API tells."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.content)
    told: list[dict[str, Any]] = answer.json()["items"]
    return told


def make(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Make something, and return what is told of it."""
    answer = client.post(f"{ROOT}/{path}", json.dumps(body), content_type="application/json")
    assert answer.status_code in (200, 201), (path, answer.content)
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
def two(realm: Realm, deliver: Deliver, settings: Any, factory: None) -> tuple[Client, Client]:  # noqa: F811
    """Give the clients of two workspaces with their people; in the first is one of everything."""
    settings.DEFAULT_REALM, settings.API_REQUESTS = realm.slug, 1_000_000
    owners = (
        make_provider(realm),
        make_provider(realm, "other@shop.example", organisation=make_organisation(realm, "店")),
    )
    workspaces = [whole_workspace(owner) for owner in owners]
    deliver("phones", "factory", "ca")
    mine, theirs = map(client_of, workspaces)
    phone = make(mine, "phones", {})["id"]
    make(mine, "enrolments", {"citizen": "hanako", "phone": phone})
    make(mine, "test-certificates", {"medium": "card", "purpose": "signature", "state": "valid"})
    make(mine, "faults", {"name": "signature_wrong"})
    webhook = make(mine, "webhooks", {"url": "https://shop.example/hook"})["id"]
    make(mine, f"webhooks/{webhook}/ping", {})
    make(mine, "rotations", {"what": "register"})
    make(mine, "conformance/runs", {})
    asked = make_hand_off(mine)
    make(mine, "phone-sessions", {"phone": phone, "link": asked})
    return mine, theirs


def make_hand_off(client: Client) -> str:
    """Ask a phone, and return the link."""
    body = {"purpose": "user_authentication", "return_url": "http://localhost:3000/callback"}
    body["code_challenge"] = "x" * 43
    answer = client.post("/api/v1/handoffs", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["link"])


def ids(client: Client, below: str) -> list[str]:
    """Return the ids of what a workspace has below that address."""
    name = below.removeprefix(f"{ROOT}/")
    if name in LISTED:
        outer, _, inner = LISTED[name].partition("/{id}/")
        lists = [f"{ROOT}/{outer}/{one}/{inner}" for one in ids(client, f"{ROOT}/{outer}")]
    else:
        lists = [below]
    return [one["id"] for path in lists for one in items(client, path)]


def test_another_workspace_finds_nothing_of_it(two: tuple[Client, Client]) -> None:
    mine, theirs = two
    described = document.of(next(api for api in apis.every() if api.slug == SANDBOX.slug))["paths"]
    tried, known = 0, {}
    for path, methods in described.items():
        if "{" not in path or path.startswith(OWN_NAMES):
            continue
        below = path.partition("/{")[0]
        known[below] = known.get(below) or ids(mine, below)
        assert known[below], f"the first workspace has nothing at {below}"
        for method, operation in methods.items():
            call = calls.of(path, method, operation)
            address = re.sub(r"\{[a-z]+\}", lambda _: known[below][0], path, count=1)  # noqa: B023
            address = address.replace("{case}", "signature-wrong")
            answer = theirs.generic(
                method.upper(), address, json.dumps(call.body) if call.body is not None else "", "application/json"
            )
            assert answer.status_code == 404, (method, address, answer.status_code, answer.content)
            tried += 1
    assert tried > 25
    for below, ours in known.items():
        if below.removeprefix(f"{ROOT}/") not in LISTED:
            assert not set(ours) & {one["id"] for one in items(theirs, below)}, below


def test_what_a_body_names_is_looked_for_at_home(two: tuple[Client, Client]) -> None:
    mine, theirs = two
    phone, citizen = ids(mine, f"{ROOT}/phones")[0], ids(mine, f"{ROOT}/citizens")[0]
    own = make(theirs, "phones", {})["id"]
    for path, body in (
        ("enrolments", {"citizen": "hanako", "phone": phone}),
        ("enrolments", {"citizen": citizen, "phone": own}),
        ("cards", {"citizen": citizen}),
        ("phone-sessions", {"phone": phone, "link": make_hand_off(theirs)}),
        ("phone-sessions", {"phone": own, "link": make_hand_off(mine)}),
        ("conformance/runs", {"phone": phone, "service": {"start_url": "http://localhost:3000/"}}),
    ):
        answer = theirs.post(f"{ROOT}/{path}", json.dumps(body), content_type="application/json")
        assert 400 <= answer.status_code < 500, (path, body, answer.content)


def test_a_name_that_both_have_is_ones_own(two: tuple[Client, Client]) -> None:
    mine, theirs = two
    both = set(ids(mine, f"{ROOT}/certificates")) & set(ids(theirs, f"{ROOT}/certificates"))
    assert both
    for name in both:
        address = f"{ROOT}/certificates/{name}/der"
        assert mine.get(address).content != theirs.get(address).content
