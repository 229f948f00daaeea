"""A card reader of this machine, by PC/SC (pyscard)."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from sandbox.terminal.card import CardError, Transmit


class Reader:
    """The reader whose name begins with `name`; without one, the only one there is."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    @contextlib.contextmanager
    def chip(self, wait: float = 0.0) -> Iterator[Transmit]:
        """Power what lies on the reader, for us alone; wait `wait` seconds for it to be put there.

        It is reset at the end, so that no PIN stays verified. Raises CardError: `reader_unavailable`, `reader_unknown`,
        `nothing_there`, `reader_busy`, `taken_away`.
        """
        scard = _scard()
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _check(scard, result)
        try:
            reader = self._find(scard, context)
            _wait_for(scard, context, reader, wait)
            protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
            result, card, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
            _check(scard, result)
            pci = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1

            def transmit(command: bytes) -> bytes:
                result, answer = scard.SCardTransmit(card, pci, list(command))
                _check(scard, result)
                if len(answer) < 2:  # so tells pcsc-lite of a chip that went away in the middle of a command
                    raise CardError("taken_away")
                return bytes(answer)

            try:
                yield transmit
            finally:
                scard.SCardDisconnect(card, scard.SCARD_RESET_CARD)
        finally:
            scard.SCardReleaseContext(context)

    def _find(self, scard: Any, context: Any) -> str:
        result, names = scard.SCardListReaders(context, [])
        if result == scard.SCARD_E_NO_READERS_AVAILABLE:
            raise CardError("reader_unknown")
        _check(scard, result)
        found = [str(name) for name in names if str(name).startswith(self.name)]
        if len(found) != 1:
            raise CardError("reader_unknown")
        return found[0]


def _wait_for(scard: Any, context: Any, reader: str, wait: float) -> None:
    until = time.monotonic() + wait
    result, states = scard.SCardGetStatusChange(context, 0, [(reader, scard.SCARD_STATE_UNAWARE)])
    while True:
        _check(scard, result)
        state = states[0][1]
        if state & scard.SCARD_STATE_PRESENT:
            return
        left = until - time.monotonic()
        if left <= 0:
            raise CardError("nothing_there")
        result, states = scard.SCardGetStatusChange(context, max(1, int(left * 1000)), [(reader, state)])
        if result == scard.SCARD_E_TIMEOUT:
            raise CardError("nothing_there")


def _scard() -> Any:
    try:
        from smartcard import scard
    except ImportError as error:  # pyscard isn't installed: the terminal still says so
        raise CardError("reader_unavailable") from error
    return scard


def _check(scard: Any, result: int) -> None:
    if result == scard.SCARD_S_SUCCESS:
        return
    codes = {
        scard.SCARD_E_NO_SMARTCARD: "nothing_there",
        scard.SCARD_W_REMOVED_CARD: "taken_away",
        scard.SCARD_W_UNPOWERED_CARD: "taken_away",
        scard.SCARD_W_UNRESPONSIVE_CARD: "taken_away",
        scard.SCARD_E_SHARING_VIOLATION: "reader_busy",
        scard.SCARD_E_UNKNOWN_READER: "reader_unknown",
        scard.SCARD_E_READER_UNAVAILABLE: "reader_unknown",
        scard.SCARD_E_NO_SERVICE: "reader_unavailable",
        scard.SCARD_E_SERVICE_STOPPED: "reader_unavailable",
    }
    raise CardError(codes.get(result, "taken_away"))
