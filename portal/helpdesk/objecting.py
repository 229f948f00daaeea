"""The screens on which objections to uses are answered. Parse, one call, answer."""

import uuid

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from ca.profiles import Purpose
from portal import problems
from portal.accounts import access
from portal.accounts.access import Right, StaffRequest, requires
from portal.certificates import objections
from portal.certificates.errors import ObjectionError
from portal.certificates.models import Objection
from portal.helpdesk import answering
from portal.helpdesk.errors import ObjectionUnknown
from portal.helpdesk.views import over


@requires(Right.ANSWER)
@require_http_methods(["GET", "HEAD"])
def objections_(request: StaffRequest) -> HttpResponseBase:
    """List the objections that wait for an answer."""
    return render(request, "helpdesk/objections.html", {"rows": answering.waiting(request.staff)})


@requires(Right.ANSWER)
@require_http_methods(["GET", "HEAD"])
def objection(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Show one objection."""
    try:
        return _objection(request, answering.look(request.staff, reference))
    except ObjectionUnknown:
        return over(request, "objection_unknown")


@requires(Right.ANSWER)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Answer an objection, once, in words that the holder reads."""
    if request.method != "POST":
        return redirect("helpdesk:objection", reference=reference)
    try:
        found = answering.find(request.staff, reference)
    except ObjectionUnknown:
        return over(request, "objection_unknown")
    text = request.POST.get("text", "")
    try:
        objections.answer(found, by=request.staff.name, text=text)
    except ObjectionError as error:
        found = answering.look(request.staff, reference)
        told = problems.CATALOGUE[error.code]
        return _objection(request, found, text=text, problem=problems.sentence(error.code), status=told.status)
    return redirect("helpdesk:objection", reference=reference)


def _objection(
    request: StaffRequest, found: Objection, *, text: str = "", problem: str = "", status: int = 200
) -> HttpResponseBase:
    relying_party = found.hand_off.relying_party
    context = {
        "objection": found,
        "service": relying_party.name_ja if get_language() == "ja" else relying_party.name_en,
        "signing": found.hand_off.purpose == Purpose.SIGNATURE,
        "longest": objections.LONGEST,
        "text": text,
        "problem": problem,
        "may_open": access.allowed(request.staff, Right.ASSIST),
    }
    return render(request, "helpdesk/objection.html", context, status=status)
