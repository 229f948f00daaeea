"""Rows of the site: Django looks for them here; each lives with its subject."""

from portal.accounts.models import (
    Account,
    AccountChange,
    Attempts,
    Authenticator,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    Registration,
    StaffSession,
)
from portal.api.models import Allowance, KeptAnswer
from portal.certificates.models import Objection
from portal.handoff.models import HandOff, HandOffPdf, Preparation
from portal.helpdesk.models import Call, IdentityCheck, Release
from portal.mynaportal.models import Application
from portal.notices.models import Contact, ContactCode, Happening, JournalCursor, KeptMail, MailServer, Notice
from portal.observing.models import PeriodicRun
from portal.providers.models import Invitation, Membership, Workspace
from portal.screen_lock.models import ScreenChallenge, ScreenLock

__all__ = [
    "Account",
    "AccountChange",
    "Allowance",
    "Application",
    "Attempts",
    "Authenticator",
    "Call",
    "Contact",
    "ContactCode",
    "HandOff",
    "HandOffPdf",
    "Happening",
    "IdentityCheck",
    "Invitation",
    "JournalCursor",
    "KeptAnswer",
    "KeptMail",
    "MailServer",
    "Membership",
    "Notice",
    "Objection",
    "Passkey",
    "PasskeyChallenge",
    "PeriodicRun",
    "Preparation",
    "RecoveryCode",
    "Registration",
    "Release",
    "ScreenChallenge",
    "ScreenLock",
    "StaffSession",
    "Workspace",
]
