"""Fixtures of cases: an organisation, a draft, and one in which everything is answered."""

import pytest

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.whitelist.cases.filled import fill, make_organisation
from whitelist.cases import drafts
from whitelist.models import Case, Organisation


@pytest.fixture
def organisation(realm: Realm) -> Organisation:
    return make_organisation(realm)


@pytest.fixture
def draft(organisation: Organisation) -> Case:
    return drafts.open(organisation, "aoi@bank.example")


@pytest.fixture
def filled(draft: Case) -> Case:
    return fill(draft)
