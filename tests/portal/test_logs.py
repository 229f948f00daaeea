"""No log holds a link that is good for whoever reads it."""

import logging

import pytest

from portal.logs import WithoutLinks


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
