"""Rows of the sandbox: a module for each noun."""

from sandbox.models.inspected import InspectedRequest
from sandbox.models.trace import TraceEvent
from sandbox.models.virtual import Powered, VirtualCard, VirtualPhone

__all__ = ["InspectedRequest", "Powered", "TraceEvent", "VirtualCard", "VirtualPhone"]
