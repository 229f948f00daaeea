"""The screens of a proposal: made by one officer, decided by another. Parse, one call, answer."""

import uuid

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ca import clock
from portal import problems
from portal.accounts import signing_in
from portal.accounts.access import Right, StaffRequest, requires
from portal.accounts.errors import AccountError
from portal.accounts.views import sentence
from portal.review import officers, showing, words
from portal.review.cases import over
from portal.review.errors import LetterUnknown, ReviewError
from whitelist.errors import WhitelistError
from whitelist.models import Case, Proposal, Review
from whitelist.review import check_list, deciding, pace, reviewing, turns

ROWS = 3  # of remarks, at first; each time more are asked for, as many more
MOST_ROWS = 60
Kind = Proposal.Kind


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: StaffRequest, reference: uuid.UUID, kind: str) -> HttpResponseBase:
    """Ask what is to be proposed, and propose it."""
    try:
        found = showing.find(request.staff, reference)
        review = turns.of(found)
    except ReviewError as error:
        return over(request, error.code)
    if review is None or kind not in reviewing.KINDS[review.authority] or turns.waiting(review):
        return redirect("review:case", reference=reference)
    officer = officers.of(request.staff)
    remarks = _remarks(request)
    typed = {name: request.POST.get(name, "") for name in ("reasons", "number", "granted_on", "valid_until")}
    typed["conditions"] = request.POST.get("conditions", "")
    if request.method != "POST" or "more" in request.POST:
        rows = min(len(remarks) + ROWS, MOST_ROWS)
        return _form(
            request, review, kind, typed=typed if remarks else _begun(review, kind), remarks=remarks, rows=rows
        )
    try:
        made = reviewing.propose(
            review,
            kind,
            by=officer,
            version=_number(request.POST.get("version")),
            reasons=typed["reasons"],
            remarks=remarks,
            terms={name: value for name, value in typed.items() if name != "reasons"},
        )
    except WhitelistError as error:
        wrong = words.wrong(error.data.get("fields", {}))
        told = problems.sentence(error.code)
        status = problems.CATALOGUE[error.code].status
        rows = max(len(remarks), ROWS)
        return _form(request, review, kind, typed, remarks, rows=rows, wrong=wrong, problem=told, status=status)
    return redirect("review:proposal", reference=reference, proposal=made.reference)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def proposal(request: StaffRequest, reference: uuid.UUID, proposal: uuid.UUID) -> HttpResponseBase:
    """Show a proposal to who is to decide it."""
    try:
        found = showing.find(request.staff, reference)
        made = _proposal(found, proposal)
    except ReviewError as error:
        return over(request, error.code)
    if request.method == "GET":
        reviewing.look(found, by=officers.of(request.staff))
    return _proposed(request, made)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: StaffRequest, reference: uuid.UUID, proposal: uuid.UUID) -> HttpResponseBase:
    """Decide as proposed, with the authenticator's code; or decline; or take one's own proposal back."""
    if request.method != "POST":
        return redirect("review:proposal", reference=reference, proposal=proposal)
    try:
        found = showing.find(request.staff, reference)
        made = _proposal(found, proposal)
    except ReviewError as error:
        return over(request, error.code)
    officer, version = officers.of(request.staff), _number(request.POST.get("version"))
    verb, reason = request.POST.get("decision"), request.POST.get("reason", "")
    try:
        if verb == "approve":
            signing_in.confirm(request.staff, request.POST.get("code", ""))
            deciding.approve(made, by=officer, version=version)
        elif verb == "retract":
            reviewing.retract(made, by=officer)
        else:
            deciding.decline(made, by=officer, version=version, reason=reason)
    except (AccountError, WhitelistError) as error:
        told = sentence(error) if isinstance(error, AccountError) else problems.sentence(error.code)
        wrong = {} if isinstance(error, AccountError) else words.wrong(error.data.get("fields", {}))
        made = _proposal(showing.find(request.staff, reference), proposal)
        status = problems.CATALOGUE[error.code].status
        return _proposed(request, made, problem=told, wrong=wrong, reason=reason, status=status)
    return redirect("review:proposal", reference=reference, proposal=proposal)


def _form(
    request: StaffRequest,
    review: Review,
    kind: str,
    typed: dict[str, str],
    remarks: list[dict[str, str]],
    *,
    rows: int,
    wrong: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponseBase:
    empty = [{"where": "", "text": ""} for _ in range(rows - len(remarks))]
    context = {
        "case": review.case,
        "service": showing.service(review.version),
        "review": review,
        "kind": kind,
        "title": words.KINDS[kind],
        "hint": words.KIND_HINTS[kind],
        "typed": typed,
        "remarks": [{"where": f"{one['section']}|{one['field']}", "text": one["text"]} for one in remarks] + empty,
        "fields": showing.fields(review.version) if kind == Kind.RETURN else [],
        "may_more": rows < MOST_ROWS,
        "left": len(check_list.left(review)) if kind in (Kind.CERTIFY, Kind.REGISTER) else 0,
        "longest": reviewing.LONGEST,
        "longest_remark": reviewing.LONGEST_REMARK,
        "wrong": wrong or {},
        "problem": problem,
    }
    return render(request, "review/propose.html", context, status=status)


def _begun(review: Review, kind: str) -> dict[str, str]:
    """Return what a form begins with: the certification as the applicant told it, a changed entry's last day."""
    entry = review.case.relying_party if kind == Kind.REGISTER and review.case.changes_entry else None
    if entry is not None and entry.valid_until is not None:
        return {"valid_until": entry.valid_until.isoformat()}
    told = review.version.answers.get("certification") or {}
    names = ("number", "granted_on", "valid_until", "conditions") if kind == Kind.CERTIFY else ()
    return {name: str(told.get(name) or "") for name in names}


def _remarks(request: StaffRequest) -> list[dict[str, str]]:
    wheres, texts = request.POST.getlist("where"), request.POST.getlist("text")
    found = []
    for where, text in zip(wheres[:MOST_ROWS], texts, strict=False):
        section, _, field = where.partition("|")
        if section or text.strip():
            found.append({"section": section, "field": field, "text": text})
    return found


def _proposal(found: Case, reference: uuid.UUID) -> Proposal:
    made = Proposal.objects.filter(reference=reference, review__case=found).select_related("review__version").first()
    if made is None:
        raise LetterUnknown("no such proposal")
    made.review.case = found
    return made


def _proposed(
    request: StaffRequest,
    made: Proposal,
    *,
    problem: str = "",
    wrong: dict[str, str] | None = None,
    reason: str = "",
    status: int = 200,
) -> HttpResponseBase:
    officer, review = officers.of(request.staff), made.review
    open_ = made.state == Proposal.State.PROPOSED and turns.of(review.case) == review
    theirs = review.authority == officer.authority and review.case.organisation_id not in officer.organisations
    titles = {name: (title, dict(fields)) for name, title, fields in showing.fields(review.version)}
    context = {
        "case": review.case,
        "service": showing.service(review.version),
        "review": review,
        "proposal": made,
        "state": words.PROPOSALS[made.state],
        "title": words.KINDS[made.kind],
        "authority": words.AUTHORITIES[review.authority],
        "remarks": [
            {
                "title": titles[one["section"]][0],
                "label": titles[one["section"]][1].get(one["field"], ""),
                "text": one["text"],
            }
            for one in made.remarks
        ],
        "items": showing.check_items(review),
        "open": open_,
        "own": made.proposed_by == officer.name,
        "may_decide": open_ and theirs and made.proposed_by != officer.name,
        "involved": review.case.organisation_id in officer.organisations,
        "over": not open_ and made.state == Proposal.State.PROPOSED,
        "due": pace.due(review.case),
        "wrong": wrong or {},
        "reason": reason,
        "problem": problem,
        "now": clock.now(request.staff.realm),
    }
    return render(request, "review/proposal.html", context, status=status)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0
