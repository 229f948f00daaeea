"""Rows of the site: Django looks for them here; each lives with its subject."""

from portal.accounts.models import Account, Attempts, Authenticator, StaffSession
from portal.certificates.models import Objection
from portal.handoff.models import HandOff
from portal.helpdesk.models import Call, IdentityCheck, Release
from portal.screen_lock.models import ScreenChallenge, ScreenLock

__all__ = [
    "Account",
    "Attempts",
    "Authenticator",
    "Call",
    "HandOff",
    "IdentityCheck",
    "Objection",
    "Release",
    "ScreenChallenge",
    "ScreenLock",
    "StaffSession",
]
