"""PKCE: whoever asks sends a challenge, and whoever redeems shows what it was made of (RFC 7636)."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

from portal.handoff import delivery
from portal.handoff.models import HandOff
from tests.portal.handoff.test_handoff_api import post, token_request
from tests.whitelist.relying_parties import CHALLENGE, VERIFIER
from whitelist.models import Credential


@pytest.fixture
def bearer(client: Client, credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_request(client).json()['access_token']}"}


def test_the_challenge_is_the_standards() -> None:
    assert delivery.challenge(VERIFIER) == CHALLENGE


def test_without_a_challenge_a_service_is_told_what_to_send(client: Client, bearer: dict[str, str]) -> None:
    refused = post(client, bearer, code_challenge="")
    told = refused.json()
    assert (refused.status_code, told["code"], told["member"]) == (400, "handoff_request_invalid", "code_challenge")
    assert "code_challenge is required: base64url of the SHA-256" in told["detail"]
    assert "code_verifier" in told["detail"]
    assert not HandOff.objects.exists()


def test_services_of_before_go_on_where_the_operator_lets_them_and_apps_do_not(
    client: Client, bearer: dict[str, str], settings: Any
) -> None:
    settings.HANDOFF_PKCE = "optional"
    assert post(client, bearer, code_challenge="").status_code == 201
    assert post(client, bearer, code_challenge="", way="app").json()["member"] == "code_challenge"


def test_the_description_says_that_it_is_required(client: Client) -> None:
    described = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert "code_challenge" in described["HandOffBody"]["required"]


def test_production_is_warned_where_it_is_optional(settings: Any) -> None:
    def found() -> list[str | None]:
        return [one.id for one in run_checks(tags=["security"], include_deployment_checks=True)]

    settings.PRODUCTION = True
    assert "portal.W011" not in found()
    settings.HANDOFF_PKCE = "optional"
    assert "portal.W011" in found()
