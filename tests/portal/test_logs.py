"""No log holds a link that is good for whoever reads it."""

import logging

from portal.logs import WithoutLinks


def test_a_hand_offs_token_is_cut_out() -> None:
    record = logging.LogRecord(
        "django.request", logging.WARNING, "", 0, "%s: %s", ("Bad Request", "/handoff/s3cret-Token_x/answer"), None
    )
    assert WithoutLinks().filter(record)
    assert record.getMessage() == "Bad Request: /handoff/…/answer"
