"""The console's screens: parse, one call, answer."""

import uuid

from django.conf import settings
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ca import clock
from portal import problems
from portal.accounts import access, signing_in
from portal.accounts.access import Right, StaffRequest, requires
from portal.accounts.errors import AccountError
from portal.accounts.views import sentence
from portal.console import conversations, orders, standing
from portal.console.conversations import WAITING
from portal.console.errors import ConsoleError
from portal.observing import looking
from portal.observing.findings import FINDINGS
from tsm import trace
from tsm.errors import TsmError
from tsm.models import Conversation, Enrolment


@requires(Right.WATCH)
@require_http_methods(["GET", "HEAD"])
def overview(request: StaffRequest) -> HttpResponseBase:
    """Show how things stand."""
    context = standing.overview(request.staff.realm) | {"still_minutes": int(settings.CONSOLE_STILL_SECONDS // 60)}
    return render(request, "console/overview.html", context)


@requires(Right.WATCH)
@require_http_methods(["GET", "HEAD"])
def findings(request: StaffRequest) -> HttpResponseBase:
    """Show what is wrong, by the table that the alerts and the doctor read."""
    context = {"found": looking.look(), "looked_for": len(FINDINGS), "now": clock.machine()}
    return render(request, "console/findings.html", context)


@requires(Right.WATCH)
@require_http_methods(["GET", "HEAD"])
def lists(request: StaffRequest) -> HttpResponseBase:
    """Show the lists that were published longest ago."""
    return render(request, "console/lists.html", {"partitions": standing.oldest_lists(request.staff.realm)})


@requires(Right.WATCH)
@require_http_methods(["GET", "HEAD"])
def conversations_(request: StaffRequest) -> HttpResponseBase:
    """Show the newest conversations, each with what its element's work waits for."""
    context = conversations.listing(request.staff.realm, address="console:conversation")
    return render(request, "console/conversations.html", context)


@requires(Right.WATCH)
@require_http_methods(["GET", "HEAD"])
def conversation(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Show one conversation with its legs; `?whole` shows every command in a line of its own."""
    context = conversations.one(
        request.staff.realm, reference, whole="whole" in request.GET, address="console:conversations"
    )
    return render(request, "console/conversation.html", context)


@requires(Right.WATCH)
@require_http_methods(["GET", "HEAD"])
def find(request: StaffRequest) -> HttpResponseBase:
    """Lead from an identifier (enrolment, phone, session, element) to its newest enrolment."""
    what = request.GET.get("what", "")
    found = standing.find(request.staff.realm, what) if what else None
    if found is not None:
        return redirect("console:enrolment", reference=found.reference)
    problem = _("この番号の申請は見つかりませんでした。") if what else ""
    return render(request, "console/find.html", {"what": what, "problem": problem}, status=404 if what else 200)


@requires(Right.WATCH)
@require_http_methods(["GET", "HEAD"])
def enrolment(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Show one enrolment: its steps, orders and conversations, and what can be ordered."""
    return _page(request, _find(request, reference))


@requires(Right.ORDER)
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: StaffRequest, reference: uuid.UUID) -> HttpResponseBase:
    """Place an order, for a reason and with the authenticator's code."""
    if request.method != "POST":
        return redirect("console:enrolment", reference=reference)
    found = _find(request, reference)
    function, reason = request.POST.get("function", ""), request.POST.get("reason", "")
    try:
        if function in orders.ORDERS and reason.strip():  # a code is used up by asking: not for a form that lacks more
            signing_in.confirm(request.staff, request.POST.get("code", ""))
        orders.place(found, function, by=request.staff, reason=reason)
    except AccountError as error:
        told = sentence(error)
        status = problems.CATALOGUE[error.code].status
    except (ConsoleError, TsmError) as error:
        told, status = problems.sentence(error.code), problems.CATALOGUE[error.code].status
    else:
        return redirect("console:enrolment", reference=reference)
    return _page(request, found, problem=told, status=status)


def _page(request: StaffRequest, found: Enrolment, *, problem: str = "", status: int = 200) -> HttpResponseBase:
    what, since = trace.waiting(found.element)
    context = {
        "enrolment": found,
        "pair": found.pair,
        "steps": found.steps.all(),
        "orders": found.orders.order_by("-pk"),
        "conversations": Conversation.objects.filter(element=found.element).order_by("-pk")[:10],
        "waits_for": WAITING[what],
        "since": since,
        "possible": orders.ORDERS.items()
        if found.state == Enrolment.State.ACTIVE and access.allowed(request.staff, Right.ORDER)
        else (),
        "chosen": request.POST.get("function", ""),
        "reason": request.POST.get("reason", ""),
        "problem": problem,
    }
    return render(request, "console/enrolment.html", context, status=status)


def _find(request: StaffRequest, reference: uuid.UUID) -> Enrolment:
    found = Enrolment.objects.filter(realm=request.staff.realm, reference=reference)
    named = found.select_related("phone", "element", "realm", "signature_certificate", "authentication_certificate")
    enrolment_ = named.first()
    if enrolment_ is None:
        raise Http404("no such enrolment")
    return enrolment_
