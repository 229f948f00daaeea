"""Fixtures of the verification: a registered bank, and somebody with all four certificates."""

import pytest

from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import issue_all_four
from tests.whitelist.relying_parties import make_bank, make_credential
from whitelist.models import Credential


@pytest.fixture
def credential(realm: Realm) -> Credential:
    return make_credential(make_bank(realm))


@pytest.fixture
def held(holder: Holder) -> dict[tuple[Purpose, Medium], Certificate]:
    return {(Purpose(each.purpose), Medium(each.medium)): each for each in issue_all_four(holder)}
