"""Rows of the sandbox: a module for each noun."""

from sandbox.models.rotation import Rotation
from sandbox.models.trace import TraceEvent
from sandbox.models.virtual import Powered, VirtualCard, VirtualPhone
from sandbox.models.webhook import (
    EventCursor,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
    WebhookSecret,
)

__all__ = [
    "EventCursor",
    "Powered",
    "Rotation",
    "TraceEvent",
    "VirtualCard",
    "VirtualPhone",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEvent",
    "WebhookSecret",
]
