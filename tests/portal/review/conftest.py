"""Fixtures of the officers' screens: four people signed in, an organisation."""

from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.handoff.conftest import ask, citizen, credential, phone  # noqa: F401
from tests.portal.review.people import browsers
from tests.whitelist.review.cases import make_organisation
from whitelist.models import Organisation


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"


@pytest.fixture
def desk(realm: Realm) -> dict[str, Client]:
    """Return the officers' browsers by name: kiku and ume of the ministry, matsu and take of the registrar."""
    return browsers(realm)


@pytest.fixture
def organisation(realm: Realm) -> Organisation:
    return make_organisation(realm)
