"""Release certificates from a hold, by an officer's decision."""

from ca.causes import Event
from ca.management.decision import DecisionCommand


class Command(DecisionCommand):
    """Release certificates from a hold, by an officer's decision."""

    help = "Release a certificate, or a holder's, from a hold by an officer's decision, which the journal keeps."
    event = Event.RELEASE
