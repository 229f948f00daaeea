"""The element in a reader with pcscd in between: slow commands, and other programs."""

import os
import time
from importlib.util import find_spec

import pytest

from sandbox.virtual.element import Element
from tests.pcsc.conftest import Reader, inserted
from tests.sandbox.virtual_element.workbench import Session, installing, loading, manufactured
from tsm.globalplatform import commands
from tsm.transports.base import ReaderBusy
from tsm.transports.chaining import Chaining
from tsm.transports.pcsc import PcscTransport

pytestmark = pytest.mark.skipif(
    find_spec("smartcard") is None and not os.environ.get("CI"),
    reason="PC/SC tests left out: pyscard is not installed (this project's extra 'pcsc')",
)


class Slow:
    """An element that takes its time for key generation, as a real one does."""

    def __init__(self, element: Element, seconds: float) -> None:
        self.element, self.seconds = element, seconds

    def power_on(self) -> bytes:
        return self.element.power_on()

    def transmit(self, apdu: bytes) -> bytes:
        if apdu[1] == 0x47:
            time.sleep(self.seconds)
        return self.element.transmit(apdu)


@pytest.fixture
def element() -> Element:
    return manufactured()


def test_a_whole_installation_goes_through_a_reader(reader: Reader, element: Element) -> None:
    with inserted(reader, element), PcscTransport.connect(reader.name) as wire:
        session = Session(Chaining(wire))  # type: ignore[arg-type]
        session.do(*loading(), installing())
        session.do(commands.get_status(0x40), commands.delete(loading()[0].data[1:8], related=True))


def test_pitfall_a_command_may_take_longer_than_any_usual_timeout(reader: Reader, element: Element) -> None:
    with inserted(reader, Slow(element, 3)), PcscTransport.connect(reader.name) as wire:
        began = time.monotonic()
        assert wire.transmit(bytes.fromhex("8047009700")) == b"\x6d\x00"
        assert time.monotonic() - began > 2.9
        assert wire.transmit(commands.select().encode())[-2:] == b"\x90\x00"


def test_item_22_the_second_program_waits_its_turn_and_a_reset_ends_the_firsts_session(
    reader: Reader, element: Element
) -> None:
    with inserted(reader, element):
        with PcscTransport.connect(reader.name) as first:
            session = Session(Chaining(first))  # type: ignore[arg-type]
            with pytest.raises(ReaderBusy):
                PcscTransport.connect(reader.name)
            session.do(commands.get_status(0x80))
        with PcscTransport.connect(reader.name) as second:  # closing reset the card
            answer = second.transmit(session.host.wrap(commands.get_status(0x80)).encode())
            assert answer == b"\x69\x82"
            Session(Chaining(second)).do(commands.get_status(0x80))  # type: ignore[arg-type]


def test_pitfall_being_asked_for_the_atr_all_the_time_disturbs_no_session(reader: Reader, element: Element) -> None:
    with inserted(reader, element), PcscTransport.connect(reader.name) as wire:
        session = Session(Chaining(wire))  # type: ignore[arg-type]
        for _ in range(3):
            time.sleep(0.5)  # pcscd asks every 0.4 s
            session.do(commands.get_status(0x80))
