"""No log holds a link that is good for whoever reads it."""

import json
import logging
import sys
from typing import Any

import pytest

from ca import correlation
from portal.logs import Correlated, JsonLine, Redacted, WithoutLinks, without_secrets


def test_a_hand_offs_token_is_cut_out() -> None:
    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 0, "%s: %s", ("Bad Request", "/handoff/s3cret-Token_x/answer"), None
    )
    assert WithoutLinks().filter(record)
    assert record.getMessage() == "Bad Request: /handoff/…/answer"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("/handoff/screen/s3cret-Token_x/now", "/handoff/screen/…/now"),
        ("GET /handoff/qr/8c6ec0d5-9d9e/?s=bank&t=1&m=abc HTTP/1.1", "GET /handoff/qr/… HTTP/1.1"),
        ("/handoff/s3cret/return", "/handoff/…/return"),
    ],
)
def test_a_screens_token_and_a_codes_query_are_cut_out(told: str, kept: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, told, (), None)
    assert WithoutLinks().filter(record)
    assert record.getMessage() == kept


@pytest.mark.parametrize(
    "told",
    [
        "GET /callback?code=s3cret-word&state=9",
        "pin='s3cret-word'",
        "{'sign_password': 's3cret-word', 'next': 1}",
        '{"client_assertion":"s3cret-word"}',
        "Authorization: Bearer s3cret-word-0123",
        "Cookie: jpki_staff=s3cret-word; other=s3cret-word",
        "postgresql://jpki_web:s3cret-word@database/jpki",
        "could not sign eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzM2NyZXQifQ.s3cret-word",
        "/handoff/s3cret-word/answer",
        "the passphrase: s3cret-word",
    ],
)
def test_what_is_good_for_who_reads_it_is_cut_out(told: str) -> None:
    assert "s3cret" not in without_secrets(told)


@pytest.mark.parametrize(
    "told", ["issuance 5 refused: lint_failed", "error code: pin_wrong", "key.used 1F", "3 tries left"]
)
def test_what_is_not_stays(told: str) -> None:
    assert without_secrets(told) == told


def test_this_processs_own_secrets_are_cut_out_wherever_they_stand(settings: Any) -> None:
    for secret in (settings.CA_KEYS_PASSPHRASE, settings.TSM_MASTER_KEY, settings.SECRET_KEY):
        assert secret not in without_secrets(f"libfoo says <{secret}>")


def _raised(told: str) -> logging.LogRecord:
    try:
        raise ValueError(told)
    except ValueError:
        return logging.LogRecord("x", logging.ERROR, "", 0, "failed with %s", ("password=s3cret-word",), sys.exc_info())


@pytest.mark.parametrize("formatter", [Redacted(), JsonLine()], ids=["text", "json"])
def test_traces_are_looked_over_too(formatter: logging.Formatter) -> None:
    record = _raised("'authentication_pin': 's3cret-word'")
    record.note = {"token": "s3cret-word"}
    line = formatter.format(record)
    assert "Traceback" in line
    assert "s3cret" not in line


def test_a_line_of_json_says_who_when_and_for_which_request() -> None:
    record = logging.LogRecord("ca.crl", logging.INFO, "", 0, "CRL %d", (5,), None)
    record.seconds, record.holder = 0.25, object()
    with correlation.working_for("0123456789abcdef"):
        Correlated("ca").filter(record)
    line = json.loads(JsonLine().format(record))
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "ca.crl",
        "message": "CRL 5",
        "seconds": 0.25,
        "request_id": "0123456789abcdef",
        "process": "ca",
    }


def test_what_a_stranger_wrote_makes_no_line_of_its_own() -> None:
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "Not Found: %s", ("/x\n{}\r\u2028y",), None)
    line = JsonLine().format(record)
    assert "\n" not in line
    assert "\r" not in line
    assert json.loads(line)["message"] == "Not Found: /x\n{}\r\u2028y"
