"""The screens of a call: found, opened, asked, acted on. Parse, one call, answer."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ca.causes import Event
from ca.models import Holder
from portal import problems
from portal.accounts.access import Right, StaffRequest, requires
from portal.helpdesk import calls, finding, history, holds, names, script
from portal.helpdesk.errors import CallUnknown, HelpdeskError
from portal.helpdesk.finding import Said
from portal.helpdesk.models import Call
from portal.helpdesk.script import Act
from portal.helpdesk.sentences import REASONS, STATES
from portal.phone import details
from portal.phone import holds as phone_holds
from tsm.errors import TsmError
from tsm.models import Enrolment

FIELDS = ("name", "born_on", "address", "model")


@requires(Right.ASSIST)
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: StaffRequest) -> HttpResponseBase:
    """Ask what the caller can say, and show the few who fit. By POST: what is said stands in no address and no log."""
    if request.method != "POST":
        return render(request, "helpdesk/search.html", {"reasons": REASONS.items()})
    said = {field: request.POST.get(field, "").strip() for field in FIELDS}
    context: dict[str, Any] = {"said": said, "reasons": REASONS.items()}
    born_on = names.birth_date(said["born_on"]) if said["born_on"] else None
    if said["born_on"] and born_on is None:
        context["born_on_problem"] = _("生年月日を読み取れません。1990-04-12、平成2年4月12日のように入力してください。")
        return render(request, "helpdesk/search.html", context, status=400)
    try:
        found = finding.find(request.staff, Said(said["name"], born_on, said["address"], said["model"]))
    except HelpdeskError as error:
        context["problem"] = problems.sentence(error.code)
        return render(request, "helpdesk/search.html", context, status=problems.CATALOGUE[error.code].status)
    return render(request, "helpdesk/search.html", context | {"found": _listed(found), "searched": True})


@requires(Right.ASSIST)
@require_http_methods(["GET", "HEAD", "POST"])
def open_(request: StaffRequest) -> HttpResponseBase:
    """Open a holder's page for a reason."""
    if request.method != "POST":
        return redirect("helpdesk:search")
    try:
        wanted = uuid.UUID(request.POST.get("holder", ""))
        opened = calls.open_(
            request.staff, wanted, reason=request.POST.get("reason", ""), note=request.POST.get("note", "")
        )
    except (HelpdeskError, ValueError) as error:
        code = error.code if isinstance(error, HelpdeskError) else "call_unknown"
        chosen = request.POST.get("holder", "")
        context = {
            "problem": problems.sentence(code),
            "reasons": REASONS.items(),
            "chosen": chosen if code == "reason_missing" else "",
            "note": request.POST.get("note", ""),
        }
        return render(request, "helpdesk/reason.html", context, status=problems.CATALOGUE[code].status)
    return redirect("helpdesk:call", reference=opened.pk)


@requires(Right.ASSIST)
@require_http_methods(["GET", "HEAD"])
def call(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Show a holder to the agent whose call it is."""
    try:
        return _page(request, calls.find(request.staff, reference))
    except CallUnknown:
        return over(request)


@requires(Right.ASSIST)
@require_http_methods(["GET", "HEAD", "POST"])
def identity(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Note what the caller was asked and how it was answered."""
    asked = {
        question.code: request.POST[question.code] == "right"
        for question in script.QUESTIONS
        if request.POST.get(question.code) in ("right", "wrong")
    }
    return _act(request, reference, lambda found: calls.check(found, asked), then="#act")


@requires(Right.ASSIST)
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Put the holder's pair on hold."""
    return _act(request, reference, holds.hold)


@requires(Right.ASSIST)
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Propose that the hold be released."""
    ground = request.POST.get("ground", "")
    return _act(request, reference, lambda found: holds.propose(found, ground=ground))


@requires(Right.ASSIST)
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """End the call."""
    if request.method == "POST":
        try:
            calls.close(calls.find(request.staff, reference))
        except CallUnknown:
            return over(request)
    return redirect("helpdesk:search")


def _act(request: StaffRequest, reference: uuid.UUID, act: Any, *, then: str = "") -> HttpResponseBase:
    """Do one thing for a call and show the page again; what was refused is told on it."""
    if request.method != "POST":
        return redirect("helpdesk:call", reference=reference)
    try:
        found = calls.find(request.staff, reference)
    except CallUnknown:
        return over(request)
    try:
        act(found)
    except (HelpdeskError, TsmError) as error:
        told = problems.CATALOGUE[error.code]
        return _page(request, found, problem=problems.sentence(error.code), status=told.status)
    return redirect(reverse("helpdesk:call", args=[reference]) + then)


def _page(request: StaffRequest, found: Call, *, problem: str = "", status: int = 200) -> HttpResponseBase:
    enrolments = list(calls.enrolments(found.holder))
    in_use = next((one for one in enrolments if one.state == Enrolment.State.ACTIVE), None)
    shown = in_use or (enrolments[0] if enrolments else None)
    hold_ = phone_holds.of(in_use) if in_use else None
    newest = found.checks.last()
    asked = newest.asked if newest else {}
    waiting = holds.proposed(found.realm).filter(enrolment=in_use).first() if in_use else None
    context = {
        "call": found,
        "holder": found.holder,
        "reason": REASONS[Call.Reason(found.reason)],
        "problem": problem,
        "enrolments": [{"enrolment": one, "state": STATES.get(one.state, one.state)} for one in enrolments],
        "certificates": details.of(in_use) if in_use else [],
        "in_use": in_use,
        "hold": hold_,
        "waiting": waiting,
        # As the newest check left it: to ask one question more, nothing is entered twice.
        "questions": [
            {"line": line, "was": asked.get(line.code)} for line in (script.lines(found.holder, shown) if shown else ())
        ],
        "check": newest,
        "may_hold": calls.may(found, Act.HOLD),
        "may_release": calls.may(found, Act.RELEASE),
        "wrong_calls": calls.wrong_calls(found),
        "most_wrong": settings.HELPDESK_WRONG_CALLS,
        "holdable": in_use is not None and (hold_ is None or hold_.kind != "suspended") and holds.possible(Event.HOLD),
        "releasable": hold_ is not None and hold_.kind == "suspended" and holds.possible(Event.RELEASE),
        "policy": {act.value: enough for act, enough in script.POLICY.items()},
        "history": history.of(found.holder, enrolments),
    }
    return render(request, "helpdesk/call.html", context, status=status)


def _listed(found: list[Holder]) -> list[dict[str, Any]]:
    newest = {
        one.holder_id: one for one in Enrolment.objects.filter(holder__in=found).order_by("pk").select_related("phone")
    }
    return [
        {
            "holder": holder,
            "born_on": holder.born_on,
            # Enough to tell two apart, and no more than that.
            "address": f"{holder.address[:8]}…",
            "phone": newest[holder.pk].phone.name,
            "state": STATES.get(newest[holder.pk].state, ""),
        }
        for holder in found
    ]


def over(request: StaffRequest, code: str = "call_unknown") -> HttpResponseBase:
    """Say that what was asked for isn't there, or not any more."""
    context = {"problem": problems.sentence(code)}
    return render(request, "helpdesk/over.html", context, status=404)
