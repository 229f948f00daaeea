"""Rows of the sandbox: a module for each noun."""

from sandbox.models.citizen import Citizen
from sandbox.models.conformance import ConformanceRun, ConformanceTry
from sandbox.models.fault import Fault, FaultTold
from sandbox.models.furnishing import Furnishing
from sandbox.models.issuing import Issuing
from sandbox.models.phone_session import PhoneSession, VirtualScreenLock
from sandbox.models.specimen import Specimen
from sandbox.models.trace import TraceEvent
from sandbox.models.virtual import Powered, VirtualCard, VirtualPhone

__all__ = [
    "Citizen",
    "ConformanceRun",
    "ConformanceTry",
    "Fault",
    "FaultTold",
    "Furnishing",
    "Issuing",
    "PhoneSession",
    "Powered",
    "Specimen",
    "TraceEvent",
    "VirtualCard",
    "VirtualPhone",
    "VirtualScreenLock",
]
