"""Cards in PC/SC readers. The only module that imports pyscard, and only when a reader is asked for."""

import importlib
from types import TracebackType
from typing import Any, Self

from tsm.transports.base import CardNotPresent, PcscUnavailable, ReaderBusy, ReaderNotFound, TransportError


def readers() -> list[str]:
    """Return the names of all readers; raises PcscUnavailable where pyscard or the PC/SC service is missing."""
    scard = _scard()
    context = _context(scard)
    try:
        return _list(scard, context)
    finally:
        scard.SCardReleaseContext(context)


def insertion(reader: str) -> int:
    """Return a number that stays the same for as long as the same card lies on the reader of this name.

    Raises CardNotPresent, ReaderNotFound, PcscUnavailable, TransportError.
    """
    scard = _scard()
    context = _context(scard)
    try:
        name = _named(reader, _list(scard, context))
        result, states = scard.SCardGetStatusChange(context, 0, [(name, scard.SCARD_STATE_UNAWARE)])
        _check(scard, result)
        _, state, _ = states[0]
        if not state & scard.SCARD_STATE_PRESENT:
            raise CardNotPresent(f"nothing is in {name}")
        # pcsc-lite counts in the upper half how often something was put in or taken out.
        return int(state) >> 16
    finally:
        scard.SCardReleaseContext(context)


class PcscTransport:
    """A powered card in a reader, kept from everyone else until `close`; also a context manager."""

    def __init__(self, scard: Any, context: Any, card: Any, protocol: int) -> None:
        self._scard, self._context, self._card, self._protocol = scard, context, card, protocol

    @classmethod
    def connect(cls, reader: str) -> Self:
        """Connect exclusively to the card in the reader of this name, or of the only name beginning so.

        Raises ReaderNotFound, CardNotPresent, ReaderBusy, PcscUnavailable, TransportError.
        """
        scard = _scard()
        context = _context(scard)
        try:
            name = _named(reader, _list(scard, context))
            result, card, protocol = scard.SCardConnect(
                context, name, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
            )
            _check(scard, result)
        except BaseException:
            scard.SCardReleaseContext(context)
            raise
        return cls(scard, context, card, protocol)

    @property
    def atr(self) -> bytes:
        result, _, _, _, atr = self._scard.SCardStatus(self._card)
        _check(self._scard, result)
        return bytes(atr)

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command APDU and return its response APDU; raises TransportError."""
        pci = self._scard.SCARD_PCI_T0 if self._protocol == self._scard.SCARD_PROTOCOL_T0 else self._scard.SCARD_PCI_T1
        result, answer = self._scard.SCardTransmit(self._card, pci, list(apdu))
        _check(self._scard, result)
        # A card that dies in the middle of a command is reported as success without an answer.
        if len(answer) < 2:
            raise TransportError("the card did not answer")
        return bytes(answer)

    def close(self) -> None:
        """Let go of the card and reset it, so that no login is left behind."""
        self._scard.SCardDisconnect(self._card, self._scard.SCARD_RESET_CARD)
        self._scard.SCardReleaseContext(self._context)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _scard() -> Any:
    try:
        return importlib.import_module("smartcard.scard")
    except ImportError as error:
        raise PcscUnavailable("card readers need pyscard: install this project's extra 'pcsc'") from error


def _context(scard: Any) -> Any:
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check(scard, result)
    return context


def _list(scard: Any, context: Any) -> list[str]:
    result, names = scard.SCardListReaders(context, [])
    if result == scard.SCARD_E_NO_READERS_AVAILABLE:
        return []
    _check(scard, result)
    return [str(name) for name in names]


def _named(reader: str, names: list[str]) -> str:
    if reader in names:
        return reader
    found = [name for name in names if name.startswith(reader)]
    if len(found) != 1:
        raise ReaderNotFound(f"{reader!r} names {len(found)} of the readers {names}")
    return found[0]


def _check(scard: Any, result: int) -> None:
    if result == scard.SCARD_S_SUCCESS:
        return
    kinds: dict[int, type[TransportError]] = {
        scard.SCARD_E_NO_SERVICE: PcscUnavailable,
        scard.SCARD_E_SERVICE_STOPPED: PcscUnavailable,
        scard.SCARD_E_UNKNOWN_READER: ReaderNotFound,
        scard.SCARD_E_READER_UNAVAILABLE: ReaderNotFound,
        scard.SCARD_E_NO_SMARTCARD: CardNotPresent,
        scard.SCARD_W_REMOVED_CARD: CardNotPresent,
        scard.SCARD_E_SHARING_VIOLATION: ReaderBusy,
    }
    raise kinds.get(result, TransportError)(scard.SCardGetErrorMessage(result))
