"""Fixtures of webhooks: a workspace with authorities, its API, a receiver on loopback."""

from collections.abc import Iterator
from typing import Any

import pytest

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.sandbox.ready import Api, ready
from tests.sandbox.webhooks import receiver as receivers
from tests.sandbox.webhooks.receiver import Receiver


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"
    settings.WEBHOOKS_LOOPBACK = True
    settings.LINKAGE_AT_ONCE = False


@pytest.fixture
def api(realm: Realm) -> Api:
    return Api(ready(realm, "bank"))


@pytest.fixture
def other(realm: Realm) -> Api:
    return Api(ready(realm, "shop"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receivers.receiver() as made:
        yield made
