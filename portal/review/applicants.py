"""What the applicant sees of a review: decisions with their reasons and letters, and suspensions of the entry."""

import uuid

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal import downloads, problems
from portal.documents import DocumentUnavailable
from portal.onboarding.access import CaseRequest, of_case
from portal.review import letters, words
from portal.review.errors import LetterUnknown
from portal.review.words import said
from whitelist.cases import sections
from whitelist.review import pace


@of_case()
@require_safe
def letters_(request: CaseRequest) -> HttpResponseBase:
    """Show the decisions on a case, newest first; who of the officers decided is theirs."""
    entry = request.case.relying_party
    rows = [
        {
            "proposal": one,
            "outcome": words.OUTCOMES[one.kind],
            "authority": words.AUTHORITIES[one.review.authority],
            "remarks": [
                {
                    "title": said(section.title) if (section := sections.find(remark["section"])) else "",
                    "label": said(sections.label(remark["section"], remark["field"])) if remark["field"] else "",
                    "text": remark["text"],
                }
                for remark in one.remarks
            ],
        }
        for one in reversed(letters.of(request.case))
    ]
    stopped = letters.suspensions(entry) if entry else []
    context = {
        "membership": request.membership,
        "case": request.case,
        "rows": rows,
        "suspensions": [{"suspension": one, "state": words.SUSPENSIONS[one.state]} for one in stopped],
        "due": pace.due(request.case),
    }
    return render(request, "review/letters.html", context)


@of_case()
@require_safe
def letter(request: CaseRequest, proposal: uuid.UUID) -> HttpResponseBase:
    """Give a decision's letter, PDF."""
    try:
        made = letters.pdf(request.case, letters.decision(request.case, proposal), by=request.staff.name)
    except LetterUnknown:
        raise Http404("no such letter") from None
    except DocumentUnavailable as error:
        return _unavailable(request, error)
    return downloads.response(made, media_type="application/pdf", name=f"{proposal}.pdf")


@of_case()
@require_safe
def suspension(request: CaseRequest, suspension: uuid.UUID) -> HttpResponseBase:
    """Give the letter of a suspension of the entry that the case is about, PDF."""
    try:
        found = letters.suspension(request.membership.organisation, suspension)
        if found.entry_id != request.case.relying_party_id:
            raise LetterUnknown("another entry's")
        made = letters.suspension_pdf(found, by=request.staff.name)
    except LetterUnknown:
        raise Http404("no such letter") from None
    except DocumentUnavailable as error:
        return _unavailable(request, error)
    return downloads.response(made, media_type="application/pdf", name=f"{suspension}.pdf")


def _unavailable(request: CaseRequest, error: DocumentUnavailable) -> HttpResponseBase:
    context = {"membership": request.membership, "case": request.case, "problem": problems.sentence(error.code)}
    return render(request, "review/letters.html", context, status=problems.CATALOGUE[error.code].status)
