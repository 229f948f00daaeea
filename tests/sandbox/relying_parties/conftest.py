"""Fixtures for the sample services' tests."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ca.models import Realm
from ca.profiles import Medium, Purpose
from sandbox.register import create_demo_register
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import issue_all_four, make_holder
from tests.portal.handoff.citizens import Citizen
from tests.sandbox.relying_parties.visiting import Street, open_street


@pytest.fixture(scope="session")
def street(live_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Start the samples, once for all tests: what they keep is emptied by `samples`."""
    with open_street(tmp_path_factory.mktemp("samples"), live_server.url) as street:
        yield street


@pytest.fixture
def samples(
    realm: Realm, live_server: Any, responder_address: str, street: Street, settings: Any
) -> Iterator[httpx.Client]:
    """Register the samples; give a browser (without JavaScript) that stands at their door."""
    settings.PUBLIC_URL = live_server.url
    settings.RESPONDER_URL = responder_address
    settings.SAMPLES_URL = street.url
    create_demo_register(realm, street.folder)
    with contextlib.suppress(sqlite3.OperationalError), sqlite3.connect(street.folder / "clinic.sqlite3") as db:
        db.executescript("DELETE FROM certificate; DELETE FROM patient;")
    with httpx.Client(base_url=street.url, headers={"Accept-Language": "ja"}, timeout=60) as browser:
        yield browser


@pytest.fixture
def citizen(realm: Realm) -> Citizen:
    certificates = {(Purpose(each.purpose), Medium(each.medium)): each for each in issue_all_four(make_holder(realm))}
    return Citizen(certificates)
