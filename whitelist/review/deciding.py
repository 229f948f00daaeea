"""What the second officer decides on a proposal, and what follows: one transaction, the whole of it or nothing."""

from typing import Any

from django.db import transaction

from ca import clock, journal
from whitelist import texts
from whitelist.cases import states
from whitelist.cases.officers import Officer
from whitelist.models import Case, CaseRemark, Proposal, Review
from whitelist.review import check_list, courses, entering, pace, reviewing, turns
from whitelist.review.errors import ByTheSame, CheckListOpen, ProposalIncomplete, ProposalOver

Kind = Proposal.Kind
State = Proposal.State


def approve(proposal: Proposal, *, by: Officer, version: int) -> None:
    """Decide as proposed, on the version that the officer saw; the case moves on with it.

    Raises ByTheSame, ProposalOver, CheckListOpen, NotTheirTurn, OfficerInvolved, ArrowGone, or what `entering.enter`
    raises.
    """
    review = proposal.review
    case = review.case
    with transaction.atomic():
        journal.take(case.organisation.realm)
        _claim(proposal, by, version, State.APPROVED)
        left = check_list.left(review) if Kind(proposal.kind) in (Kind.CERTIFY, Kind.REGISTER) else []
        if left:  # somebody found something since it was proposed
            raise CheckListOpen("the check list stands against it", items=left)
        told = {"proposal": str(proposal.reference), "proposed_by": proposal.proposed_by, "version": version}
        CONSEQUENCES[Kind(proposal.kind)](proposal, by, told)
        Review.objects.filter(pk=review.pk).update(ended_at=clock.now(case.organisation.realm))


def decline(proposal: Proposal, *, by: Officer, version: int, reason: str) -> None:
    """Decide against a proposal: the case stays in review, and the reason is read by who proposed it.

    Raises ProposalIncomplete without a reason, otherwise as `approve` does.
    """
    reason = texts.kept(reason)[: reviewing.LONGEST]
    if not reason:
        raise ProposalIncomplete("a proposal is declined for a reason", fields={"reason": "missing"})
    with transaction.atomic():
        journal.take(proposal.review.case.organisation.realm)
        _claim(proposal, by, version, State.DECLINED, decline_reason=reason)
        turns.record(proposal.review, "review.declined", by, proposal=str(proposal.reference), reason=reason)


def _claim(proposal: Proposal, by: Officer, version: int, to: State, **values: str) -> None:
    review = proposal.review
    turns.require_open(review, by)
    if review.version.number != version or courses.newest(review.case).number != version:
        raise ProposalOver("another version than the one that was seen")
    now = clock.now(review.case.organisation.realm)
    mine = Proposal.objects.filter(pk=proposal.pk, state=State.PROPOSED).exclude(proposed_by=by.name)
    if not mine.update(state=to, decided_by=by.name, decided_at=now, **values):
        if proposal.proposed_by == by.name:
            raise ByTheSame("who proposes doesn't decide")
        raise ProposalOver("decided meanwhile")
    proposal.state, proposal.decided_by, proposal.decided_at = to, by.name, now


def _certify(proposal: Proposal, by: Officer, told: dict[str, Any]) -> None:
    case = proposal.review.case
    arrived = clock.now(case.organisation.realm)
    changes = {
        "authority": Case.Authority.REGISTRAR,
        "due_on": pace.due_on(case, Case.Authority.REGISTRAR, arrived=arrived),
    }
    certified = {name: proposal.terms[name] for name in ("number", "granted_on", "valid_until")}
    states.move(case, "pass_on", by=by.name, changes=changes, **told, certification=certified)


def _register(proposal: Proposal, by: Officer, told: dict[str, Any]) -> None:
    case = proposal.review.case
    entry = entering.enter(case, proposal, by=by.name)
    changes = {"relying_party": entry, "due_on": None}
    states.move(case, "approve", by=by.name, changes=changes, **told, client_id=entry.client_id)


def _return(proposal: Proposal, by: Officer, told: dict[str, Any]) -> None:
    review = proposal.review
    now = states.move(
        review.case, "return", by=by.name, changes={"due_on": None}, **told, remarks=len(proposal.remarks)
    )
    CaseRemark.objects.bulk_create(
        CaseRemark(case=review.case, version=review.version, by=proposal.proposed_by, at=now, **one)
        for one in proposal.remarks
    )


def _refuse(proposal: Proposal, by: Officer, told: dict[str, Any]) -> None:
    changes = {"due_on": None}
    states.move(proposal.review.case, "refuse", by=by.name, changes=changes, **told, reasons=proposal.reasons)


CONSEQUENCES = {Kind.CERTIFY: _certify, Kind.REGISTER: _register, Kind.RETURN: _return, Kind.REFUSE: _refuse}
