"""Put certificates on hold, by an officer's decision."""

from ca.causes import Event
from ca.management.decision import DecisionCommand


class Command(DecisionCommand):
    """Put certificates on hold, by an officer's decision."""

    help = "Put a certificate, or a holder's, on hold by an officer's decision, which the journal keeps."
    event = Event.HOLD
