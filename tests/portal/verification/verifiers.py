"""Verifiers as they call: a client that has a token, and what it asks."""

from typing import Any

from django.test import Client

from portal.handoff import api
from tests.whitelist.relying_parties import assertion, make_bank, make_credential
from whitelist import credentials
from whitelist.models import Credential, RelyingParty


class Verifier:
    """A relying party with a bearer token."""

    def __init__(self, credential: Credential, *, number: int = 0) -> None:
        signed = assertion(
            credential.relying_party.client_id, api.token_endpoint(), number=number, key_id=credential.key_id
        )
        token = credentials.exchange(signed, audience=api.token_endpoint()).value
        self.credential = credential
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def post(self, path: str, key: str = "", **body: Any) -> Any:
        asked = {"purpose": "signature", "check_purpose": "signature_verification"} | body
        asked = {name: value for name, value in asked.items() if value is not None}
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(f"/api/v1/{path}", asked, content_type="application/json", headers=headers)

    def status(self, *serial_numbers: str, **body: Any) -> Any:
        return self.post("verification/status", serial_numbers=list(serial_numbers), **body)

    def counterparts(self, wanted: str, *serial_numbers: str, **body: Any) -> Any:
        return self.post("verification/counterparts", counterpart=wanted, serial_numbers=list(serial_numbers), **body)

    def log(self, query: str = "") -> Any:
        return self.client.get(f"/api/v1/verification/log{query}")


def make_operator(credential: Credential, client_id: str = "operator") -> tuple[RelyingParty, Verifier]:
    """Return a platform operator of the same realm, registered and certified, and its verifier."""
    operator = make_bank(
        credential.relying_party.realm,
        client_id,
        kind=RelyingParty.Kind.PLATFORM_OPERATOR,
        name_ja="試験プラットフォーム",
        name_en="Test Platform",
    )
    return operator, Verifier(make_credential(operator, number=5), number=5)


def code(response: Any, status: int) -> tuple[str, str | None]:
    """Return code and reason of a problem."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    return response.json()["code"], response.json().get("reason")
