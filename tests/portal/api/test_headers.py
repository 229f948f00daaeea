"""What every answer carries: how much is left, which version, what goes away; and problems for all else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from portal.api import limits, sunsets
from portal.api.models import Allowance
from portal.api.sunsets import Sunset
from portal.handoff import api, shapes
from tests.portal.verification.verifiers import Verifier, code
from tests.whitelist.relying_parties import assertion, make_bank, make_credential


def left(response: Any) -> int:
    return int(response["RateLimit"].split(";r=")[1].split(";")[0])


def test_what_is_left_is_told_and_counted_for_each_credential(bank: Verifier, realm: Realm, settings: Any) -> None:
    settings.API_REQUESTS, settings.API_WINDOW_SECONDS = 3, 10**9
    other = Verifier(make_credential(make_bank(realm, "other-bank"), number=2), number=2)
    first = bank.log()
    assert first["RateLimit-Policy"] == '"credential";q=3;w=1000000000'
    assert left(first) == 2
    assert "RateLimit" not in bank.client.get("/api/v1/trust?realm=none"), "nobody's token was asked for"
    assert (left(bank.status("0A")), left(bank.log())) == (1, 0)
    refused = bank.log()
    assert code(refused, 429)[0] == "too_many_requests"
    assert refused.json()["retry"] is True
    assert int(refused["Retry-After"]) == refused.json()["retry_after"] > 0
    assert left(refused) == 0
    assert left(other.log()) == 2


def test_a_new_window_begins_anew(bank: Verifier, settings: Any) -> None:
    settings.API_REQUESTS, settings.API_WINDOW_SECONDS = 1, 10**9
    bank.log()
    assert bank.log().status_code == 429
    Allowance.objects.update(window=-1)
    assert bank.log().status_code == 200


def test_tokens_are_counted_too_once_it_is_known_whose(bank: Verifier, settings: Any) -> None:
    settings.API_REQUESTS, settings.API_WINDOW_SECONDS = 1, 10**9

    def ask() -> Any:
        shown = assertion("test-bank", api.token_endpoint())
        form = {"grant_type": shapes.GRANT_TYPE, "client_assertion_type": shapes.ASSERTION_TYPE}
        return Client().post("/api/v1/token", form | {"client_assertion": shown}, "application/json")

    assert [ask().status_code, ask().status_code] == [200, 429]


def test_counting_takes_two_statements(bank: Verifier, django_assert_num_queries: Any) -> None:
    limits.take(bank.credential)
    with django_assert_num_queries(2):
        limits.take(bank.credential)


def test_the_version_is_told_and_what_nobody_answers_is_a_problem(bank: Verifier, client: Client) -> None:
    assert bank.log()["Api-Version"] == "1.0.0"
    unknown = client.get("/api/v1/nothing")
    assert code(unknown, 404)[0] == "not_found"
    assert unknown["Api-Version"] == "1.0.0"
    wrong = bank.client.delete("/api/v1/handoffs")
    assert code(wrong, 405)[0] == "method_not_allowed"
    assert wrong["Allow"] == "POST, OPTIONS"
    assert "Api-Version" not in client.get("/nothing")


def test_it_speaks_english_whatever_the_browser_reads(bank: Verifier) -> None:
    answer = bank.client.get("/api/v1/verification/log?limit=x", headers={"Accept-Language": "ja"})
    assert answer.json()["errors"]["limit"] == ["must match -?[0-9]{1,19}"]
    assert "正しい" not in bank.client.get("/api/v1/verification/log?limit=0").content.decode()


def test_what_goes_away_says_so_with_its_dates(bank: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    sunset = Sunset(
        "/api/v1/verification/log",
        deprecated=datetime(2026, 11, 1, tzinfo=UTC),
        gone=datetime(2027, 5, 1, tzinfo=UTC),
        page="/developers/",
        method="GET",
    )
    monkeypatch.setattr(sunsets, "TABLE", [sunset])
    answer = bank.log()
    assert answer["Deprecation"] == "@1793491200"
    assert answer["Sunset"] == "Sat, 01 May 2027 00:00:00 GMT"
    assert 'developers/>; rel="sunset"' in answer["Link"]
    assert "Sunset" not in bank.status("0A")
