"""Waiting for workers for a moment, so that no second request is needed: bounded, and never in a transaction."""

import time
from collections.abc import Callable

from django.conf import settings
from rest_framework import serializers

from portal.api import describing

LONGEST = 20.0  # seconds
AGAIN = 0.1


class WaitQuery(describing.Body):
    wait = serializers.FloatField(
        required=False, default=0.0, min_value=0, max_value=LONGEST,
        help_text="Answer later, by so many seconds at most, when workers may be done by then.",
    )  # fmt: skip


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Wait until it is done, for so many seconds at most; return whether it is."""
    deadline = time.monotonic() + min(seconds, settings.SANDBOX_WAIT_SECONDS)
    while not (finished := done()) and time.monotonic() < deadline:
        time.sleep(AGAIN)
    return finished
