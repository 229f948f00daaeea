"""Webhooks and events over HTTP, below /sandbox/api/v1/. Parse, one call, answer."""

import uuid
from datetime import timedelta

from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import creating, describing, pagination
from portal.api.headers import NO_STORE
from sandbox.api.views import WorkspaceView
from sandbox.models import Webhook, WebhookEvent
from sandbox.webhooks import catalogue, endpoints
from sandbox.webhooks.shapes import (
    DELIVERY,
    EVENT,
    EXAMPLE,
    SECRET,
    DeliveriesQuery,
    DeliveryAnswer,
    EnableBody,
    EnabledAnswer,
    EventAnswer,
    EventsQuery,
    EventTypesAnswer,
    NewWebhookAnswer,
    SecretAnswer,
    SecretBody,
    WebhookAnswer,
    WebhookBody,
    WebhookChange,
    delivery_shape,
    event_shape,
    webhook_shape,
)


class Webhooks(WorkspaceView):
    """The workspace's webhooks."""

    @describing.operation(
        ("Webhook の一覧", "List webhooks"), answer=WebhookAnswer, told=EXAMPLE, pages=True, tag="webhooks"
    )
    def get(self, request: Request) -> Response:
        """List the workspace's webhooks, newest first."""
        return pagination.page(request, Webhook.objects.filter(realm=self.realm), webhook_shape)

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
        return Response(webhook_shape(made) | {"secret": secret}, status=201, headers=NO_STORE)


class OneWebhook(WorkspaceView):
    """One webhook."""

    @describing.operation(
        ("Webhook", "A webhook"), answer=WebhookAnswer, told=EXAMPLE, problems=("webhook_unknown",), tag="webhooks"
    )
    def get(self, request: Request, webhook: uuid.UUID) -> Response:
        """Say how a webhook stands."""
        return Response(webhook_shape(endpoints.find(self.realm, webhook)))

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
        return Response(webhook_shape(endpoints.change(found, changes, by=self.relying_party.client_id)))

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
        return Response(webhook_shape(found) | {"events_to_deliver": count})


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
