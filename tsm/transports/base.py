"""What every way to a card or secure element has in common: one method."""

from typing import Protocol

from tsm.errors import TsmError


class Transport(Protocol):
    """A connection to a powered card: bytes in, bytes out."""

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command APDU and return its response APDU (data and status word); raises TransportError."""
        ...


class TransportError(TsmError):
    """The command did not reach the card, or no answer came back: nothing is known of what the card did."""

    code = "transport_failed"


class ReaderNotFound(TransportError):
    code = "reader_not_found"


class CardNotPresent(TransportError):
    code = "card_not_present"


class ReaderBusy(TransportError):
    code = "reader_busy"


class PcscUnavailable(TransportError):
    code = "pcsc_unavailable"
