"""Faults around phones: the service manager away, and a chip that is torn off in the middle."""

from collections.abc import Callable

from sandbox.faults import arming
from sandbox.faults.catalogue import Place
from sandbox.models import Fault
from tsm.models import Phone
from tsm.transports.base import Transport, TransportError


def is_away(phone: Phone) -> bool:
    """Tell whether this phone finds the service manager away: what TSM_FAULTS names."""
    return arming.hit(phone.realm_id, Place.TSM) is not None


def torn(realm_id: int, chip: Transport, medium: str) -> Transport:
    """Return the chip of one powered session, torn off at some command where a fault says so; else as it is."""

    def fits(fault: Fault) -> bool:
        return bool(fault.parameters["chip"] == medium)

    fault = arming.hit(realm_id, Place.ELEMENT, fits=fits)
    return chip if fault is None else Torn(chip.transmit, fault.parameters["at"], fault.parameters["executed"])


class Torn:
    """A chip whose answer to one command never comes, nor any after it."""

    def __init__(self, transmit: Callable[[bytes], bytes], at: int, executed: bool) -> None:
        self._transmit, self._left, self._executed = transmit, at, executed

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command; raises TransportError from the n-th on."""
        self._left -= 1
        if self._left > 0:
            return self._transmit(apdu)
        if self._left == 0 and self._executed:
            self._transmit(apdu)
        raise TransportError("torn off: no answer came")
