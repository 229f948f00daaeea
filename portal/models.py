"""Rows of the site: Django looks for them here; each lives with its subject."""

from portal.certificates.models import Objection
from portal.handoff.models import HandOff, HandOffPdf, Preparation
from portal.mynaportal.models import Application
from portal.notices.models import Contact, ContactCode, Happening, JournalCursor, KeptMail, MailServer, Notice
from portal.screen_lock.models import ScreenChallenge, ScreenLock

__all__ = [
    "Application",
    "Contact",
    "ContactCode",
    "HandOff",
    "HandOffPdf",
    "Happening",
    "JournalCursor",
    "KeptMail",
    "MailServer",
    "Notice",
    "Objection",
    "Preparation",
    "ScreenChallenge",
    "ScreenLock",
]
