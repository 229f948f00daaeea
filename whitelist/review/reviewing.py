"""What one officer does alone: take a case up, look, propose, take a proposal back. Nothing here ends a case.

Whoever belongs to the applicant does none of it, and each authority only what is its own.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from ca import clock, journal
from whitelist import texts
from whitelist.cases import states
from whitelist.cases.officers import Officer
from whitelist.models import Case, Proposal, Review
from whitelist.review import check_list, courses, pace, turns
from whitelist.review.errors import (
    CheckListOpen,
    NotTheirTurn,
    ProposalIncomplete,
    ProposalOver,
    ProposalUnderWay,
)

Kind = Proposal.Kind
Authority = Case.Authority

# What each authority may propose: the ministry certifies, J-LIS registers.
KINDS: Mapping[str, tuple[Kind, ...]] = {
    Authority.MINISTRY: (Kind.CERTIFY, Kind.RETURN, Kind.REFUSE),
    Authority.REGISTRAR: (Kind.REGISTER, Kind.RETURN, Kind.REFUSE),
}
LONGEST = 4000
LONGEST_REMARK = 1000
LONGEST_NUMBER = 64


def take_up(case: Case, *, by: Officer) -> Review:
    """Take a submitted case up; of two officers at once, one does. Raises NotTheirTurn, OfficerInvolved, ArrowGone."""
    realm = case.organisation.realm
    with transaction.atomic():
        journal.take(realm)
        version = courses.newest(case)
        authority = courses.turn(case, version)
        turns.require_fit(case, by, authority)
        row = Case.objects.get(pk=case.pk)
        arrived = row.moved_at  # submitted, or passed on
        due_on = pace.due_on(case, authority, arrived=arrived)
        changes = {"authority": authority, "due_on": due_on}
        now = states.move(
            case, "take_up", by=by.name, changes=changes, version=version.number, authority=str(authority)
        )
        Review.objects.filter(case=case, ended_at__isnull=True).update(ended_at=now)  # of a case that was withdrawn
        return Review.objects.create(
            case=case, version=version, authority=authority, arrived_at=arrived, taken_up_by=by.name, taken_up_at=now
        )


def look(case: Case, *, by: Officer) -> None:
    """Write down that an officer looked at a case."""
    journal.record(case.organisation.realm, "review.looked_at", str(case.reference), by=by.name)


def propose(
    review: Review,
    kind: str,
    *,
    by: Officer,
    version: int,
    reasons: str = "",
    remarks: Sequence[Mapping[str, str]] = (),
    terms: Mapping[str, str] | None = None,
) -> Proposal:
    """Propose what is to become of the version that the officer saw, for another officer to decide.

    A return needs a remark at least, a refusal its reasons, a certification number and days (ISO 8601) in `terms`, a
    registration may have a last day; certification and registration need the check list. Raises ProposalIncomplete,
    CheckListOpen, ProposalUnderWay, ProposalOver (another version by now), NotTheirTurn, OfficerInvolved.
    """
    case = review.case
    if kind not in KINDS[review.authority]:
        raise NotTheirTurn("not this authority's to propose", kind=kind)
    chosen = Kind(kind)
    fields: dict[str, Any] = {"reasons": texts.kept(reasons)[:LONGEST], "remarks": [], "terms": {}}
    wrong: dict[str, str] = {}
    if chosen == Kind.RETURN:
        fields["remarks"], wrong = _remarks(remarks, review)
    elif chosen == Kind.REFUSE and not fields["reasons"]:
        wrong["reasons"] = "missing"
    elif chosen in (Kind.CERTIFY, Kind.REGISTER):
        today = clock.today(case.organisation.realm)
        fields["terms"], wrong = _terms(chosen, terms or {}, today)
    if wrong:
        raise ProposalIncomplete("something is missing", fields=wrong)
    with transaction.atomic():
        journal.take(case.organisation.realm)
        turns.require_open(review, by)
        if courses.newest(case).number != version or review.version.number != version:
            raise ProposalOver("another version than the one that was seen")
        left = check_list.left(review) if chosen in (Kind.CERTIFY, Kind.REGISTER) else []
        if left:
            raise CheckListOpen("the check list stands against it", items=left)
        now = clock.now(case.organisation.realm)
        try:
            with transaction.atomic():
                made = Proposal.objects.create(
                    review=review, kind=chosen, proposed_by=by.name, proposed_at=now, **fields
                )
        except IntegrityError:
            raise ProposalUnderWay("a proposal waits for a decision already") from None
        turns.record(review, "review.proposed", by, proposal=str(made.reference), what=str(chosen))
    return made


def retract(proposal: Proposal, *, by: Officer) -> None:
    """Take one's own proposal back. Raises ProposalOver when it isn't one's own, or was decided meanwhile."""
    review = proposal.review
    now = clock.now(review.case.organisation.realm)
    with transaction.atomic():
        journal.take(review.case.organisation.realm)
        mine = Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.PROPOSED, proposed_by=by.name)
        if not mine.update(state=Proposal.State.RETRACTED, decided_at=now):
            raise ProposalOver("decided meanwhile, or another's")
        turns.record(review, "review.retracted", by, proposal=str(proposal.reference))


def _remarks(given: Sequence[Mapping[str, str]], review: Review) -> tuple[list[dict[str, str]], dict[str, str]]:
    said = [
        {
            "section": one.get("section", ""),
            "field": texts.kept(one.get("field", ""))[:100],
            "text": texts.kept(one.get("text", ""))[:LONGEST_REMARK],
        }
        for one in given
        if texts.kept(one.get("text", ""))
    ]
    if not said:
        return [], {"remarks": "missing"}
    strange = any(one["section"] not in review.version.answers for one in said)
    return said, {"remarks": "unknown_section"} if strange else {}


def _terms(kind: Kind, given: Mapping[str, str], today: date) -> tuple[dict[str, str], dict[str, str]]:
    terms = {name: texts.kept(str(value)) for name, value in given.items()}
    wrong: dict[str, str] = {}
    until = _day(terms.get("valid_until", ""))
    if kind == Kind.REGISTER:
        if not terms.get("valid_until"):
            return {}, {}
        if until is None or until < today:
            wrong["valid_until"] = "past" if until else "no_day"
        return {"valid_until": terms["valid_until"]}, wrong
    granted = _day(terms.get("granted_on", ""))
    if not terms.get("number"):
        wrong["number"] = "missing"
    elif len(terms["number"]) > LONGEST_NUMBER:
        wrong["number"] = "too_long"
    if granted is None:
        wrong["granted_on"] = "no_day"
    if until is None:
        wrong["valid_until"] = "no_day"
    elif until < today or (granted is not None and until < granted):
        wrong["valid_until"] = "past"
    kept = {name: terms.get(name, "") for name in ("number", "granted_on", "valid_until")}
    return {**kept, "conditions": terms.get("conditions", "")[:LONGEST]}, wrong


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
