"""The two readers of the agent: the card's and the element's, each opened for one session and let go."""

from collections.abc import Iterator
from contextlib import contextmanager

from tsm import jpki
from tsm.globalplatform import commands
from tsm.globalplatform.errors import GlobalPlatformError
from tsm.local_agent.troubles import CardRemoved, CardWrong, ElementWrong, ReaderNotChosen
from tsm.transports import pcsc
from tsm.transports.base import ReaderNotFound, Transport, TransportError
from tsm.transports.chaining import Chaining
from tsm.transports.pcsc import PcscTransport


class Steady:
    """A transport that says of a card which goes away after it has answered that it was taken away."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._answered = False

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command; raises CardRemoved in the middle, TransportError otherwise."""
        try:
            answer = self._inner.transmit(apdu)
        except TransportError as error:
            if not self._answered:
                raise
            raise CardRemoved(str(error)) from error
        self._answered = True
        return answer


def choose(named: str, purpose: str) -> str:
    """Return the reader to be used: the one named, else the only one.

    Raises `ReaderNotFound` where the named one isn't there, `ReaderNotChosen` where there are several and none is
    named, `PcscUnavailable`.
    """
    names = pcsc.readers()
    if named:
        found = [name for name in names if name == named] or [name for name in names if name.startswith(named)]
        if len(found) != 1:
            raise ReaderNotFound(f"{named!r} names {len(found)} of the readers {names}")
        return found[0]
    if not names:
        raise ReaderNotFound("there is no reader")
    if len(names) > 1:
        raise ReaderNotChosen(f"for the {purpose} there are {len(names)} readers: {', '.join(names)}")
    return names[0]


@contextmanager
def card(reader: str) -> Iterator[Transport]:
    """Power the card for one session; raises CardWrong where it is no My Number Card."""
    with _session(reader) as chip:
        label = _token_label(chip)
        if not label.startswith(jpki.CARD_LABEL[:-1]):
            raise CardWrong(f"a phone's element ({label})" if label == jpki.PHONE_LABEL else "no JPKI application")
        yield chip


@contextmanager
def element(reader: str, number: bytes = b"") -> Iterator[Transport]:
    """Power the element for one session; with `number`, raises ElementWrong where it is another element."""
    with _session(reader) as chip:
        iin, cin = identify(chip)
        if number and iin + cin != number:
            raise ElementWrong(f"it is {(iin + cin).hex().upper()} instead of {number.hex().upper()}")
        yield chip


def identify(chip: Transport) -> tuple[bytes, bytes]:
    """Return IIN and CIN of the element, or what stands for them; raises ElementWrong.

    A development card often has neither: then fabricator and type stand for the IIN (4 bytes), fabrication date,
    serial number and batch for the CIN (8 bytes), as the chip's production data 9F7F has them.
    """
    if chip.transmit(commands.select().encode())[-2:] != b"\x90\x00":
        raise ElementWrong("no issuer security domain can be selected")
    found = [_value(chip, tag) for tag in (commands.TAG_ISSUER_IDENTIFICATION_NUMBER, commands.TAG_CARD_IMAGE_NUMBER)]
    if all(found):
        return found[0], found[1]
    produced = _value(chip, commands.TAG_CPLC)
    if len(produced) < 18:
        raise ElementWrong("it tells neither IIN and CIN nor its production data")
    return produced[:4], produced[10:18]


@contextmanager
def _session(reader: str) -> Iterator[Transport]:
    with PcscTransport.connect(reader) as chip:
        yield Steady(Chaining(chip))


def _token_label(chip: Transport) -> str:
    for command in (jpki.select_application(), jpki.select_file(jpki.File.TOKEN_INFO)):
        if chip.transmit(command.encode())[-2:] != b"\x90\x00":
            return ""
    return jpki.token_label(chip.transmit(jpki.read_binary(0, 32).encode())[:-2])


def _value(chip: Transport, tag: int) -> bytes:
    answer = chip.transmit(commands.get_data(tag).encode())
    if answer[-2:] != b"\x90\x00":
        return b""
    try:
        return commands.parse_identification(answer[:-2])
    except GlobalPlatformError as error:
        raise ElementWrong(f"its answer to GET DATA {tag:X} can't be read: {error}") from error
