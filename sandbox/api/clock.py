"""The workspace's clock over HTTP: how it stands, and moved. Parse, one call, answer."""

from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import describing
from portal.api.headers import NO_STORE
from sandbox import clock
from sandbox.api.views import WorkspaceView
from sandbox.clock import Follow

EXAMPLE = {
    "time": "2031-11-28T10:00:00+00:00",
    "machine_time": "2026-11-27T10:00:00+00:00",
    "offset_seconds": 157852800,
    "earliest": "2026-11-01T00:00:00+00:00",
    "latest": "2041-11-23T10:00:00+00:00",
    "following": ["crls"],
}


class ClockBody(describing.Body):
    """One of `set`, `advance`, `reset`."""

    advance = serializers.DurationField(
        required=False, help_text="ISO 8601: P30D, PT72H, -P1D. Days are the longest unit."
    )
    reset = serializers.BooleanField(required=False, help_text="true: back to the machine's time.")
    follow = serializers.ListField(
        child=serializers.ChoiceField([each.value for each in Follow]), required=False, max_length=len(Follow),
        help_text="What goes along: the test service's keys and certification stay good, phones stay in touch. "
        "Default: both.",
    )  # fmt: skip

    def get_fields(self) -> dict[str, Any]:
        """Return the fields with `set`, which can't be a name here."""
        moment = serializers.DateTimeField(required=False, help_text="RFC 3339, with its offset.")
        return {"set": moment, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Hold that one thing is asked for."""
        named = [name for name in ("set", "advance", "reset") if name in attrs]
        if len(named) != 1 or attrs.get("reset") is False:
            raise ValidationError({"body": ["must have one of set, advance and reset: true"]})
        return attrs


class ClockAnswer(describing.Answer):
    time = serializers.DateTimeField(help_text="The workspace's.")
    machine_time = serializers.DateTimeField()
    offset_seconds = serializers.IntegerField()
    earliest = serializers.DateTimeField(help_text="So far back the clock goes.")
    latest = serializers.DateTimeField()
    following = serializers.ListField(
        child=serializers.ChoiceField(["crls", "linkage", "rechecks"]),
        help_text="What is due by the workspace's time and not done yet; empty: all has followed.",
    )


class ClockView(WorkspaceView):
    """The workspace's clock."""

    @describing.operation(("時計", "The workspace's clock"), answer=ClockAnswer, told=EXAMPLE, tag="time")
    def get(self, request: Request) -> Response:
        """Say how the workspace's clock stands, and what is still following the last move."""
        return Response(_shape(clock.shown(self.realm)), headers=NO_STORE)

    @describing.operation(
        ("時計を動かす", "Move the workspace's clock"),
        body=ClockBody,
        answer=ClockAnswer,
        asked=describing.Examples(
            set={"set": "2031-11-28T10:00:00Z"},
            advance={"advance": "PT72H"},
            silence={"advance": "P200D", "follow": ["credentials"]},
            reset={"reset": True},
        ),
        told=EXAMPLE,
        problems=("clock_out_of_range", "clock_busy"),
        tag="time",
    )
    def post(self, request: Request) -> Response:
        """Move the workspace's clock. What is then due is done within seconds, by workers; `following` tells."""
        asked = describing.read(request, ClockBody)
        follow = frozenset(map(Follow, asked["follow"])) if "follow" in asked else clock.EVERYTHING
        by = self.relying_party.client_id
        moment: datetime | None = asked.get("set")
        time: timedelta | None = asked.get("advance")
        if moment is not None:
            clock.set_to(self.realm, moment, follow=follow, by=by)
        elif time is not None:
            clock.advance(self.realm, time, follow=follow, by=by)
        else:
            clock.reset(self.realm, follow=follow, by=by)
        return Response(_shape(clock.shown(self.realm)), headers=NO_STORE)


def _shape(shown: clock.Shown) -> dict[str, Any]:
    return {
        "time": shown.time.isoformat(),
        "machine_time": shown.machine_time.isoformat(),
        "offset_seconds": round(shown.offset / timedelta(seconds=1)),
        "earliest": shown.earliest.isoformat(),
        "latest": shown.latest.isoformat(),
        "following": list(shown.following),
    }
