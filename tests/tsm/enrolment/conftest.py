"""Fixtures of the enrolment's tests: a realm after its ceremony, and workers that answer without a long poll."""

from collections.abc import Callable
from typing import Any

import pytest

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import make_realm


@pytest.fixture(autouse=True)
def _no_long_poll(settings: Any) -> None:
    settings.TSM_LONG_POLL_SECONDS = 0


@pytest.fixture
def other_realm(realm: Realm) -> Callable[[], Realm]:
    """Return what makes a second realm, with authorities of its own."""
    return lambda: make_realm("other")
