"""Fixtures of what the APIs have in common: a registered bank that calls them."""

import pytest

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.verification.verifiers import Verifier
from tests.whitelist.relying_parties import make_bank, make_credential


@pytest.fixture
def bank(realm: Realm) -> Verifier:
    return Verifier(make_credential(make_bank(realm)))
