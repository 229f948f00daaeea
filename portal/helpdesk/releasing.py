"""The screens on which a second person decides a release. Parse, one call, answer."""

import uuid
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from ca import clock
from portal import problems
from portal.accounts import signing_in
from portal.accounts.access import Right, StaffRequest, requires
from portal.accounts.errors import AccountError
from portal.accounts.views import sentence
from portal.helpdesk import holds
from portal.helpdesk.errors import HelpdeskError, ReleaseUnknown
from portal.helpdesk.models import Call
from portal.helpdesk.sentences import REASONS
from portal.helpdesk.views import over
from portal.phone import holds as phone_holds
from tsm.errors import TsmError


@requires(Right.APPROVE)
@require_http_methods(["GET", "HEAD"])
def releases(request: StaffRequest) -> HttpResponseBase:
    """List the proposals that wait for somebody's decision."""
    holds.lapse(request.staff.realm)
    rows = [
        {"release": one, "own": one.proposed_by_id == request.staff.pk} for one in holds.proposed(request.staff.realm)
    ]
    return render(request, "helpdesk/releases.html", {"rows": rows})


@requires(Right.APPROVE)
@require_http_methods(["GET", "HEAD"])
def proposal(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Show one proposal to who is to decide it."""
    try:
        return _proposal(request, holds.look(request.staff, reference))
    except ReleaseUnknown:
        return over(request, "release_unknown")


@requires(Right.APPROVE)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Approve a proposal, with the authenticator's code, or refuse it."""
    if request.method != "POST":
        return redirect("helpdesk:proposal", reference=reference)
    try:
        found = holds.find(request.staff, reference)
    except ReleaseUnknown:
        return over(request, "release_unknown")
    try:
        if request.POST.get("decision") == "approve":
            signing_in.confirm(request.staff, request.POST.get("code", ""))
            holds.approve(found, by=request.staff)
        else:
            holds.refuse(found, by=request.staff, ground=request.POST.get("ground", ""))
    except (AccountError, HelpdeskError, TsmError) as error:
        told = sentence(error) if isinstance(error, AccountError) else problems.sentence(error.code)
        found = holds.look(request.staff, reference)
        return _proposal(request, found, problem=told, status=problems.CATALOGUE[error.code].status)
    return redirect("helpdesk:proposal", reference=reference)


def _proposal(request: StaffRequest, release: Any, *, problem: str = "", status: int = 200) -> HttpResponseBase:
    check = release.call.checks.last()
    context = {
        "release": release,
        "own": release.proposed_by_id == request.staff.pk,
        "right": sum(check.asked.values()) if check else 0,
        "asked": len(check.asked) if check else 0,
        "hold": phone_holds.of(release.enrolment),
        "reason": REASONS[Call.Reason(release.call.reason)],
        "over": release.state != "proposed" or release.lapses_at <= clock.now(release.call.realm),
        "problem": problem,
    }
    return render(request, "helpdesk/proposal.html", context, status=status)
