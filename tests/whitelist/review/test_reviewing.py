"""The review: what is refused, what each decision does, and that two officers at once make one decision."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from tests.whitelist.review.cases import (
    CERTIFICATION,
    answers,
    checked,
    fresh,
    kinds,
    propose,
    submit,
    submitted,
    through,
)
from whitelist.cases import states
from whitelist.cases.officers import Officer
from whitelist.errors import ArrowGone, WhitelistError
from whitelist.models import Case, CheckAnswer, Organisation, Proposal, RelyingParty, Review
from whitelist.review import check_list, deciding, entering, reviewing, turns
from whitelist.review.errors import (
    ByTheSame,
    CheckListOpen,
    NotTheirTurn,
    OfficerInvolved,
    ProposalIncomplete,
    ProposalOver,
    ProposalUnderWay,
)

pytestmark = pytest.mark.django_db
Officers = tuple[Officer, Officer]
M, R = Case.Authority.MINISTRY, Case.Authority.REGISTRAR


@pytest.fixture
def review(organisation: Organisation, registrar: Officers) -> Review:
    """Return a registrar's open turn with a city office's case."""
    return reviewing.take_up(submitted(organisation, answers("17-1-1")), by=registrar[0])


# --- who


def test_who_belongs_to_the_applicant_does_nothing_with_it(
    organisation: Organisation, registrar: Officers, review: Review
) -> None:
    involved = Officer("sumire", R, frozenset({organisation.pk}))
    made = propose(review, "return", registrar[0])
    for act in (
        lambda: reviewing.take_up(submitted(organisation, answers("17-1-1")), by=involved),
        lambda: check_list.check(review, {"name": ("met", "見た")}, by=involved),
        lambda: reviewing.propose(review, "refuse", by=involved, version=1, reasons="理由"),
        lambda: deciding.approve(made, by=involved, version=1),
        lambda: deciding.decline(made, by=involved, version=1, reason="理由"),
    ):
        with pytest.raises(OfficerInvolved):
            act()
    assert fresh(review.case).state == Case.State.IN_REVIEW


def test_the_other_authority_decides_nothing(ministry: Officers, registrar: Officers, review: Review) -> None:
    made = propose(review, "return", registrar[0])
    with pytest.raises(NotTheirTurn):
        deciding.approve(made, by=ministry[0], version=1)
    with pytest.raises(NotTheirTurn):
        reviewing.propose(review, "certify", by=registrar[0], version=1, terms=CERTIFICATION)


@pytest.mark.parametrize("kind", ["register", "return", "refuse"])
def test_nobody_decides_on_what_they_proposed(registrar: Officers, review: Review, kind: str) -> None:
    made = propose(review, kind, registrar[0])
    with pytest.raises(ByTheSame):
        deciding.approve(made, by=registrar[0], version=1)
    with pytest.raises(ByTheSame):
        deciding.decline(made, by=registrar[0], version=1, reason="やはり違う")
    assert Proposal.objects.get().state == Proposal.State.PROPOSED
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.update(state=Proposal.State.APPROVED, decided_by=registrar[0].name)


# --- the check list


def test_an_approval_needs_the_whole_check_list(registrar: Officers, review: Review) -> None:
    with pytest.raises(CheckListOpen) as caught:
        reviewing.propose(review, "register", by=registrar[0], version=1)
    assert "name" in caught.value.data["items"]
    checked(review, registrar[0])
    check_list.check(review, {"name": ("not_met", "ほかの銀行と同じ名前")}, by=registrar[1])
    with pytest.raises(CheckListOpen) as caught:
        reviewing.propose(review, "register", by=registrar[0], version=1)
    assert caught.value.data["items"] == ["name"]
    check_list.check(review, {"name": ("not_applicable", "変更がない")}, by=registrar[1])
    reviewing.propose(review, "register", by=registrar[0], version=1)


def test_what_was_found_after_the_proposal_stands_against_the_decision(registrar: Officers, review: Review) -> None:
    first, second = registrar
    made = propose(review, "register", first)
    item = check_list.asked(review)[0].code
    check_list.check(review, {item: ("not_met", "登記が抹消されていた")}, by=second)
    with pytest.raises(CheckListOpen):
        deciding.approve(made, by=second, version=1)
    made.refresh_from_db()
    assert (made.state, RelyingParty.objects.count()) == ("proposed", 0)


def test_an_answer_has_evidence_and_keeps_who_and_when(registrar: Officers, review: Review) -> None:
    with pytest.raises(ProposalIncomplete) as caught:
        check_list.check(review, {"name": ("met", " "), "texts": ("perhaps", "見た")}, by=registrar[0])
    assert caught.value.data["fields"] == {"name": "evidence_missing", "texts": "unknown"}
    assert not CheckAnswer.objects.exists()
    check_list.check(review, {"name": ("met", "登録簿と比べた")}, by=registrar[0])
    assert check_list.check(review, {"name": ("met", "登録簿と比べた")}, by=registrar[1]) == 0
    check_list.check(review, {"name": ("not_met", "似た名前がある")}, by=registrar[1])
    assert [(one.answer, one.by) for one in CheckAnswer.objects.all()] == [("met", "matsu"), ("not_met", "take")]
    standing = check_list.standing(review)["name"]
    assert (standing.by, standing.evidence) == ("take", "似た名前がある")
    assert kinds(review.case.reference).count("review.checked") == 2


def test_after_a_return_only_what_changed_is_asked_again(registrar: Officers, review: Review) -> None:
    checked(review, registrar[0])
    deciding.approve(propose(review, "return", registrar[0]), by=registrar[1], version=1)
    case = submit(fresh(review.case), answers("17-1-1", service={"name_ja": "しながわの口座"}))
    again = reviewing.take_up(case, by=registrar[0])
    assert set(check_list.left(again)) == {"name", "texts"}


# --- what is proposed


@pytest.mark.parametrize(
    ("kind", "more", "fields"),
    [
        ("return", {"remarks": []}, {"remarks"}),
        ("return", {"remarks": [{"section": "service", "field": "name_ja", "text": "  "}]}, {"remarks"}),
        ("return", {"remarks": [{"section": "nowhere", "field": "", "text": "直してください"}]}, {"remarks"}),
        ("refuse", {"reasons": " "}, {"reasons"}),
        ("register", {"terms": {"valid_until": "2020-01-01"}}, {"valid_until"}),
        ("register", {"terms": {"valid_until": "soon"}}, {"valid_until"}),
    ],
)
def test_what_is_incomplete_is_refused(
    registrar: Officers, review: Review, kind: str, more: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(ProposalIncomplete) as caught:
        propose(review, kind, registrar[0], **more)
    assert caught.value.data["fields"].keys() == fields


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ({}, {"number", "granted_on", "valid_until"}),
        (CERTIFICATION | {"number": "x" * 65}, {"number"}),
        (CERTIFICATION | {"granted_on": "2031-01-01"}, {"valid_until"}),
        (CERTIFICATION | {"valid_until": "2020-01-01", "granted_on": "2019-01-01"}, {"valid_until"}),
    ],
)
def test_a_certification_has_number_and_days(
    organisation: Organisation, ministry: Officers, terms: dict[str, str], fields: set[str]
) -> None:
    review = reviewing.take_up(submitted(organisation), by=ministry[0])
    with pytest.raises(ProposalIncomplete) as caught:
        propose(review, "certify", ministry[0], terms=terms)
    assert caught.value.data["fields"].keys() == fields


def test_one_proposal_at_a_time_and_ones_own_can_be_taken_back(registrar: Officers, review: Review) -> None:
    made = propose(review, "return", registrar[0])
    with pytest.raises(ProposalUnderWay):
        propose(review, "refuse", registrar[1])
    with pytest.raises(ProposalOver):
        reviewing.retract(made, by=registrar[1])
    reviewing.retract(made, by=registrar[0])
    with pytest.raises(ProposalOver):
        deciding.approve(made, by=registrar[1], version=1)
    propose(review, "refuse", registrar[1])


# --- what a decision does


def test_returned_with_remarks_and_the_clock_stops(registrar: Officers, review: Review) -> None:
    deciding.approve(propose(review, "return", registrar[0]), by=registrar[1], version=1)
    case = fresh(review.case)
    assert (case.state, case.due_on) == (Case.State.RETURNED, None)
    assert turns.of(case) is None
    assert kinds(case.reference)[-3:] == ["case.take_up", "review.proposed", "case.return"]


def test_refused_for_reasons(registrar: Officers, review: Review) -> None:
    deciding.approve(propose(review, "refuse", registrar[0]), by=registrar[1], version=1)
    assert fresh(review.case).state == Case.State.REFUSED
    assert not RelyingParty.objects.exists()


def test_declined_it_is_in_review_again_with_the_reason(registrar: Officers, review: Review) -> None:
    made = propose(review, "refuse", registrar[0])
    with pytest.raises(ProposalIncomplete):
        deciding.decline(made, by=registrar[1], version=1, reason=" ")
    deciding.decline(made, by=registrar[1], version=1, reason="まず差し戻すべきです。")
    made.refresh_from_db()
    assert (made.state, made.decided_by, made.decline_reason) == ("declined", "take", "まず差し戻すべきです。")
    assert fresh(review.case).state == Case.State.IN_REVIEW
    assert turns.of(fresh(review.case)) == review
    propose(review, "return", registrar[1])  # and now the other way round


def test_a_case_that_was_withdrawn_is_decided_by_nobody(registrar: Officers, review: Review) -> None:
    made = propose(review, "register", registrar[0])
    states.move(fresh(review.case), "withdraw", by="hana@bank.example")
    with pytest.raises(ArrowGone):
        deciding.approve(made, by=registrar[1], version=1)
    with pytest.raises(ArrowGone):
        propose(review, "return", registrar[0])


def test_a_page_that_shows_an_older_version_decides_nothing(registrar: Officers, review: Review) -> None:
    deciding.approve(propose(review, "return", registrar[0]), by=registrar[1], version=1)
    case = submit(fresh(review.case), answers("17-1-1", contacts={}))
    again = reviewing.take_up(case, by=registrar[0])
    with pytest.raises(ProposalOver):
        propose(again, "register", registrar[0], version=1)
    made = propose(again, "register", registrar[0])
    with pytest.raises(ProposalOver):
        deciding.approve(made, by=registrar[1], version=1)
    with pytest.raises(ArrowGone):
        propose(review, "return", registrar[0])  # the turn before
    deciding.approve(made, by=registrar[1], version=2)


def test_what_fails_on_the_way_leaves_nothing_half(
    registrar: Officers, review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = propose(review, "register", registrar[0])
    written = len(kinds(review.case.reference))

    def broken(*_: object) -> None:
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(entering, "_certify", broken)
    with pytest.raises(RuntimeError):
        deciding.approve(made, by=registrar[1], version=1)
    made.refresh_from_db()
    assert made.state == Proposal.State.PROPOSED
    assert not RelyingParty.objects.exists()
    assert fresh(review.case).state == Case.State.IN_REVIEW
    assert len(kinds(review.case.reference)) == written


# --- two at once


def at_once(*acts: Callable[[], object]) -> list[type]:
    """Do all at the same moment, each in a thread with a connection of its own; return what came of each."""
    gate, came = threading.Barrier(len(acts)), []

    def work(act: Callable[[], object]) -> None:
        try:
            gate.wait()
            act()
            came.append(type(None))
        except WhitelistError as error:
            came.append(type(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[act]) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return came


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_officers_take_a_case_up_at_once(organisation: Organisation, registrar: Officers) -> None:
    case = submitted(organisation, answers("17-1-1"))
    acts = [lambda by=by: reviewing.take_up(fresh(case), by=by) for by in registrar for _ in range(2)]
    came = at_once(*acts)
    assert sorted(one.__name__ for one in came) == ["ArrowGone"] * 3 + ["NoneType"]
    assert Review.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_propose_at_once(organisation: Organisation, registrar: Officers) -> None:
    review = reviewing.take_up(submitted(organisation, answers("17-1-1")), by=registrar[0])
    came = at_once(*(lambda by=by: propose(review, "return", by) for by in registrar))
    assert {*came} == {type(None), ProposalUnderWay}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_approves_while_others_decline_and_retract(organisation: Organisation, registrar: Officers) -> None:
    third = Officer("hasu", R)
    for _ in range(5):
        case = submitted(organisation, answers("17-1-1", service={"client_id": ""}))
        made = propose(reviewing.take_up(case, by=registrar[0]), "register", registrar[0])

        def read(pk: int = made.pk) -> Proposal:
            return Proposal.objects.select_related("review__case__organisation__realm", "review__version").get(pk=pk)

        came = at_once(
            lambda read=read: deciding.approve(read(), by=registrar[1], version=1),
            lambda read=read: deciding.approve(read(), by=third, version=1),
            lambda read=read: deciding.decline(read(), by=third, version=1, reason="違う"),
            lambda read=read: reviewing.retract(read(), by=registrar[0]),
        )
        assert came.count(type(None)) == 1, came
        made.refresh_from_db()
        approved = made.state == Proposal.State.APPROVED
        assert (fresh(case).state == Case.State.APPROVED) == approved
        assert RelyingParty.objects.filter(cases=case).exists() == approved


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_applicant_withdraws_while_it_is_approved(organisation: Organisation, registrar: Officers) -> None:
    case = submitted(organisation, answers("17-1-1"))
    made = propose(reviewing.take_up(case, by=registrar[0]), "register", registrar[0])
    came = at_once(
        lambda: deciding.approve(made, by=registrar[1], version=1),
        lambda: states.move(fresh(case), "withdraw", by="hana@bank.example"),
    )
    assert sorted(one.__name__ for one in came) == ["ArrowGone", "NoneType"]
    assert RelyingParty.objects.exists() == (fresh(case).state == Case.State.APPROVED)


def test_the_whole_way_is_in_the_journal(organisation: Organisation, ministry: Officers, registrar: Officers) -> None:
    case = submitted(organisation)
    through(case, "certify", ministry)
    through(fresh(case), "register", registrar)
    turn = ["case.take_up", "review.checked", "review.proposed"]
    assert kinds(case.reference) == ["case.submit", *turn, "case.pass_on", *turn, "case.approve"]
    assert kinds("shinagawa-account") == ["register.register"]
