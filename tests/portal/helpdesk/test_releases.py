"""The release of a hold takes two people, within a time, and exactly one decision."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from ca import clock
from ca import journal as chain
from ca.causes import RULES, Cause, Event, Party, Rule
from ca.models import Certificate, Holder, Realm
from portal.accounts.models import Account
from portal.helpdesk import calls, holds
from portal.helpdesk.errors import (
    HelpdeskError,
    IdentityNotChecked,
    ReasonMissing,
    ReleaseByTheSame,
    ReleaseNotPossible,
    ReleaseOver,
    ReleaseUnderWay,
)
from portal.helpdesk.models import Call, Release
from portal.helpdesk.script import Act
from tests.ca.test_issuance import at_once
from tests.portal.accounts.people import code, journal, make_staff, sign_in, wrong_code
from tests.portal.helpdesk.callers import RIGHT_FOR_HOLD, RIGHT_FOR_RELEASE
from tsm import measures, services
from tsm.measures import Signal
from tsm.models import Enrolment, ServiceOrder

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def held(agent: Account, holder: Holder, enrolment: Enrolment) -> Call:
    """Return a call in which the holder's pair was put on hold."""
    call = calls.open_(agent, holder.reference, reason="lost")
    calls.check(call, dict.fromkeys(RIGHT_FOR_RELEASE, True))
    holds.hold(call)
    return call


@pytest.fixture
def proposal(held: Call) -> Release:
    return holds.propose(held, ground="自宅で見つかった")


def orders() -> list[str]:
    return [order.function for order in ServiceOrder.objects.filter(state="open")]


def test_another_person_approves_and_the_order_stands(proposal: Release, second: Account, realm: Realm) -> None:
    browser = sign_in(second)
    address = f"/helpdesk/releases/{proposal.pk}/"
    assert address in browser.get("/helpdesk/releases/").content.decode()
    page = browser.get(address).content.decode()
    assert "自宅で見つかった" in page
    assert "5つ聞いて5つ正しい答え" in page
    response = browser.post(f"{address}decide", {"decision": "approve", "code": code(second)})
    assert response.headers["Location"] == address
    assert orders() == ["resume"]
    assert "承認しました" in browser.get(address).content.decode()
    assert "いま決めるものはありません" in browser.get("/helpdesk/releases/").content.decode()
    (entry,) = journal("helpdesk.release_approved")
    assert (entry.data["staff"], entry.data["proposed_by"]) == ("momiji", "sakura")
    assert journal("helpdesk.release_proposed")[0].data["ground"] == "自宅で見つかった"
    assert len(journal("helpdesk.release_looked_at")) == 2
    assert chain.verify(realm) is None


def test_who_proposes_does_not_decide(proposal: Release, agent: Account) -> None:
    browser = sign_in(agent)
    address = f"/helpdesk/releases/{proposal.pk}/"
    assert "ほかの人が決めます" in browser.get(address).content.decode()
    response = browser.post(f"{address}decide", {"decision": "approve", "code": code(agent)})
    assert response.status_code == 403
    assert "自分では決められません" in response.content.decode()
    with pytest.raises(ReleaseByTheSame):
        holds.refuse(proposal, by=agent, ground="疑わしい")
    assert orders() == ["suspend"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.update(state="approved", decided_by=agent, decided_at=clock.now(agent.realm))


def test_an_approval_takes_the_authenticators_code(proposal: Release, second: Account) -> None:
    browser = sign_in(second)
    address = f"/helpdesk/releases/{proposal.pk}/decide"
    for given in ("", wrong_code(second)):
        response = browser.post(address, {"decision": "approve", "code": given})
        assert response.status_code == 403
        assert "確認コードが違う" in response.content.decode()
    proposal.refresh_from_db()
    assert (proposal.state, orders()) == ("proposed", ["suspend"])


def test_a_proposal_shown_beside_a_refusal_is_a_look_too(proposal: Release, second: Account) -> None:
    browser = sign_in(second)
    address = f"/helpdesk/releases/{proposal.pk}/decide"
    for form in ({"decision": "approve", "code": ""}, {"decision": "refuse", "ground": ""}):
        assert proposal.call.holder.name in browser.post(address, form).content.decode()
    assert [entry.data["staff"] for entry in journal("helpdesk.release_looked_at")] == ["momiji"] * 2


def test_a_refusal_takes_a_reason_and_leaves_the_hold(proposal: Release, second: Account, held: Call) -> None:
    browser = sign_in(second)
    address = f"/helpdesk/releases/{proposal.pk}/decide"
    assert browser.post(address, {"decision": "refuse", "ground": " "}).status_code == 400
    assert browser.post(address, {"decision": "refuse", "ground": "声が違う"}).status_code == 302
    assert orders() == ["suspend"]
    assert journal("helpdesk.release_refused")[0].data["ground"] == "声が違う"
    assert holds.propose(held, ground="もう一度").state == "proposed", "a refusal is not the end of it"


def test_what_nobody_decides_in_time_lapses(proposal: Release, second: Account, held: Call, realm: Realm) -> None:
    Release.objects.update(lapses_at=clock.now(realm))
    with pytest.raises(ReleaseOver):
        holds.approve(proposal, by=second)
    assert orders() == ["suspend"]
    assert sign_in(second).get("/helpdesk/releases/").context["rows"] == []
    proposal.refresh_from_db()
    assert proposal.state == "lapsed"
    assert len(journal("helpdesk.release_lapsed")) == 1
    holds.propose(held, ground="もう一度")


def test_one_proposal_at_a_time(proposal: Release, held: Call) -> None:
    with pytest.raises(ReleaseUnderWay):
        holds.propose(held, ground="もう一度")


@pytest.mark.parametrize(
    ("asked", "ground", "refusal"),
    [
        (RIGHT_FOR_HOLD, "見つかった", IdentityNotChecked),
        (RIGHT_FOR_RELEASE, "  ", ReasonMissing),
    ],
)
def test_a_proposal_takes_a_surer_caller_and_a_reason(
    held: Call, asked: dict[str, str], ground: str, refusal: type[HelpdeskError]
) -> None:
    calls.check(held, dict.fromkeys(asked, True))
    with pytest.raises(refusal):
        holds.propose(held, ground=ground)


def test_who_tries_answers_call_by_call_gets_no_release_and_may_still_hold(
    agent: Account, held: Call, holder: Holder, settings: Any
) -> None:
    settings.HELPDESK_WRONG_CALLS = 2
    for _ in range(2):
        again = calls.open_(agent, holder.reference, reason="found")
        calls.check(again, dict.fromkeys(RIGHT_FOR_RELEASE, True) | {"phone": False})
        calls.check(again, dict.fromkeys(RIGHT_FOR_RELEASE, True) | {"applied": False})
    assert not calls.may(held, Act.RELEASE)
    assert calls.may(held, Act.HOLD)
    with pytest.raises(IdentityNotChecked):
        holds.propose(held, ground="見つかった")
    settings.HELPDESK_WRONG_CALLS = 3
    holds.propose(held, ground="見つかった")


def test_where_nothing_is_on_hold_there_is_nothing_to_release(
    agent: Account, holder: Holder, enrolment: Enrolment
) -> None:
    call = calls.open_(agent, holder.reference, reason="found")
    calls.check(call, dict.fromkeys(RIGHT_FOR_RELEASE, True))
    with pytest.raises(ReleaseNotPossible):
        holds.propose(call, ground="見つかった")


def test_a_hold_by_a_measure_is_its_holders_to_end(agent: Account, holder: Holder, enrolment: Enrolment) -> None:
    measures.report(enrolment, Signal.FACTORY_RESET, source="test")
    call = calls.open_(agent, holder.reference, reason="question")
    calls.check(call, dict.fromkeys(RIGHT_FOR_RELEASE, True))
    with pytest.raises(ReleaseNotPossible):
        holds.propose(call, ground="初期化しただけ")
    page = sign_in(agent).post("/helpdesk/open", {"holder": str(holder.reference), "reason": "question"})
    assert "ヘルプデスクからは解除できません" in sign_in(agent).get(page.headers["Location"]).content.decode()


def test_a_hold_by_a_measure_that_came_meanwhile_is_not_released_by_an_older_proposal(
    proposal: Release, second: Account
) -> None:
    order = services.resume(proposal.enrolment, source="officer")
    services.release(proposal.enrolment)
    services.done(order)
    measures.report(proposal.enrolment, Signal.FACTORY_RESET, source="test")
    with pytest.raises(ReleaseNotPossible):
        holds.approve(proposal, by=second)
    assert orders() == []
    proposal.refresh_from_db()
    assert proposal.state == "proposed"


def test_the_authorities_table_is_the_policy(held: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """As J-LIS's rule has it, a hold would never be released: a change of a row, and the help desk can't."""
    loss = RULES[Cause.LOSS]
    kept = {event: parties for event, parties in loss.events.items() if event is not Event.RELEASE}
    monkeypatch.setitem(RULES, Cause.LOSS, Rule(loss.reason, kept))  # type: ignore[arg-type]
    with pytest.raises(ReleaseNotPossible):
        holds.propose(held, ground="見つかった")
    assert Party.HELP_DESK in loss.events[Event.RELEASE]


def test_an_officer_decides_too_and_finds_nobody(proposal: Release, realm: Realm) -> None:
    officer = make_staff(realm, "officer", "officer")
    browser = sign_in(officer)
    assert browser.get("/helpdesk/").status_code == 403
    holds.approve(proposal, by=officer)
    assert orders() == ["resume"]


def test_a_proposal_of_another_realm_is_unknown(proposal: Release) -> None:
    from tests.ca.fixtures import make_realm

    browser = sign_in(make_staff(make_realm("other"), "elsewhere"))
    assert browser.get(f"/helpdesk/releases/{proposal.pk}/").status_code == 404
    assert browser.post(f"/helpdesk/releases/{proposal.pk}/decide", {"decision": "refuse"}).status_code == 404


def test_when_the_enrolment_ended_meanwhile_nothing_is_approved(proposal: Release, second: Account) -> None:
    services.terminate(proposal.enrolment, source="test")
    browser = sign_in(second)
    response = browser.post(f"/helpdesk/releases/{proposal.pk}/decide", {"decision": "approve", "code": code(second)})
    assert response.status_code == 409
    proposal.refresh_from_db()
    assert proposal.state == "proposed"
    assert {one.status for one in Certificate.objects.filter(medium="phone")} == {"revoked"}


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_the_same_moment_make_one_decision(proposal: Release, realm: Realm) -> None:
    """On PostgreSQL they really run beside each other (`make test-postgres`); SQLite lets one write after the other."""
    people = [make_staff(realm, f"person{number}") for number in range(4)]
    decisions: list[Any] = [
        lambda by=people[0]: holds.approve(Release.objects.get(), by=by),
        lambda by=people[1]: holds.refuse(Release.objects.get(), by=by, ground="声が違う"),
        lambda by=people[2]: holds.approve(Release.objects.get(), by=by),
        lambda by=people[3]: holds.refuse(Release.objects.get(), by=by, ground="疑わしい"),
    ]
    results = at_once(*decisions)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", *["ReleaseOver"] * 3], results
    proposal.refresh_from_db()
    decided = journal("helpdesk.release_approved") + journal("helpdesk.release_refused")
    assert len(decided) == 1
    assert orders() == (["resume"] if proposal.state == "approved" else ["suspend"])
    assert chain.verify(realm) is None


@pytest.mark.django_db(transaction=True)
def test_two_proposals_at_the_same_moment_are_one(held: Call) -> None:
    results = at_once(*[lambda: holds.propose(Call.objects.get(), ground="見つかった")] * 3)
    assert sorted(type(result).__name__ for result in results) == ["Release", "ReleaseUnderWay", "ReleaseUnderWay"]
    assert len(journal("helpdesk.release_proposed")) == 1


def test_the_list_asks_the_database_a_fixed_number_of_times(proposal: Release, second: Account) -> None:
    from django.test.utils import CaptureQueriesContext

    browser: Client = sign_in(second)
    browser.get("/helpdesk/releases/")
    with CaptureQueriesContext(connection) as queries:
        browser.get("/helpdesk/releases/")
    assert len(queries) <= 4
    assert proposal.lapses_at - proposal.proposed_at == timedelta(hours=1)
