"""The inspector: a workspace's requests with the verdict on each and why; no secret, and nobody else's."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from portal.providers import workspaces
from portal.providers.models import Workspace
from sandbox.inspector import notes
from sandbox.models import InspectedRequest, TraceEvent
from tests.portal.providers.people import make_organisation, make_provider, make_workspace
from tests.portal.verification.verifiers import Verifier
from tests.sandbox.trace.workspaces import api_of
from tests.whitelist.relying_parties import assertion, make_bank, make_credential
from whitelist.models import AccessToken

WISH = {"purpose": "user_authentication", "return_url": workspaces.CALLBACK, "code_challenge": "x" * 43}


@pytest.fixture
def workspace(realm: Realm) -> Workspace:
    return make_workspace(make_provider(realm))


@pytest.fixture
def service(workspace: Workspace) -> Client:
    return api_of(workspace)


def ask(service: Client, **more: Any) -> Any:
    return service.post("/api/v1/handoffs", WISH | more, content_type="application/json")


def requests(service: Client, query: str = "") -> list[dict[str, Any]]:
    return list(service.get(f"/sandbox/api/v1/requests{query}").json()["items"])


def test_each_problem_leads_to_its_request_with_the_verdict_and_why(service: Client) -> None:
    assert ask(service).status_code == 201
    problem = ask(service, return_url="").json()
    assert problem["code"] == "handoff_request_invalid"
    found = service.get(problem["instance"].removeprefix("http://localhost:8000")).json()
    assert (found["verdict"], found["code"], found["status"]) == ("refused", "handoff_request_invalid", 400)
    assert "return_url must be a text" in found["why"]
    assert found["body"]["return_url"] == ""
    assert found["answer"]["instance"] == problem["instance"]
    assert found["headers"]["Authorization"] == "••"
    assert [each["verdict"] for each in requests(service)] == ["refused", "accepted"]
    assert TraceEvent.objects.filter(what="api.refused", failed=True).count() == 1


def test_the_registers_no_is_a_refusal_though_it_was_made(service: Client) -> None:
    made = ask(service, return_url="https://elsewhere.example/")
    assert made.status_code == 201
    (found,) = requests(service)
    assert (found["verdict"], found["code"]) == ("refused", made.json()["reason"])
    assert found["why"]
    assert found["hand_off"] == made.json()["id"]
    assert requests(service, f"?hand_off={found['hand_off']}&verdict=refused") == [found]
    assert requests(service, "?verdict=accepted") == []


def test_nothing_secret_is_kept(service: Client, workspace: Workspace) -> None:
    link = ask(service).json()["link"]
    token = service.defaults["HTTP_AUTHORIZATION"].split()[1]
    code = "a-code-of-the-way-back"
    redeem = {"code": code, "code_verifier": "the-verifier"}
    service.post(f"/api/v1/handoffs/{uuid.uuid4()}/redeem", redeem, content_type="application/json")
    shown = assertion(workspaces.relying_party(workspace).client_id, "elsewhere", key_id=f"key-{workspace.pk}")
    form = {"grant_type": "client_credentials", "client_assertion": shown}
    assert Client().post("/api/v1/token", form, "application/json").status_code == 400
    kept = str(list(InspectedRequest.objects.values())) + str(list(TraceEvent.objects.values()))
    for secret in (token, link.rsplit("/", 2)[-2], code, "the-verifier", shown.split(".")[2]):
        assert secret not in kept
    told = InspectedRequest.objects.get(path="/api/v1/token")
    assert told.body["jwt"]["claims"]["aud"] == "elsewhere", "what was claimed is what one looks for"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"action": "pin", "value": "1234"}, {"action": "pin", "value": "••"}),
        ({"password": "geheim", "state": "on"}, {"password": "••", "state": "on"}),
        ({"passwords": {"signature": "ABC123"}}, {"passwords": "••"}),
        ([{"secret": "whsec_1"}], [{"secret": "••"}]),
    ],
    ids=["pin", "password", "passwords", "list"],
)
def test_passwords_and_keys_are_masked_wherever_they_stand(asked: Any, told: Any) -> None:
    assert notes.asked_of(asked) == told


def test_a_token_that_is_over_still_says_whose_request_it_is(service: Client) -> None:
    AccessToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    problem = ask(service).json()
    assert problem["code"] == "token_invalid"
    assert InspectedRequest.objects.get().code == "token_invalid"
    assert "instance" not in Client().get("/api/v1/verification/log").json(), "nobody's"


def test_a_body_that_cant_be_read_and_one_too_long_are_told_without_it(service: Client) -> None:
    assert service.post("/api/v1/handoffs", "{", content_type="application/json").status_code == 400
    ask(service, purpose="signature", document="あ" * 30_000, document_name="長い")
    ask(service, purpose="signature", pdf="AAAA" * 50_000, document_name="長い")
    first, second, third = InspectedRequest.objects.order_by("pk")
    assert first.body is None
    for each in (second, third):
        assert len(json.dumps(each.body)) <= notes.MOST_BYTES


def test_only_the_newest_are_kept(service: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SANDBOX_INSPECTED_REQUESTS = 3
    monkeypatch.setattr(notes, "TRIM_EVERY", 1)
    made = [ask(service).json()["id"] for _ in range(5)]
    assert [each["hand_off"] for each in requests(service)] == made[:1:-1]


def test_no_workspace_sees_anothers_and_no_other_realm_is_kept(service: Client, realm: Realm) -> None:
    problem = ask(service, return_url="").json()
    other = make_workspace(make_provider(realm, "o@next.example", organisation=make_organisation(realm, "隣の銀行")))
    neighbour = api_of(other)
    assert requests(neighbour) == []
    assert neighbour.get(problem["instance"].removeprefix("http://localhost:8000")).status_code == 404
    bank = Verifier(make_credential(make_bank(realm)))
    assert "instance" not in bank.status("?").json()
    assert InspectedRequest.objects.exclude(realm=workspace_realm(service)).count() == 0


def workspace_realm(service: Client) -> Any:
    return InspectedRequest.objects.order_by("pk").first().realm  # type: ignore[union-attr]


def test_looking_leaves_no_trace(service: Client) -> None:
    ask(service)
    for _ in range(3):
        requests(service)
        service.get("/sandbox/api/v1/trace")
    assert InspectedRequest.objects.count() == 1
    assert service.get("/sandbox/api/v1/requests?verdict=none").status_code == 400
    refused = service.get("/sandbox/api/v1/requests?nothing=1").json()
    assert refused["errors"].keys() == {"nothing"}
