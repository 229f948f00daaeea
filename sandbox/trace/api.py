"""The trace over HTTP: GET /sandbox/api/v1/trace, newest first, and one event. Parse, one call, answer."""

import uuid
from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from sandbox.api.views import WorkspaceView
from sandbox.models import TraceEvent
from sandbox.trace import reading
from sandbox.trace.reading import Filter

PAGE = 50
MOST = 200


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


class FilterSerializer(serializers.Serializer[Any]):
    lane = LanesField(required=False, help_text="Lanes, with commas between them.")
    what = serializers.CharField(required=False, max_length=64, help_text="`handoff.shown`, or `handoff` for all.")
    hand_off = serializers.UUIDField(required=False)
    enrolment = serializers.UUIDField(required=False)
    phone = serializers.UUIDField(required=False)
    failed = serializers.BooleanField(required=False, allow_null=True, default=None)
    after = serializers.UUIDField(required=False, help_text="Only events after this one, oldest first.")
    cursor = serializers.RegexField(r"^[0-9]{1,18}$", required=False, help_text="What `next` said.")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MOST, default=PAGE)


class TraceEventSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="reference")
    at = serializers.DateTimeField()
    realm_at = serializers.DateTimeField()
    lane = serializers.ChoiceField(TraceEvent.Lane.choices)
    what = serializers.CharField()
    title = serializers.SerializerMethodField()
    data = serializers.JSONField()  # type: ignore[assignment]
    hand_off = serializers.UUIDField(allow_null=True)
    enrolment = serializers.UUIDField(allow_null=True)
    phone = serializers.UUIDField(allow_null=True)
    failed = serializers.BooleanField()

    def get_title(self, event: TraceEvent) -> dict[str, str]:
        return {"ja": event.title_ja, "en": event.title_en}


class Trace(WorkspaceView):
    """GET: what happened, newest first; `after` turns it round, for who follows it."""

    def get(self, request: Request) -> Response:
        asked = FilterSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        rows = reading.events(self.realm, _filter(given))
        limit = given["limit"]
        if "after" in given:
            last = reading.find(self.realm, given["after"])
            if last is None:
                raise Http404("no such event, or it is gone: begin anew without `after`")
            rows = rows.filter(pk__gt=max(last.pk, int(given.get("cursor", 0))))
        else:
            rows = rows.order_by("-pk")
            rows = rows.filter(pk__lt=int(given["cursor"])) if "cursor" in given else rows
        found = list(rows[: limit + 1])
        more = len(found) > limit
        found = found[:limit]
        return Response(
            {"items": TraceEventSerializer(found, many=True).data, "next": str(found[-1].pk) if more else None}
        )


class OneEvent(WorkspaceView):
    """GET: one event."""

    def get(self, request: Request, event: uuid.UUID) -> Response:
        found = reading.find(self.realm, event)
        if found is None:
            raise Http404("no such event in this workspace")
        return Response(TraceEventSerializer(found).data)


def _filter(given: dict[str, Any]) -> Filter:
    return Filter(
        lanes=given.get("lane", ()),
        what=given.get("what", ""),
        hand_off=given.get("hand_off"),
        enrolment=given.get("enrolment"),
        phone=given.get("phone"),
        failed=given["failed"],
    )
