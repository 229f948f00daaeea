"""The trace over HTTP: GET /sandbox/api/v1/trace, newest first, and one event. Parse, one call, answer."""

import uuid
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import describing, pagination
from portal.api.bodies import Answer, Body
from sandbox.api.views import WorkspaceView
from sandbox.models import TraceEvent
from sandbox.trace import reading
from sandbox.trace.reading import Filter

EXAMPLE = {
    "id": "5f0c7f0e-5b0e-4f3e-9d1c-0f6d3f0a2b11",
    "at": "2026-11-27T01:15:04.120000+00:00",
    "realm_at": "2026-11-27T01:15:04.120000+00:00",
    "lane": "element",
    "what": "apdus.phone",
    "title": {"ja": "スマホのチップ：署名した", "en": "Phone's chip: signed"},
    "data": {"medium": "phone", "by": "page", "apdus": 4, "commands": []},
    "hand_off": "0b3c0a52-7f4e-4a51-9a29-2f6a0d8f6c01",
    "enrolment": None,
    "phone": "c0a8f6b2-3b1f-4f52-8a7d-9a4f5b1c2d3e",
    "failed": False,
}


class LanesField(serializers.CharField):
    """Names of lanes, with commas between them."""

    def to_internal_value(self, data: Any) -> Any:
        named = tuple(filter(None, (one.strip() for one in super().to_internal_value(data).split(","))))
        unknown = sorted(set(named) - set(TraceEvent.Lane.values))
        if unknown:
            raise serializers.ValidationError(
                f"no such lane: {', '.join(unknown)}; {', '.join(TraceEvent.Lane.values)}"
            )
        return named


class TraceQuery(Body):
    lane = LanesField(required=False, help_text="Lanes, with commas between them.")
    what = serializers.CharField(required=False, max_length=64, help_text="`handoff.shown`, or `handoff` for all.")
    hand_off = serializers.UUIDField(required=False)
    enrolment = serializers.UUIDField(required=False)
    phone = serializers.UUIDField(required=False)
    failed = serializers.BooleanField(required=False, allow_null=True, default=None)
    after = serializers.UUIDField(required=False, help_text="Only events after this one, oldest first.")


class TraceEventAnswer(Answer):
    id = serializers.UUIDField()
    at = serializers.DateTimeField(help_text="By the machine's clock.")
    realm_at = serializers.DateTimeField(help_text="The same moment by the workspace's clock.")
    lane = serializers.ChoiceField(TraceEvent.Lane.values)
    what = serializers.CharField()
    title = describing.Sentence()
    data = serializers.DictField(help_text="What is known of it; secrets are masked.")  # type: ignore[assignment]
    hand_off = serializers.UUIDField(allow_null=True)
    enrolment = serializers.UUIDField(allow_null=True)
    phone = serializers.UUIDField(allow_null=True)
    failed = serializers.BooleanField()


class Trace(WorkspaceView):
    """GET: what happened, newest first; `after` turns it round, for who follows it."""

    @describing.operation(
        ("起きたことを見る", "Look at what happened"),
        query=TraceQuery,
        answer=TraceEventAnswer,
        pages=True,
        told=EXAMPLE,
        problems=("not_found",),
        tag="trace",
    )
    def get(self, request: Request) -> Response:
        """Newest first: requests, pages, APDUs, SERAM, certificates, OCSP, webhooks. With `after`, oldest first."""
        given = describing.read_query(request, TraceQuery)
        after = given.pop("after", None)
        rows = reading.events(self.realm, Filter(given.pop("lane", ()), **given))
        if after is None:
            return pagination.page(request, rows, shape)
        last = reading.find(self.realm, after)
        if last is None:
            raise Http404("no such event, or it is gone: begin anew without `after`")
        return pagination.page(request, rows.filter(pk__gt=last.pk), shape, order=("pk",))


class OneEvent(WorkspaceView):
    """GET: one event."""

    @describing.operation(
        ("起きたことを1つ見る", "Look at one event"),
        answer=TraceEventAnswer,
        told=EXAMPLE,
        problems=("not_found",),
        tag="trace",
    )
    def get(self, request: Request, event: uuid.UUID) -> Response:
        """One event of the trace, as long as it is kept."""
        found = reading.find(self.realm, event)
        if found is None:
            raise Http404("no such event in this workspace")
        return Response(shape(found))


def shape(event: TraceEvent) -> dict[str, Any]:
    """Return an event as the API tells it."""
    return {
        "id": str(event.reference),
        "at": event.at.isoformat(),
        "realm_at": event.realm_at.isoformat(),
        "lane": event.lane,
        "what": event.what,
        "title": {"ja": event.title_ja, "en": event.title_en},
        "data": event.data,
        **{
            name: str(value) if (value := getattr(event, name)) else None for name in ("hand_off", "enrolment", "phone")
        },
        "failed": event.failed,
    }
