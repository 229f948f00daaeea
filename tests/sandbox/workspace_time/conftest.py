"""Fixtures of a workspace's time and keys: two workspaces with authorities, and their API."""

from typing import Any

import pytest

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.sandbox.ready import Api, ready


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"
    settings.TSM_LONG_POLL_SECONDS = 0


@pytest.fixture
def api(realm: Realm) -> Api:
    return Api(ready(realm, "bank"))


@pytest.fixture
def other(realm: Realm) -> Api:
    return Api(ready(realm, "shop"))
