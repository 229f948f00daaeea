"""Fixtures of a workspace's world: two workspaces with authorities, a person with a card, workers that work at once."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from ca import issuance
from ca.models import Realm
from portal.celery import app
from portal.providers.models import Workspace
from sandbox import cards, citizens, personas
from sandbox.models import Citizen
from tests.ca.fixtures import *  # noqa: F403
from tests.sandbox.ready import Api, ready


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"
    settings.LINKAGE_AT_ONCE = False


@pytest.fixture
def workspace(realm: Realm) -> Workspace:
    return ready(realm, "bank")


@pytest.fixture
def api(workspace: Workspace) -> Api:
    return Api(workspace)


@pytest.fixture
def other(realm: Realm) -> Api:
    return Api(ready(realm, "shop"))


@pytest.fixture
def at_once() -> Iterator[None]:
    """Let every message to a worker be its work, done before the sender goes on."""
    app.loader.import_default_modules()
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def whole_system(deliver: Callable[..., list[str]], live_server: Any, settings: Any) -> Iterator[str]:
    """Let workers work beside the test, and phones reach the TSM over HTTP; give the site's address."""
    settings.PUBLIC_URL = live_server.url
    wrong: list[Exception] = []

    def work(over: threading.Event, *queues: str) -> None:
        try:
            while not over.is_set():
                if not deliver(*queues):
                    over.wait(0.02)
        except Exception as error:
            wrong.append(error)
        finally:
            connections.close_all()

    # A phone in a conversation waits for what the others do: so it is the first to stop.
    threads = []
    for queues in (("phones",), ("tsm", "ca", "factory")):
        over = threading.Event()
        threads.append((threading.Thread(target=work, args=(over, *queues)), over))
    for thread, _ in threads:
        thread.start()
    yield str(live_server.url)
    for thread, over in threads:
        over.set()
        thread.join(30)
    assert not wrong, wrong


def settle(realm: Realm, code: str = "hanako") -> Citizen:
    """Return a persona whose card is certified; nothing is left to workers."""
    persona = personas.find(code)
    assert persona is not None
    citizen = citizens.settle(realm, persona)
    _card, asked = cards.make(citizen)
    for one in asked:
        issuance.issue(one.pk)
    made = citizens.card_of(citizen)
    assert made is not None
    cards.finish(made)
    return citizen
