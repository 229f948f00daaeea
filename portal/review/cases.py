"""The screens of a case: look, take up, check, write, hand out. Parse, one call, answer."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal import downloads, problems
from portal.accounts.access import Right, StaffRequest, requires
from portal.documents import DocumentUnavailable
from portal.probes import shown
from portal.review import letters, officers, showing, words
from portal.review.errors import ReviewError
from whitelist.cases import attachments, messages
from whitelist.errors import WhitelistError
from whitelist.models import Case, CaseMessage, Review
from whitelist.review import check_list, courses, reviewing, turns


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
    content = attachments.hand_out(attachment, request.staff.name)
    return downloads.response(content, media_type=attachment.media_type, name=attachment.name)


@requires(Right.REVIEW)
@require_http_methods(["GET", "HEAD"])
def letter(request: StaffRequest, reference: uuid.UUID, proposal: uuid.UUID) -> HttpResponseBase:
    """Give a decision's letter, PDF."""
    try:
        found = showing.find(request.staff, reference)
        made = letters.pdf(found, letters.decision(found, proposal), by=request.staff.name)
    except (ReviewError, DocumentUnavailable) as error:
        return over(request, error.code)
    return downloads.response(made, media_type="application/pdf", name=f"{proposal}.pdf")


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
