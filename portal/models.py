"""Rows of the site: Django looks for them here; each lives with its subject."""

from portal.accounts.models import Account, Attempts, Authenticator, StaffSession
from portal.handoff.models import HandOff
from portal.helpdesk.models import Call, IdentityCheck, Release

__all__ = ["Account", "Attempts", "Authenticator", "Call", "HandOff", "IdentityCheck", "Release", "StaffSession"]
