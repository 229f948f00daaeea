"""Rows of the sandbox: a module for each noun."""

from sandbox.models.citizen import Citizen
from sandbox.models.conformance import ConformanceRun, ConformanceTry
from sandbox.models.fault import Fault, FaultTold
from sandbox.models.furnishing import Furnishing
from sandbox.models.inspected import InspectedRequest
from sandbox.models.issuing import Issuing
from sandbox.models.phone_session import PhoneSession, VirtualScreenLock
from sandbox.models.rotation import Rotation
from sandbox.models.specimen import Specimen
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
    "Citizen",
    "ConformanceRun",
    "ConformanceTry",
    "EventCursor",
    "Fault",
    "FaultTold",
    "Furnishing",
    "InspectedRequest",
    "Issuing",
    "PhoneSession",
    "Powered",
    "Rotation",
    "Specimen",
    "TraceEvent",
    "VirtualCard",
    "VirtualPhone",
    "VirtualScreenLock",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEvent",
    "WebhookSecret",
]
