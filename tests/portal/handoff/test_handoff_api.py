"""The hand-off's API as a relying party calls it, over HTTP."""

import base64
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from django.test import Client

from ca.models import Realm
from ca.profiles import Medium
from portal.handoff.asking import Asked
from portal.handoff.models import HandOff
from portal.logs import without_secrets
from tests.ca.fixtures import make_realm
from tests.whitelist.relying_parties import CALLBACK, CHALLENGE, assertion, make_bank, make_credential
from whitelist.models import Credential, RelyingParty

AUDIENCE = "http://localhost:8000/api/v1/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token_request(client: Client, **changes: Any) -> Any:
    values = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion("test-bank", AUDIENCE),
    }
    form = urllib.parse.urlencode(values | changes)
    return client.post("/api/v1/token", form, content_type="application/x-www-form-urlencoded")


@pytest.fixture
def bearer(client: Client, credential: Credential) -> dict[str, str]:
    token = token_request(client).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def post(client: Client, bearer: dict[str, str], **values: Any) -> Any:
    body = {"purpose": "user_authentication", "return_url": CALLBACK, "code_challenge": CHALLENGE} | values
    return client.post("/api/v1/handoffs", body, content_type="application/json", headers=bearer)


def code(response: Any) -> str:
    assert response.status_code >= 400
    assert response["Content-Type"] == "application/problem+json"
    return str(response.json()["code"])


def test_a_form_or_json_gives_a_token_that_no_cache_keeps(client: Client, credential: Credential) -> None:
    form = token_request(client)
    assert form.status_code == 200
    assert form["Cache-Control"] == "no-store"
    assert (form.json()["token_type"], form.json()["expires_in"]) == ("Bearer", 300)
    body = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion("test-bank", AUDIENCE),
    }
    assert client.post("/api/v1/token", body, content_type="application/json").status_code == 200


@pytest.mark.parametrize(
    ("changes", "expected", "error"),
    [
        ({"grant_type": "password"}, "token_request_invalid", "unsupported_grant_type"),
        ({"client_assertion_type": "x"}, "token_request_invalid", "invalid_request"),
        ({"client_assertion": ""}, "token_request_invalid", "invalid_request"),
        ({"client_assertion": "a.b.c"}, "client_assertion_invalid", "invalid_client"),
        (
            {"client_assertion": assertion("test-bank", "http://other.example")},
            "client_assertion_invalid",
            "invalid_client",
        ),
        ({"client_assertion": assertion("nobody", AUDIENCE)}, "client_unknown", "invalid_client"),
    ],
)
def test_a_wrong_token_request_is_a_problem_and_an_error_of_oauth(
    client: Client, credential: Credential, changes: dict[str, str], expected: str, error: str
) -> None:
    refused = token_request(client, **changes)
    assert code(refused) == expected
    assert refused.json()["error"] == error


def test_who_gets_a_token_and_who_does_not_is_logged_without_either(
    client: Client, credential: Credential, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="portal.security")
    used = assertion("test-bank", AUDIENCE)
    given = token_request(client, client_assertion=used).json()["access_token"]
    token_request(client, client_assertion=used)
    told = [record.getMessage() for record in caplog.records if record.name == "portal.security"]
    assert told == [
        f"token by private_key_jwt for test-bank, key {credential.key_id}",
        "token refused (client_assertion_replayed) by private_key_jwt from 127.0.0.1",
    ]
    assert [without_secrets(one) for one in told] == told, "nothing in it looks like a secret"
    assert used not in caplog.text
    assert given not in caplog.text


def test_a_replayed_assertion_is_a_problem(client: Client, credential: Credential) -> None:
    used = assertion("test-bank", AUDIENCE)
    assert token_request(client, client_assertion=used).status_code == 200
    assert code(token_request(client, client_assertion=used)) == "client_assertion_replayed"


def test_a_hand_off_is_made_with_a_link_whose_token_is_not_its_id(client: Client, bearer: dict[str, str]) -> None:
    response = post(client, bearer)
    body = response.json()
    assert response.status_code == 201
    assert body["state"] == "waiting"
    assert body["link"].startswith("http://localhost:8000/handoff/")
    assert body["id"] not in body["link"]
    assert body["result"] is None
    assert client.get(f"/api/v1/handoffs/{body['id']}", headers=bearer).json()["state"] == "waiting"


def test_nobody_else_sees_it(client: Client, ask: Callable[..., Asked], credential: Credential) -> None:
    hand_off = ask().hand_off
    make_credential(make_bank(credential.relying_party.realm, "other-bank"), number=1)
    other = token_request(client, client_assertion=assertion("other-bank", AUDIENCE, number=1)).json()["access_token"]
    url = f"/api/v1/handoffs/{hand_off.id}"
    assert code(client.get(url, headers={"Authorization": f"Bearer {other}"})) == "handoff_unknown"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {other}"}, {"Authorization": "B"}):
        assert code(client.get(url, headers=headers)) == "token_invalid"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"purpose": "everything"}, "handoff_request_invalid"),
        ({"purpose": ["signature"]}, "handoff_request_invalid"),
        ({"return_url": ""}, "handoff_request_invalid"),
        ({"return_url": 7}, "handoff_request_invalid"),
        ({"return_url": "https://a.example/" + "a" * 2000}, "handoff_request_invalid"),
        ({"return_url": "https://a.example/\x00"}, "handoff_request_invalid"),
        ({"document": "x"}, "document_unacceptable"),
        ({"purpose": "signature"}, "document_unacceptable"),
        ({"purpose": "signature", "document": "x"}, "document_unacceptable"),
        ({"purpose": "signature", "document": "\ud800", "document_name": "x"}, "handoff_request_invalid"),
        ({"purpose": "signature", "document": {"a": 1}, "document_name": "x"}, "handoff_request_invalid"),
    ],
)
def test_a_wrong_request_is_a_problem_and_leaves_nothing(
    client: Client, bearer: dict[str, str], values: dict[str, Any], expected: str
) -> None:
    assert code(post(client, bearer, **values)) == expected
    assert not HandOff.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"x"', "{", "7"])
def test_a_body_that_is_no_object_is_a_problem(client: Client, bearer: dict[str, str], body: str) -> None:
    response = client.post("/api/v1/handoffs", body, content_type="application/json", headers=bearer)
    assert response.status_code == 400


def test_who_asks_is_whose_key_signed(client: Client, bearer: dict[str, str]) -> None:
    for name, value in (("client_id", "other-bank"), ("realm", "production"), ("name", "国税庁")):
        refused = post(client, bearer, **{name: value})
        assert (refused.status_code, refused.json()["member"]) == (400, name)
    made = post(client, bearer).json()
    hand_off = HandOff.objects.get(pk=made["id"])
    assert (hand_off.relying_party.client_id, hand_off.realm.slug) == ("test-bank", "test")


def test_a_service_off_the_register_gets_a_refused_hand_off(client: Client, bearer: dict[str, str]) -> None:
    RelyingParty.objects.update(state=RelyingParty.State.REMOVED)
    response = post(client, bearer)
    assert response.status_code == 201
    assert (response.json()["state"], response.json()["reason"]) == ("refused", "not_registered")


def test_the_trust_list_has_all_that_a_verifier_needs(client: Client, realm: Realm, settings: Any) -> None:
    body = client.get("/api/v1/trust?realm=test").json()
    assert {each["purpose"] for each in body["authorities"]} == {"signature", "user_authentication"}
    for authority in body["authorities"]:
        certificate = x509.load_der_x509_certificate(base64.b64decode(authority["certificate"]))
        identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        assert identifier.hex().upper() == authority["subject_key_identifier"]
    profiles = {(each["purpose"], each["medium"]): each for each in body["profiles"]}
    assert len(profiles) == len({each["policy"] for each in body["profiles"]}) == 4
    assert len({each["ocsp"] for each in body["profiles"]}) == 4
    phone = profiles["user_authentication", Medium.PHONE.value]
    assert phone["ocsp"] == f"{settings.RESPONDER_URL}/ocsp/test/user-authentication/phone"


def test_the_trust_list_is_of_the_tokens_realm(client: Client, bearer: dict[str, str], settings: Any) -> None:
    settings.DEFAULT_REALM = make_realm("other").slug
    assert client.get("/api/v1/trust").json()["realm"] == "other"
    assert client.get("/api/v1/trust", headers=bearer).json()["realm"] == "test"
    assert code(client.get("/api/v1/trust?realm=none")) == "realm_unknown"
