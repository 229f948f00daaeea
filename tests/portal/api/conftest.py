"""Fixtures of what the APIs have in common: a registered bank that calls them."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import before_task_publish

from ca.models import Realm
from portal.celery import app
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.verification.verifiers import Verifier
from tests.whitelist.relying_parties import make_bank, make_credential


@pytest.fixture
def bank(realm: Realm) -> Verifier:
    return Verifier(make_credential(make_bank(realm)))


@pytest.fixture
def factory() -> Iterator[None]:
    """Play the factory's worker at once: views wait for the phone that they order."""
    app.loader.import_default_modules()

    def work(sender: str, body: tuple[Any, ...], **more: Any) -> None:
        if sender.startswith("factory."):
            app.tasks[sender].apply(args=body[0], kwargs=body[1], throw=True)

    before_task_publish.connect(work, weak=False)
    yield
    before_task_publish.disconnect(work)
