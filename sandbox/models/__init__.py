"""Rows of the sandbox: a module for each noun."""

from sandbox.models.conformance import ConformanceRun, ConformanceTry
from sandbox.models.trace import TraceEvent
from sandbox.models.virtual import Powered, VirtualCard, VirtualPhone

__all__ = ["ConformanceRun", "ConformanceTry", "Powered", "TraceEvent", "VirtualCard", "VirtualPhone"]
