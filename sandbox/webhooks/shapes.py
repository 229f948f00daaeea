"""What is taken and told of webhooks and events, as the description has it."""

import json
from typing import Any

from rest_framework import serializers

from portal.api import describing
from sandbox.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookEvent
from sandbox.webhooks import catalogue, outbox

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


def webhook_shape(webhook: Webhook) -> dict[str, Any]:
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
