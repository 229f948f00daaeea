"""Fixtures of the applicant's screens: an organisation's owner at a browser, and a case."""

from typing import Any

import pytest

from ca.models import Realm
from portal.providers.models import Membership
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.onboarding.applicant import Applicant
from tests.portal.providers.people import make_provider
from tests.whitelist.cases.filled import fill, make_organisation
from whitelist.cases import drafts
from whitelist.models import Case


@pytest.fixture(autouse=True)
def _here(settings: Any) -> None:
    settings.DEFAULT_REALM = "test"


@pytest.fixture
def owner(realm: Realm) -> Membership:
    return make_provider(realm, organisation=make_organisation(realm))


@pytest.fixture
def draft(owner: Membership) -> Case:
    return drafts.open(owner.organisation, owner.account.name)


@pytest.fixture
def filled(draft: Case) -> Case:
    return fill(draft)


@pytest.fixture
def applicant(owner: Membership, draft: Case) -> Applicant:
    return Applicant(owner, draft)
