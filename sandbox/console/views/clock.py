"""The workspace's clock: how it stands, and moved by a step, to a moment, or back to the machine's."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sandbox import clock, trace
from sandbox.clock import Follow
from sandbox.console import telling, words
from sandbox.console.access import WorkspaceRequest, page, shown, typed
from sandbox.errors import SandboxError
from sandbox.trace import reading

# What one wants to see: an OCSP answer grown old, the PIN's 72 hours, a re-check, a list's end, years.
STEPS: dict[str, tuple[timedelta, Promise]] = {
    "15m": (timedelta(minutes=15), gettext_lazy("15分（OCSPの答えが古くなる）")),
    "1h": (timedelta(hours=1), gettext_lazy("1時間")),
    "1d": (timedelta(days=1), gettext_lazy("1日（発行後の見直し、CRLの更新）")),
    "72h": (timedelta(hours=73), gettext_lazy("73時間（暗証番号の入れ直し）")),
    "7d": (timedelta(days=7), gettext_lazy("7日")),
    "30d": (timedelta(days=30), gettext_lazy("30日")),
    "1y": (timedelta(days=365), gettext_lazy("1年")),
    "5y": (timedelta(days=5 * 365 + 2), gettext_lazy("5年（証明書の期限）")),
}


@page("GET", "HEAD")
def clock_page(request: WorkspaceRequest) -> HttpResponseBase:
    """Show the clock, what still follows its last move, and how it can be moved."""
    return _shown(request, {})


@page("POST", acts=True)
def move(request: WorkspaceRequest) -> HttpResponseBase:
    """Move the clock: `how` is advance, set or reset."""
    realm, by = request.workspace.realm, request.staff.name
    follow = frozenset(one for one in Follow if request.POST.get(f"follow-{one}"))
    how = request.POST.get("how", "")
    try:
        if how == "advance" and request.POST.get("step") in STEPS:
            clock.advance(realm, STEPS[request.POST["step"]][0], follow=follow, by=by)
        elif how == "reset":
            clock.reset(realm, follow=follow, by=by)
        else:
            at = _typed(typed(request, "at"))
            if how != "set" or at is None:
                told = _("日時は、2027-04-01 09:00 のように書いてください。")
                return _shown(request, {"at_problem": told, "problem": told}, status=400)
            clock.set_to(realm, at, follow=follow, by=by)
    except SandboxError as error:
        return _shown(request, {"problem": words.sentence(error.code)}, status=409)
    return redirect("workspace:clock", request.membership.organisation.reference)


def _typed(text: str) -> Any:
    try:
        at = parse_datetime(text.strip().replace(" ", "T", 1))
    except ValueError:
        return None
    return at if at is None or timezone.is_aware(at) else timezone.make_aware(at)


def _shown(request: WorkspaceRequest, context: dict[str, Any], status: int = 200) -> HttpResponseBase:
    realm = request.workspace.realm
    moves = reading.events(realm, reading.Filter(what="clock.moved")).filter(lane=trace.Lane.SERVICE).order_by("-pk")
    context = {
        "clock": clock.shown(realm),
        "steps": [(name, title) for name, (_step, title) in STEPS.items()],
        "typed": typed(request, "at"),
        "moves": telling.rows(moves[:5]),
        **context,
    }
    return shown(request, "workspace/clock.html", context, status=status)
