"""Revoke certificates for good, by an officer's decision."""

from ca.causes import Event
from ca.management.decision import DecisionCommand


class Command(DecisionCommand):
    """Revoke certificates for good, by an officer's decision."""

    help = "Revoke a certificate, or a holder's, by an officer's decision, which the journal keeps. It can't be undone."
    event = Event.REVOKE
