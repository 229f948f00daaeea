"""Rows of the site: Django looks for them here; each lives with its subject."""

from portal.handoff.models import HandOff, HandOffPdf, Preparation

__all__ = ["HandOff", "HandOffPdf", "Preparation"]
