"""Who reviews what, in which order, and what is looked at."""

import pytest

from ca.models import Realm
from tests.whitelist.review.cases import answers, fresh, registered, submit, submitted, through
from whitelist.cases.officers import Officer
from whitelist.models import Case, Organisation
from whitelist.review import check_list, courses, reviewing
from whitelist.review.errors import NotTheirTurn

pytestmark = pytest.mark.django_db
Officers = tuple[Officer, Officer]
M, R = Case.Authority.MINISTRY, Case.Authority.REGISTRAR


@pytest.mark.parametrize(
    ("item", "authorities"),
    [
        ("17-1-1", (R,)), ("17-1-2", (R,)), ("17-1-3", (R,)), ("17-1-4", (R,)), ("17-1-5", (M, R)), ("17-1-6", (M, R)),
        ("operator", (R,)),
    ],
)  # fmt: skip
def test_the_ministry_certifies_where_the_basis_needs_it(item: str, authorities: tuple[str, ...]) -> None:
    assert courses.course(answers(item)) == authorities


def test_the_ministry_first_then_the_registrar(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    case = submitted(organisation)
    assert case.authority == M
    with pytest.raises(NotTheirTurn):
        reviewing.take_up(case, by=registrar[0])
    through(case, "certify", ministry)
    case = fresh(case)
    assert (case.state, case.authority) == (Case.State.SUBMITTED, R)
    with pytest.raises(NotTheirTurn):
        reviewing.take_up(case, by=ministry[0])
    through(case, "register", registrar)
    assert fresh(case).state == Case.State.APPROVED


def test_items_one_to_four_are_the_registrars_alone(organisation: Organisation, registrar: Officers) -> None:
    case = submitted(organisation, answers("17-1-1"))
    through(case, "register", registrar)
    assert fresh(case).state == Case.State.APPROVED


def test_what_the_ministry_certified_it_sees_again_only_if_it_concerns_it(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    case = submitted(organisation)
    through(case, "certify", ministry)
    through(fresh(case), "return", registrar)
    case = submit(fresh(case), answers(service={"name_ja": "しながわ口座プラス"}))
    assert case.authority == R
    through(case, "return", registrar)
    case = submit(fresh(case), answers(purposes={"attributes": ["name"]}))
    assert case.authority == M


def test_a_change_is_looked_at_where_it_changed(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    entry = registered(organisation, ministry, registrar)
    case = submitted(organisation, answers(service={"name_ja": "しながわ新口座"}), entry=entry)
    assert courses.turn(case) == R
    review = reviewing.take_up(case, by=registrar[0])
    assert {item.code for item in check_list.asked(review)} == {"name", "texts"}


def test_a_change_of_the_basis_goes_to_the_ministry_again(
    organisation: Organisation, ministry: Officers, registrar: Officers
) -> None:
    entry = registered(organisation, ministry, registrar, answers("17-1-1"))
    case = submitted(organisation, answers("17-1-6"), entry=entry)
    assert courses.turn(case) == M
    review = reviewing.take_up(case, by=ministry[0])
    assert {item.code for item in check_list.asked(review)} == {"basis", "standard"}


def test_every_item_of_the_check_list_has_an_authority_and_sections_that_concern_it() -> None:
    assert len({item.code for item in check_list.ITEMS}) == len(check_list.ITEMS)
    for item in check_list.ITEMS:
        assert item.sections, item.code
        assert item.sections <= courses.CONCERNS[Case.Authority(item.authority)], item.code
        assert all((item.ask.ja, item.ask.en, item.how.ja, item.how.en))
    for authority, sections in courses.CONCERNS.items():
        covered = frozenset[str]().union(*(one.sections for one in check_list.ITEMS if one.authority == authority))
        assert covered == sections


def test_an_unknown_realm_has_nothing_to_do_with_it(realm: Realm, organisation: Organisation) -> None:
    case = submitted(organisation, answers("something else"))
    assert case.authority == R
