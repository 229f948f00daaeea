"""The turn that is open, and who may act in it: an officer of its authority who has no part in the applicant."""

from typing import Any

from ca import journal
from whitelist.cases.officers import Officer
from whitelist.errors import ArrowGone
from whitelist.models import Case, Proposal, Review
from whitelist.review.errors import NotTheirTurn, OfficerInvolved


def of(case: Case) -> Review | None:
    """Return the turn that is open, None while nobody reviews."""
    if case.state != Case.State.IN_REVIEW:
        return None
    found = Review.objects.filter(case=case, ended_at__isnull=True).select_related("version")
    review = found.first()
    if review is not None:
        review.case = case
    return review


def waiting(review: Review) -> Proposal | None:
    """Return the proposal that waits for a decision."""
    found = review.proposals.filter(state=Proposal.State.PROPOSED).first()
    if found is not None:
        found.review = review
    return found


def require_fit(case: Case, officer: Officer, authority: str) -> None:
    """Refuse an officer of the other authority, or of the applicant. Raises NotTheirTurn, OfficerInvolved."""
    if officer.authority != authority:
        raise NotTheirTurn("the case is with the other authority")
    require_uninvolved(case, officer)


def require_uninvolved(case: Case, officer: Officer) -> None:
    """Refuse an officer of the applicant. Raises OfficerInvolved."""
    if case.organisation_id in officer.organisations:
        raise OfficerInvolved("the officer belongs to the applicant")


def require_open(review: Review, officer: Officer) -> None:
    """Refuse what isn't the officer's, or is over. Raises NotTheirTurn, OfficerInvolved, ArrowGone."""
    require_fit(review.case, officer, review.authority)
    open_ = Review.objects.filter(pk=review.pk, ended_at__isnull=True, case__state=Case.State.IN_REVIEW)
    if not open_.exists():
        raise gone()


def gone() -> ArrowGone:
    """Return the refusal of what comes too late."""
    return ArrowGone("the case isn't in this review any more")


def record(review: Review, kind: str, by: Officer, **told: Any) -> None:
    """Write down what an officer did for a case."""
    case = review.case
    journal.record(
        case.organisation.realm,
        kind,
        str(case.reference),
        by=by.name,
        authority=str(review.authority),
        version=review.version.number,
        **told,
    )
