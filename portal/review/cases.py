"""The screens of a case: look, check, propose, decide. Parse, one call, answer."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ca import clock
from portal import problems
from portal.accounts import signing_in
from portal.accounts.access import Right, StaffRequest, requires
from portal.accounts.errors import AccountError
from portal.accounts.views import sentence
from portal.documents import DocumentUnavailable
from portal.probes import shown
from portal.review import letters, officers, showing, words
from portal.review.errors import LetterUnknown, ReviewError
from whitelist.cases import attachments, messages
from whitelist.errors import WhitelistError
from whitelist.models import Case, CaseMessage, Proposal, Review
from whitelist.review import check_list, courses, deciding, pace, reviewing, turns

ROWS = 3  # of remarks, at first; each time more are asked for, as many more
MOST_ROWS = 60
Kind = Proposal.Kind


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def case(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Show a case; the look is in the journal."""
    try:
        found = showing.find(request.staff, reference)
    except ReviewError as error:
        return over(request, error.code)
    if request.method == "GET":
        reviewing.look(found, by=officers.of(request.staff))
    return _page(request, found)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def take_up(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Take a case up."""
    return _act(request, reference, lambda found: reviewing.take_up(found, by=officers.of(request.staff)), "#act")


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Note answers of the check list; items without an answer are left alone."""
    typed = {
        name.removeprefix("answer-"): (value, request.POST.get(f"evidence-{name.removeprefix('answer-')}", ""))
        for name, value in request.POST.dict().items()
        if name.startswith("answer-") and value
    }

    def note(found: Case) -> None:
        review = _review(found)
        check_list.check(review, typed, by=officers.of(request.staff))

    return _act(request, reference, note, "#check", typed=typed)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Write to the applicant."""
    text = request.POST.get("text", "")

    def send(found: Case) -> None:
        officer = officers.of(request.staff)
        turns.require_uninvolved(found, officer)
        messages.send(found, CaseMessage.Side.OFFICERS, text, officer.name)

    return _act(request, reference, send, "#messages", text=text)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def file(request: StaffRequest, reference: uuid.UUID, file: uuid.UUID) -> HttpResponseBase:
    """Hand out a file of a case, as a download; who had it is in the journal."""
    try:
        found = showing.find(request.staff, reference)
    except ReviewError as error:
        return over(request, error.code)
    attachment = attachments.find(found, file)
    if attachment is None:
        return over(request, "review_case_unknown")
    response = HttpResponse(attachments.hand_out(attachment, request.staff.name), content_type=attachment.media_type)
    return download(response, attachment.name)


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


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def letter(request: StaffRequest, reference: uuid.UUID, proposal: uuid.UUID) -> HttpResponseBase:
    """Give a decision's letter, PDF."""
    try:
        found = showing.find(request.staff, reference)
        made = letters.pdf(found, letters.decision(found, proposal), by=request.staff.name)
    except (ReviewError, DocumentUnavailable) as error:
        return over(request, error.code)
    return download(HttpResponse(made, content_type="application/pdf"), f"{proposal}.pdf")


def over(request: StaffRequest, code: str) -> HttpResponseBase:
    """Say that there is no such thing here."""
    context = {"problem": problems.sentence(code)}
    return render(request, "review/over.html", context, status=problems.CATALOGUE[code].status)


def _act(
    request: StaffRequest, reference: uuid.UUID, act: Callable[[Case], Any], then: str, **typed: Any
) -> HttpResponseBase:
    """Do one thing for a case and show it again; what was refused is told on the page, with all that was typed."""
    if request.method != "POST":
        return redirect("review:case", reference=reference)
    try:
        found = showing.find(request.staff, reference)
    except ReviewError as error:
        return over(request, error.code)
    try:
        act(found)
    except WhitelistError as error:
        told = problems.CATALOGUE[error.code]
        wrong = words.wrong(error.data.get("fields", {}))
        found = showing.find(request.staff, reference)
        return _page(request, found, problem=problems.sentence(error.code), wrong=wrong, status=told.status, kept=typed)
    return redirect(reverse("review:case", args=[reference]) + then)


def _review(found: Case) -> Review:
    review = turns.of(found)
    if review is None:
        raise turns.gone()
    return review


def _page(
    request: StaffRequest,
    found: Case,
    *,
    problem: str = "",
    wrong: dict[str, str] | None = None,
    status: int = 200,
    kept: dict[str, Any] | None = None,
) -> HttpResponseBase:
    officer, kept = officers.of(request.staff), kept or {}
    version = courses.newest(found)
    before, kind = showing.compared(found, version)
    review = turns.of(found)
    made = turns.waiting(review) if review else None
    involved = found.organisation_id in officer.organisations
    thread = list(messages.thread(found))
    if thread and request.method == "GET":
        messages.read(found, officer.name, thread[-1])
    turn = courses.turn(found, version) if found.state == Case.State.SUBMITTED else ""
    typed = kept.get("typed", {})
    items = showing.check_items(review) if review else []
    for item in items:
        item["error"] = (wrong or {}).get(item["code"], "")
        item["typed"] = typed.get(item["code"])
    ours = review is not None and review.authority == officer.authority
    context = {
        **showing.row(found),
        "service": showing.service(version),
        "version": version,
        "earlier": version.number - 1,
        "review": review,
        "proposal": made,
        "kind": words.KINDS[made.kind] if made else "",
        "kinds": [
            (kind, words.KINDS[kind], words.KIND_HINTS[kind])
            for kind in (reviewing.KINDS[review.authority] if review and ours and not made and not involved else ())
        ],
        "left": sum(not item["fine"] for item in items),
        "may_take_up": found.state == Case.State.SUBMITTED and turn == officer.authority and not involved,
        "may_check": ours and not involved,
        "may_write": not involved and found.state not in (Case.State.DRAFT, Case.State.WITHDRAWN),
        "involved": involved,
        "authority": words.AUTHORITIES.get(turn or found.authority, ""),
        "sections": showing.answers(found, version, before),
        "compared": kind,
        "items": items,
        "answer_words": words.ANSWERS,
        "decisions": [
            {
                "proposal": one,
                "kind": words.KINDS[one.kind],
                "state": words.PROPOSALS[one.state],
                "authority": words.AUTHORITIES[one.review.authority],
            }
            for one in showing.decisions(found)
        ],
        "messages": thread,
        "text": kept.get("text", ""),
        "longest": messages.LONGEST,
        "history": showing.history(found.organisation.realm_id, found.reference),
        "problem": problem,
        **showing.signs(found, version),
        "probes": shown.of(found)["probes"],
    }
    return render(request, "review/case.html", context, status=status)


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


def download(response: HttpResponse, name: str) -> HttpResponse:
    """Make it a file to be kept; opened by itself it runs and fetches nothing."""
    response.headers["Content-Disposition"] = _disposition(name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _disposition(name: str) -> str:
    from django.utils.http import content_disposition_header

    return content_disposition_header(True, name) or "attachment"


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0
