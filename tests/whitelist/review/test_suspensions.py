"""The kill switch: one suspends, a second confirms or it lapses; two lift, two remove; phones refuse meanwhile."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connections, transaction

from ca.models import JournalEntry, Realm
from tests.whitelist.relying_parties import make_bank
from tests.whitelist.review.cases import kinds, make_organisation, pass_days
from whitelist.cases import states
from whitelist.cases.officers import Officer
from whitelist.errors import ArrowGone, WhitelistError
from whitelist.models import Case, EntryProposal, Organisation, RelyingParty, Suspension
from whitelist.review import suspensions
from whitelist.review.errors import (
    ByTheSame,
    NotTheirTurn,
    OfficerInvolved,
    ProposalIncomplete,
    ProposalOver,
    ProposalUnderWay,
    SuspensionOver,
    SuspensionRepeated,
)

pytestmark = pytest.mark.django_db
Officers = tuple[Officer, Officer]
State = RelyingParty.State
HOURS = 1 / 24


@pytest.fixture
def entry(realm: Realm, organisation: Organisation) -> RelyingParty:
    return make_bank(realm, organisation=organisation)


def state(entry: RelyingParty) -> str:
    return RelyingParty.objects.get(pk=entry.pk).state


def test_one_suspends_at_once_and_a_second_confirms(entry: RelyingParty, registrar: Officers) -> None:
    made = suspensions.suspend(entry, by=registrar[0], reason="鍵が漏れた")
    assert state(entry) == State.SUSPENDED
    with pytest.raises(ByTheSame):
        suspensions.confirm(made, by=registrar[0])
    suspensions.confirm(made, by=registrar[1])
    with pytest.raises(SuspensionOver):
        suspensions.confirm(made, by=Officer("hasu", Case.Authority.REGISTRAR))
    pass_days(entry.realm, 30)
    assert suspensions.lapse(entry.realm) == 0
    assert state(entry) == State.SUSPENDED
    assert kinds("test-bank") == ["register.suspend", "register.suspension_confirmed"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Suspension.objects.update(confirmed_by=registrar[0].name)


def test_unconfirmed_it_is_lifted_after_a_day_and_the_journal_says_so(entry: RelyingParty, registrar: Officers) -> None:
    made = suspensions.suspend(entry, by=registrar[0], reason="鍵が漏れた")
    pass_days(entry.realm, 23.9 * HOURS)
    assert suspensions.lapse(entry.realm) == 0
    pass_days(entry.realm, 0.2 * HOURS)
    with pytest.raises(SuspensionOver):
        suspensions.confirm(made, by=registrar[1])
    assert suspensions.lapse(entry.realm) == 1
    assert suspensions.lapse(entry.realm) == 0
    assert state(entry) == State.REGISTERED
    told = JournalEntry.objects.get(kind="register.lift").data
    assert (told["cause"], told["suspended_by"], told["by"]) == ("not_confirmed", "matsu", "")


def test_nobody_repeats_alone_what_nobody_confirmed(entry: RelyingParty, registrar: Officers) -> None:
    suspensions.suspend(entry, by=registrar[0], reason="鍵が漏れた")
    pass_days(entry.realm, 1)
    suspensions.lapse(entry.realm)
    with pytest.raises(SuspensionRepeated):
        suspensions.suspend(entry, by=registrar[0], reason="もう一度")
    assert state(entry) == State.REGISTERED
    suspensions.suspend(entry, by=registrar[1], reason="わたしもそう思う")


def test_it_needs_a_reason_an_officer_of_the_register_and_nobody_of_the_organisation(
    entry: RelyingParty, registrar: Officers, ministry: Officers
) -> None:
    involved = Officer("sumire", Case.Authority.REGISTRAR, frozenset({entry.organisation_id or 0}))
    for officer, reason, refusal in (
        (registrar[0], "  ", ProposalIncomplete),
        (ministry[0], "理由", NotTheirTurn),
        (involved, "理由", OfficerInvolved),
    ):
        with pytest.raises(refusal):
            suspensions.suspend(entry, by=officer, reason=reason)
    made = suspensions.suspend(entry, by=registrar[0], reason="理由")
    with pytest.raises(OfficerInvolved):
        suspensions.confirm(made, by=involved)
    with pytest.raises(ArrowGone):
        suspensions.suspend(entry, by=registrar[1], reason="理由")
    assert Suspension.objects.count() == 1


@pytest.mark.parametrize(("kind", "after"), [("lift", State.REGISTERED), ("remove", State.REMOVED)])
def test_two_lift_and_two_remove(entry: RelyingParty, registrar: Officers, kind: str, after: str) -> None:
    made = suspensions.suspend(entry, by=registrar[0], reason="理由")
    asked = suspensions.propose(entry, kind, by=registrar[0], reason="直った")
    with pytest.raises(ProposalUnderWay):
        suspensions.propose(entry, "remove", by=registrar[1], reason="理由")
    with pytest.raises(ByTheSame):
        suspensions.approve(asked, by=registrar[0])
    assert state(entry) == State.SUSPENDED
    suspensions.approve(asked, by=registrar[1])
    assert state(entry) == after
    made.refresh_from_db()
    assert made.state == ("lifted" if kind == "lift" else "ended")
    with pytest.raises(ProposalOver):
        suspensions.approve(asked, by=registrar[1])


def test_declined_or_taken_back_nothing_moves(entry: RelyingParty, registrar: Officers) -> None:
    first = suspensions.propose(entry, "remove", by=registrar[0], reason="使われていない")
    with pytest.raises(ProposalIncomplete):
        suspensions.decline(first, by=registrar[1], reason="")
    suspensions.decline(first, by=registrar[1], reason="使われている")
    second = suspensions.propose(entry, "remove", by=registrar[1], reason="申し出があった")
    with pytest.raises(ProposalOver):
        suspensions.retract(second, by=registrar[0])
    suspensions.retract(second, by=registrar[1])
    assert state(entry) == State.REGISTERED
    assert [one.state for one in EntryProposal.objects.all()] == ["declined", "retracted"]


def test_what_is_not_suspended_is_not_lifted(entry: RelyingParty, registrar: Officers) -> None:
    with pytest.raises(ArrowGone):
        suspensions.propose(entry, "lift", by=registrar[0], reason="理由")
    asked = suspensions.propose(entry, "remove", by=registrar[0], reason="理由")
    states.move_entry(entry, "remove", by="take")
    with pytest.raises(ArrowGone):
        suspensions.approve(asked, by=registrar[1])


def test_a_lapse_finds_an_entry_that_was_removed_meanwhile(entry: RelyingParty, registrar: Officers) -> None:
    suspensions.suspend(entry, by=registrar[0], reason="理由")
    states.move_entry(entry, "remove", by="take")
    pass_days(entry.realm, 2)
    assert suspensions.lapse(entry.realm) == 0
    assert state(entry) == State.REMOVED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_confirmed_and_lapsed_at_once_one_holds(realm: Realm, registrar: Officers) -> None:
    for number in range(6):
        bank = make_bank(realm, f"bank-{number}", organisation=make_organisation(realm))
        made = suspensions.suspend(bank, by=registrar[0], reason="理由")
        # Its last moment: the sweep comes as the second officer confirms.
        Suspension.objects.filter(pk=made.pk).update(confirm_until=made.at)
        came = both(
            lambda: suspensions.lapse(realm),
            lambda made=made: suspensions.confirm(made, by=registrar[1]),
            lambda bank=bank: suspensions.suspend(bank, by=registrar[1], reason="理由"),
        )
        made.refresh_from_db()
        assert made.state == "lapsed", came
        standing = suspensions.of(bank)
        assert (state(bank) == State.SUSPENDED) == (standing is not None)


def both(*acts: Callable[[], object]) -> list[str]:
    gate, came = threading.Barrier(len(acts)), []

    def work(act: Callable[[], object]) -> None:
        try:
            gate.wait()
            act()
            came.append("")
        except WhitelistError as error:
            came.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[act]) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return came
