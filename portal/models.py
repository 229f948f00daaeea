"""Rows of the site: Django looks for them here; each lives with its subject."""

from portal.handoff.models import HandOff
from portal.notices.models import Contact, ContactCode, Happening, JournalCursor, KeptMail, MailServer, Notice

__all__ = ["Contact", "ContactCode", "HandOff", "Happening", "JournalCursor", "KeptMail", "MailServer", "Notice"]
