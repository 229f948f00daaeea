"""Rows of the sandbox: a module for each noun."""

from sandbox.models.fault import Fault, FaultTold
from sandbox.models.phone_session import PhoneSession, VirtualScreenLock
from sandbox.models.trace import TraceEvent
from sandbox.models.virtual import Powered, VirtualCard, VirtualPhone

__all__ = [
    "Fault",
    "FaultTold",
    "PhoneSession",
    "Powered",
    "TraceEvent",
    "VirtualCard",
    "VirtualPhone",
    "VirtualScreenLock",
]
