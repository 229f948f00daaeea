"""A request's id, health and readiness of the site, and what is counted and logged of a request."""

import json
import logging
from typing import Any

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from ca import correlation
from portal.observing import counting, health
from portal.observing.web import route_of

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Request-ID": "7f3a-0001.abcd"}, "7f3a-0001.abcd"),
        ({"traceparent": TRACE}, "4bf92f3577b34da6a3ce929d0e0e4736"),
        ({"X-Request-ID": "0123456789abcdef", "traceparent": TRACE}, "0123456789abcdef"),
    ],
)
def test_an_id_that_comes_along_is_kept(headers: dict[str, str], expected: str) -> None:
    assert Client().get("/healthy/nowhere", headers=headers).headers["X-Request-ID"] == expected


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Request-ID": "short"},
        {"X-Request-ID": "x" * 65},
        {"X-Request-ID": 'a line" of more'},
        {"X-Request-ID": "日本語の番号です"},
        {"traceparent": "00-" + "0" * 32 + "-00f067aa0ba902b7-01"},
        {"traceparent": "nonsense"},
    ],
    ids=["none", "short", "long", "quoted", "foreign", "zeros", "nonsense"],
)
def test_whatever_else_comes_is_given_an_id_of_ours(headers: dict[str, str]) -> None:
    given = Client().get("/healthy/nowhere", headers=headers).headers["X-Request-ID"]
    assert len(given) == 32
    assert set(given) <= set("0123456789abcdef")
    assert correlation.current() == ""


def test_alive_needs_no_database_and_no_name() -> None:
    answer = Client().get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (answer.status_code, answer.json()) == (200, {"alive": True})
    assert not answer.cookies


@pytest.mark.django_db
def test_ready_means_a_database_with_every_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "KEPT_SECONDS", -1.0)
    monkeypatch.setattr(health, "_migrated", False)
    newest = MigrationRecorder.Migration.objects.filter(app="portal").latest("pk")
    newest.delete()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "database": True, "migrations": False})
    MigrationRecorder.Migration(app=newest.app, name=newest.name).save()
    answer = Client().get("/readyz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


def _counted(route: str, status: str) -> float:
    return float(counting.REQUESTS.labels(route, "GET", status)._value.get())


@pytest.mark.django_db
def test_a_request_is_counted_and_logged_by_its_route_never_by_its_address(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LOG_REQUESTS = True
    before = _counted("handoff:open", "404") if _known("handoff:open") else 0.0
    with caplog.at_level(logging.INFO, "portal.requests"):
        Client().get("/handoff/s3cret-Token_of_a_link/?pin=1234")
    (line,) = [record for record in caplog.records if record.name == "portal.requests"]
    assert "s3cret" not in json.dumps({name: str(value) for name, value in vars(line).items()})
    assert line.route.startswith("handoff:")
    assert before <= _counted(line.route, str(line.status))
    assert _counted(line.route, str(line.status)) >= 1


def _known(route: str) -> bool:
    return any(route in labels for labels in counting.REQUESTS._metrics)


def test_methods_that_there_are_not_get_no_label_of_their_own() -> None:
    Client().generic("S3CRET", "/nowhere")
    assert not any("S3CRET" in label for labels in counting.REQUESTS._metrics for label in labels)
    assert any("other" in labels for labels in counting.REQUESTS._metrics)


def test_an_address_that_there_is_not_is_nobodys_label(rf: Any) -> None:
    assert route_of(rf.get("/s3cret")) == "none"
    assert route_of(rf.get("/static/site.css")) == "static"
