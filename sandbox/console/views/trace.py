"""The live trace: one time line with lanes, filters, and each event's bytes in words."""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse

from ca import clock
from portal.handoff.models import HandOff
from sandbox.console import telling
from sandbox.console.access import WorkspaceRequest, page, shown
from sandbox.models import TraceEvent
from sandbox.trace import reading
from sandbox.trace.reading import Filter
from sandbox.trace.ways import LANES
from tsm.models import Enrolment

PAGE = 120
STORIES = 8
# Transactions commit in another order than they began in: so many are told again, and the page knows those it has.
OVERLAP, OVERLAP_TIME = 60, timedelta(seconds=20)


@page()
def trace(request: WorkspaceRequest) -> HttpResponseBase:
    """Show the newest events, the last one lowest; `?before` goes back."""
    realm = request.workspace.realm
    wanted = _filter(request.GET)
    found = reading.events(realm, wanted)
    before = _number(request.GET.get("before"))
    if before:
        found = found.filter(pk__lt=before)
    newest = list(found.order_by("-pk")[: PAGE + 1])
    events = _in_time(newest[:PAGE])
    organisation = request.membership.organisation.reference
    context = {
        "folds": telling.folded(telling.rows(events)),
        "columns": telling.columns(),
        "lanes": [(lane, name, lane in wanted.lanes) for lane, name in telling.columns()],
        "filter": wanted,
        "query": _query(wanted),
        "older": min(event.pk for event in events) if len(newest) > PAGE else None,
        "live": not before,
        "last": max((event.pk for event in events), default=0),
        "rows_url": reverse("workspace:trace-rows", args=[organisation]),
        "hand_offs": _hand_offs(request),
        "enrolments": _enrolments(request),
    }
    return shown(request, "workspace/trace.html", context)


@page()
def rows(request: WorkspaceRequest) -> HttpResponseBase:
    """Answer the page that follows: the lines after `?after`, and those just before it once more; 204: nothing new."""
    after = _number(request.GET.get("after"))
    found = reading.events(request.workspace.realm, _filter(request.GET))
    since = clock.machine() - OVERLAP_TIME
    events = list(found.filter(pk__gt=after)[:PAGE])
    late = found.filter(pk__lte=after, pk__gt=after - OVERLAP, at__gt=since)
    events = _in_time([*late, *events])
    if not events:
        return HttpResponse(status=204)
    context = {
        # What comes live comes line by line.
        "folds": [telling.Fold((row,)) for row in telling.rows(events)],
        "columns": telling.columns(),
        "organisation": request.membership.organisation,
    }
    return render(request, "workspace/trace_rows.html", context)


@page()
def event(request: WorkspaceRequest, event: uuid.UUID) -> HttpResponseBase:
    """Show one event whole; `?fragment` only what a line of the time line opens to."""
    found = reading.find(request.workspace.realm, event)
    if found is None:
        raise Http404("no such event, or it is gone")
    context = {
        "event": found,
        "row": telling.rows([found])[0],
        "lesson": telling.lesson(found),
        "facts": telling.facts(found),
        "commands": telling.commands(found),
        "columns": telling.columns(),
        "organisation": request.membership.organisation,
    }
    if "fragment" in request.GET:
        return render(request, "workspace/event_body.html", context)
    return shown(request, "workspace/event.html", context)


def _filter(asked: QueryDict) -> Filter:
    """Return what is wanted; what can't be understood isn't wanted."""
    return Filter(
        lanes=tuple(lane for lane in LANES if lane in asked.getlist("lane")),
        hand_off=_uuid(asked.get("hand_off")),
        enrolment=_uuid(asked.get("enrolment")),
        phone=_uuid(asked.get("phone")),
        failed=True if asked.get("failed") else None,
        text=asked.get("text", "").replace("\0", "")[:100].strip(),
    )


def _query(wanted: Filter) -> str:
    """Return the filter as it stands in an address."""
    query = QueryDict(mutable=True)
    query.setlist("lane", list(wanted.lanes))
    for name in ("hand_off", "enrolment", "phone", "failed", "text"):
        value: Any = getattr(wanted, name)
        if value:
            query[name] = "1" if value is True else str(value)
    return query.urlencode()


def _in_time(events: Iterable[TraceEvent]) -> list[TraceEvent]:
    return sorted(events, key=lambda event: (event.at, event.pk))


def _hand_offs(request: WorkspaceRequest) -> list[HandOff]:
    return list(HandOff.objects.filter(realm=request.workspace.realm).order_by("-created_at")[:STORIES])


def _enrolments(request: WorkspaceRequest) -> list[Enrolment]:
    rows = Enrolment.objects.filter(realm=request.workspace.realm).select_related("phone", "holder")
    return list(rows.order_by("-pk")[:STORIES])


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 18 else 0
