"""Fixtures of the review: four officers, an organisation."""

import pytest

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.whitelist.review.cases import make_organisation
from whitelist.cases.officers import Officer
from whitelist.models import Case, Organisation

MINISTRY, REGISTRAR = Case.Authority.MINISTRY, Case.Authority.REGISTRAR


@pytest.fixture
def organisation(realm: Realm) -> Organisation:
    return make_organisation(realm)


@pytest.fixture
def ministry() -> tuple[Officer, Officer]:
    return Officer("kiku", MINISTRY), Officer("ume", MINISTRY)


@pytest.fixture
def registrar() -> tuple[Officer, Officer]:
    return Officer("matsu", REGISTRAR), Officer("take", REGISTRAR)
