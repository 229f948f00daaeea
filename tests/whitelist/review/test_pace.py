"""The clock of working days: what is due, and that it stands still while a case is returned."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ca import clock
from ca.models import Realm
from tests.whitelist.review.cases import answers, fresh, pass_days, submit, submitted, through
from whitelist.cases.officers import Officer
from whitelist.models import Case, Organisation
from whitelist.review import pace, working_days

pytestmark = pytest.mark.django_db
Officers = tuple[Officer, Officer]


@pytest.fixture(autouse=True)
def _a_monday(realm: Realm, organisation: Organisation) -> None:
    """Make it Monday, 7 June 2027, ten in the morning in Japan: no holiday until July."""
    realm.clock_offset = datetime(2027, 6, 7, 1, 0, tzinfo=UTC) - clock.machine()
    realm.save(update_fields=["clock_offset"])
    organisation.realm.refresh_from_db()


def test_each_authority_has_its_days(organisation: Organisation, ministry: Officers, settings: object) -> None:
    case = submitted(organisation)
    assert case.due_on == working_days.after(date(2027, 6, 7), 60)
    through(case, "certify", ministry)
    assert fresh(case).due_on == date(2027, 7, 5)
    found = pace.due(fresh(case))
    assert (found.left, found.standing) == (20, "in_time") if found else False


def test_it_turns_urgent_and_overdue(realm: Realm, organisation: Organisation) -> None:
    case = submitted(organisation, answers("17-1-1"))
    told = []
    for days in (0, 21, 8):
        pass_days(realm, days)
        found = pace.due(fresh(case))
        assert found is not None
        told.append((found.left, found.standing))
    assert told == [(20, "in_time"), (5, "soon"), (-1, "overdue")]


def test_the_clock_stands_still_while_the_case_is_returned(
    realm: Realm, organisation: Organisation, registrar: Officers
) -> None:
    case = submitted(organisation, answers("17-1-1"))
    pass_days(realm, 7)  # five working days
    through(fresh(case), "return", registrar)
    assert pace.due(fresh(case)) is None
    pass_days(realm, 14)
    case = submit(fresh(case), answers("17-1-1"))
    assert pace.used(case, Case.Authority.REGISTRAR) == 5
    assert case.due_on == working_days.after(date(2027, 6, 28), 15)


def test_a_case_that_came_without_a_day_gets_one_once(organisation: Organisation) -> None:
    case = submitted(organisation, answers("17-1-1"))
    on = case.due_on
    Case.objects.update(due_on=None, authority="")
    shown = pace.due(fresh(case))
    assert shown is not None
    assert shown.on == on
    assert pace.begin_all() == 1
    assert pace.begin_all() == 0
    case = fresh(case)
    assert (case.due_on, case.authority) == (on, "registrar")


def test_a_day_is_japans(realm: Realm) -> None:
    assert clock.day(datetime(2027, 6, 7, 15, 0, tzinfo=UTC)) == date(2027, 6, 8)
    assert clock.day(datetime(2027, 6, 7, 15, 0, tzinfo=UTC) - timedelta(seconds=1)) == date(2027, 6, 7)
