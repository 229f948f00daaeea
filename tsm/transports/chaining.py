"""Long answers made whole: follows 61xx with GET RESPONSE and 6Cxx with the right Le (ISO 7816-4 5.3.4)."""

from tsm.transports.base import Transport, TransportError

GET_RESPONSE = b"\x00\xc0\x00\x00"
# A card that never stops saying 61xx must not hold the caller for ever; 64 KiB is the longest answer there is.
LONGEST_ANSWER = 65536


class Chaining:
    """A transport around another: one command, its whole answer."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command, following 61xx and 6Cxx; returns all data and the last status word."""
        answer = self._inner.transmit(apdu)
        if answer[-2:-1] == b"\x6c" and len(answer) == 2 and len(apdu) >= 4:
            answer = self._inner.transmit(_with_le(apdu, answer[1]))
        data = answer[:-2]
        while answer[-2:-1] == b"\x61":
            answer = self._inner.transmit(GET_RESPONSE + answer[-1:])
            data += answer[:-2]
            if len(data) > LONGEST_ANSWER or (answer[-2:-1] == b"\x61" and len(answer) == 2):
                raise TransportError("the card's answer has no end")
        return data + answer[-2:]


def _with_le(apdu: bytes, le: int) -> bytes:
    short_data = 5 + apdu[4] if len(apdu) > 5 else 4
    return apdu[:short_data] + bytes([le])
