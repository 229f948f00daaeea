"""Rows of the sandbox: a module for each noun."""

from sandbox.models.virtual import Powered, VirtualCard, VirtualPhone

__all__ = ["Powered", "VirtualCard", "VirtualPhone"]
