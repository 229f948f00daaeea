"""Webhooks and events over HTTP, below /sandbox/api/v1/. Parse, one call, answer."""

import json
import uuid
from datetime import timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import creating, describing, pagination
from sandbox.api.views import WorkspaceView
from sandbox.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookEvent
from sandbox.webhooks import catalogue, endpoints, outbox

NO_STORE = {"Cache-Control": "no-store"}
ID = "9b2f6a1e-3c4d-4e5f-8a9b-0c1d2e3f4a5b"
EXAMPLE = {
    "id": ID,
    "url": "https://bank.example/hooks/jpki",
    "description": "staging",
    "event_types": ["certificate.*", "handoff.redeemed"],
    "state": "enabled",
    "ending": None,
    "made_at": "2026-11-27T10:00:00+00:00",
    "disabled_at": None,
    "failing_since": None,
    "failures": 0,
    "rests_until": None,
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="  # noqa: S105  (an example)
EVENT = {
    "id": "msg_7c9e6679742540de944be07fc1f90ae7",
    "sequence": 412,
    "type": "certificate.held",
    "timestamp": "2026-11-27T10:00:00+00:00",
    "data": dict(catalogue.BY_KIND["certificate.held"].example),
}
DELIVERY = {
    "id": "16fd2706-8baf-433b-82eb-8c7fada847da",
    "webhook": ID,
    "event": EVENT["id"],
    "type": "certificate.held",
    "state": "delivered",
    "tries": 1,
    "next_at": None,
    "ended_at": "2026-11-27T10:00:02+00:00",
    "attempts": [
        {
            "at": "2026-11-27T10:00:02+00:00", "url": "https://bank.example/hooks/jpki", "state": "over", "status": 204,
            "finding": None, "milliseconds": 38, "answer": "",
        }
    ],
}  # fmt: skip


class WebhookBody(describing.Body):
    url = serializers.CharField(max_length=2000, help_text="https with a public name; on `localhost` http too.")
    event_types = serializers.ListField(
        child=serializers.ChoiceField(catalogue.CHOICES), required=False, max_length=len(catalogue.CHOICES),
        help_text="Types, or groups of them; none: all.",
    )  # fmt: skip
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)


class WebhookChange(WebhookBody):
    url = serializers.CharField(max_length=2000, required=False)
    enabled = serializers.BooleanField(required=False)


class EnableBody(describing.Body):
    since = serializers.DateTimeField(
        required=False, help_text="Tell it also of the events since then that it was never told of (machine's time)."
    )


class SecretBody(describing.Body):
    overlap_hours = serializers.FloatField(
        required=False, min_value=0, max_value=24 * 30, help_text="So long the old secret signs beside the new one."
    )


class EventsQuery(describing.Body):
    type = serializers.ChoiceField((*catalogue.CHOICES, catalogue.PING), required=False)


class DeliveriesQuery(describing.Body):
    state = serializers.ChoiceField(WebhookDelivery.State.choices, required=False)


class WebhookAnswer(describing.Answer):
    id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    event_types = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(Webhook.State.choices)
    ending = serializers.ChoiceField(Webhook.Ending.choices, allow_null=True)
    made_at = serializers.DateTimeField()
    disabled_at = serializers.DateTimeField(allow_null=True)
    failing_since = serializers.DateTimeField(allow_null=True)
    failures = serializers.IntegerField()
    rests_until = serializers.DateTimeField(allow_null=True)


class NewWebhookAnswer(WebhookAnswer):
    secret = serializers.CharField(help_text="Told once, here. `whsec_` and base64.")


class EnabledAnswer(WebhookAnswer):
    events_to_deliver = serializers.IntegerField()


class SecretAnswer(describing.Answer):
    secret = serializers.CharField(help_text="Told once, here. `whsec_` and base64.")


class EventAnswer(describing.Answer):
    id = serializers.CharField(help_text="What `webhook-id` says.")
    sequence = serializers.IntegerField(allow_null=True, help_text="The journal's entry; ascending.")
    type = serializers.CharField()
    timestamp = serializers.DateTimeField(help_text="By the workspace's clock.")
    data = serializers.JSONField()  # type: ignore[assignment]


class AttemptAnswer(describing.Answer):
    at = serializers.DateTimeField()
    url = serializers.CharField()
    state = serializers.ChoiceField(WebhookAttempt.State.choices)
    status = serializers.IntegerField(allow_null=True)
    finding = serializers.CharField(allow_null=True, help_text="Why it isn't taken, where no status says so.")
    milliseconds = serializers.IntegerField(allow_null=True)
    answer = serializers.CharField(allow_blank=True, help_text="The first octets of what was answered.")


class DeliveryAnswer(describing.Answer):
    id = serializers.UUIDField()
    webhook = serializers.UUIDField()
    event = serializers.CharField()
    type = serializers.CharField()
    state = serializers.ChoiceField(WebhookDelivery.State.choices)
    tries = serializers.IntegerField()
    next_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    attempts = AttemptAnswer(many=True)


class EventTypeAnswer(describing.Answer):
    name = serializers.CharField()
    title = serializers.DictField(child=serializers.CharField(allow_blank=True))
    example = serializers.JSONField()


class EventTypesAnswer(describing.Answer):
    items = EventTypeAnswer(many=True)


class Webhooks(WorkspaceView):
    """The workspace's webhooks."""

    @describing.operation(
        ("Webhook の一覧", "List webhooks"), answer=WebhookAnswer, told=EXAMPLE, pages=True, tag="webhooks"
    )
    def get(self, request: Request) -> Response:
        """List the workspace's webhooks, newest first."""
        return pagination.page(request, Webhook.objects.filter(realm=self.realm), shape)

    @describing.operation(
        ("Webhook を作る", "Make a webhook"),
        body=WebhookBody,
        answer=NewWebhookAnswer,
        status=201,
        asked={"url": "https://bank.example/hooks/jpki", "event_types": ["certificate.*", "handoff.redeemed"]},
        told=EXAMPLE | {"secret": SECRET},
        problems=("webhook_address_unfit", "too_many_webhooks"),
        tag="webhooks",
    )
    @creating.once
    def post(self, request: Request) -> Response:
        """Make a webhook. Its secret is in this answer and never again."""
        asked = describing.read(request, WebhookBody)
        made, secret = endpoints.make(
            self.realm,
            asked["url"],
            event_types=asked.get("event_types", []),
            description=asked.get("description", ""),
            by=self.relying_party.client_id,
        )
        return Response(shape(made) | {"secret": secret}, status=201, headers=NO_STORE)


class OneWebhook(WorkspaceView):
    """One webhook."""

    @describing.operation(
        ("Webhook", "A webhook"), answer=WebhookAnswer, told=EXAMPLE, problems=("webhook_unknown",), tag="webhooks"
    )
    def get(self, request: Request, webhook: uuid.UUID) -> Response:
        """Say how a webhook stands."""
        return Response(shape(endpoints.find(self.realm, webhook)))

    @describing.operation(
        ("Webhook を変える", "Change a webhook"),
        body=WebhookChange,
        answer=WebhookAnswer,
        asked={"event_types": [], "enabled": False},
        told=EXAMPLE | {"event_types": [], "state": "disabled", "ending": "by_hand",
                        "disabled_at": "2026-11-27T10:05:00+00:00"},
        problems=("webhook_unknown", "webhook_address_unfit"),
        tag="webhooks",
    )  # fmt: skip
    def patch(self, request: Request, webhook: uuid.UUID) -> Response:
        """Change what is given; the rest stays."""
        found = endpoints.find(self.realm, webhook)
        changes = describing.read(request, WebhookChange, partial=True)
        return Response(shape(endpoints.change(found, changes, by=self.relying_party.client_id)))

    @describing.operation(
        ("Webhook を消す", "Delete a webhook"), status=204, problems=("webhook_unknown",), tag="webhooks"
    )
    def delete(self, request: Request, webhook: uuid.UUID) -> Response:
        """Delete a webhook, its secrets and its log."""
        endpoints.delete(endpoints.find(self.realm, webhook), by=self.relying_party.client_id)
        return Response(status=204)


class Ping(WorkspaceView):
    """A test."""

    @describing.operation(
        ("試しに送る", "Ping a webhook"),
        answer=DeliveryAnswer,
        status=201,
        told=DELIVERY | {"type": "webhook.ping", "state": "waiting", "tries": 0, "ended_at": None, "attempts": [],
                         "next_at": "2026-11-27T10:00:00+00:00"},
        problems=("webhook_unknown", "webhook_disabled"),
        tag="webhooks",
    )  # fmt: skip
    @creating.once
    def post(self, request: Request, webhook: uuid.UUID) -> Response:
        """Send a `webhook.ping` to this webhook alone, whatever types it chose."""
        made = endpoints.ping(endpoints.find(self.realm, webhook))
        return Response(delivery_shape(made), status=201)


class Enable(WorkspaceView):
    """A webhook goes on."""

    @describing.operation(
        ("Webhook を有効に戻す", "Enable a webhook"),
        body=EnableBody,
        answer=EnabledAnswer,
        asked={"since": "2026-11-26T00:00:00Z"},
        told=EXAMPLE | {"events_to_deliver": 12},
        problems=("webhook_unknown",),
        tag="webhooks",
    )
    def post(self, request: Request, webhook: uuid.UUID) -> Response:
        """Enable a webhook. What waited goes on; with `since`, what happened while it was disabled is sent as well."""
        found = endpoints.find(self.realm, webhook)
        asked = describing.read(request, EnableBody)
        count = endpoints.enable(found, since=asked.get("since"), by=self.relying_party.client_id)
        return Response(shape(found) | {"events_to_deliver": count})


class NewSecret(WorkspaceView):
    """The secret's successor."""

    @describing.operation(
        ("秘密の鍵を替える", "Replace a webhook's secret"),
        body=SecretBody,
        answer=SecretAnswer,
        status=201,
        asked={"overlap_hours": 24},
        told={"secret": SECRET},
        problems=("webhook_unknown",),
        tag="webhooks",
    )
    @creating.once
    def post(self, request: Request, webhook: uuid.UUID) -> Response:
        """Make a new secret. Until the overlap is over each message bears a signature with either."""
        found = endpoints.find(self.realm, webhook)
        hours = describing.read(request, SecretBody).get("overlap_hours")
        overlap = timedelta(hours=hours) if hours is not None else None
        secret = endpoints.new_secret(found, overlap=overlap, by=self.relying_party.client_id)
        return Response({"secret": secret}, status=201, headers=NO_STORE)


class Deliveries(WorkspaceView):
    """A webhook's log."""

    @describing.operation(
        ("送信の記録", "List deliveries"),
        query=DeliveriesQuery,
        answer=DeliveryAnswer,
        told=DELIVERY,
        problems=("webhook_unknown",),
        pages=True,
        tag="webhooks",
    )
    def get(self, request: Request, webhook: uuid.UUID) -> Response:
        """List a webhook's deliveries with every attempt, newest first."""
        asked = describing.read_query(request, DeliveriesQuery)
        return pagination.page(
            request, endpoints.deliveries(endpoints.find(self.realm, webhook)).filter(**asked), delivery_shape
        )


class Replay(WorkspaceView):
    """A delivery once more."""

    @describing.operation(
        ("もう一度送る", "Replay a delivery"),
        answer=DeliveryAnswer,
        told=DELIVERY | {"state": "waiting", "tries": 0, "ended_at": None, "next_at": "2026-11-27T10:05:00+00:00"},
        problems=("delivery_unknown", "webhook_disabled"),
        tag="webhooks",
    )
    def post(self, request: Request, delivery: uuid.UUID) -> Response:
        """Deliver once more, under the same `webhook-id` and with a new timestamp and signature."""
        return Response(delivery_shape(endpoints.replay(endpoints.find_delivery(self.realm, delivery))))


class Events(WorkspaceView):
    """What happened in the workspace."""

    @describing.operation(
        ("できごとの一覧", "List events"),
        query=EventsQuery,
        answer=EventAnswer,
        told=EVENT,
        pages=True,
        tag="webhooks",
    )
    def get(self, request: Request) -> Response:
        """List the workspace's events, newest first, whether a webhook was told of them or not."""
        rows = WebhookEvent.objects.filter(realm=self.realm)
        chosen = describing.read_query(request, EventsQuery).get("type")
        if chosen and chosen.endswith(".*"):
            rows = rows.filter(type__startswith=chosen[:-1])
        elif chosen:
            rows = rows.filter(type=chosen)
        return pagination.page(request, rows, event_shape)


class EventTypes(WorkspaceView):
    """The catalogue."""

    @describing.operation(
        ("できごとの種類", "List event types"),
        answer=EventTypesAnswer,
        told={
            "items": [
                {"name": one.name, "title": {"ja": one.ja, "en": one.en}, "example": {
                    "type": one.name, "timestamp": EVENT["timestamp"], "data": dict(one.example)}}
                for one in list(catalogue.TYPES.values())[:1]
            ]
        },
        tag="webhooks",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List every type of events with an example of what is sent."""
        told = [
            {
                "name": one.name,
                "title": {"ja": one.ja, "en": one.en},
                "example": {"type": one.name, "timestamp": EVENT["timestamp"], "data": one.example},
            }
            for one in catalogue.TYPES.values()
        ]
        return Response({"items": told})


def shape(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook as the API tells it."""
    return {
        "id": str(webhook.reference),
        "url": webhook.url,
        "description": webhook.description,
        "event_types": webhook.event_types,
        "state": webhook.state,
        "ending": webhook.ending or None,
        "made_at": webhook.made_at.isoformat(),
        "disabled_at": webhook.disabled_at.isoformat() if webhook.disabled_at else None,
        "failing_since": webhook.failing_since.isoformat() if webhook.failing_since else None,
        "failures": webhook.failures,
        "rests_until": webhook.rests_until.isoformat() if webhook.rests_until else None,
    }


def event_shape(event: WebhookEvent) -> dict[str, Any]:
    """Return an event as the API tells it: what was sent, and under which id."""
    return {"id": f"msg_{event.reference.hex}", "sequence": event.sequence, **json.loads(event.body)}


def delivery_shape(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return a delivery with its attempts, the first one first."""
    waiting = delivery.state == WebhookDelivery.State.WAITING
    return {
        "id": str(delivery.reference),
        "webhook": str(delivery.webhook.reference),
        "event": outbox.message_id(delivery),
        "type": delivery.event.type,
        "state": delivery.state,
        "tries": delivery.tries,
        "next_at": delivery.next_at.isoformat() if waiting else None,
        "ended_at": delivery.ended_at.isoformat() if delivery.ended_at else None,
        "attempts": [
            {
                "at": one.at.isoformat(),
                "url": one.url,
                "state": one.state,
                "status": one.status,
                "finding": one.finding or None,
                "milliseconds": one.milliseconds,
                "answer": one.answer,
            }
            for one in delivery.attempts.all()
        ],
    }
