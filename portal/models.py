"""Rows of the site: Django looks for them here; each lives with its subject."""

from portal.certificates.models import Objection
from portal.handoff.models import HandOff, HandOffPdf, Preparation
from portal.screen_lock.models import ScreenChallenge, ScreenLock

__all__ = ["HandOff", "HandOffPdf", "Objection", "Preparation", "ScreenChallenge", "ScreenLock"]
