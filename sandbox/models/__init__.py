"""Rows of the sandbox: a module for each noun."""

from sandbox.models.citizen import Citizen
from sandbox.models.furnishing import Furnishing
from sandbox.models.inspected import InspectedRequest
from sandbox.models.issuing import Issuing
from sandbox.models.specimen import Specimen
from sandbox.models.trace import TraceEvent
from sandbox.models.virtual import Powered, VirtualCard, VirtualPhone

__all__ = [
    "Citizen",
    "Furnishing",
    "InspectedRequest",
    "Issuing",
    "Powered",
    "Specimen",
    "TraceEvent",
    "VirtualCard",
    "VirtualPhone",
]
