"""The card's part of vpcd's protocol, against a socket that plays the reader."""

import socket
import time
from collections.abc import Iterator

import pytest

from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.vpcd import Slot, VpcdUnavailable
from tests.sandbox.virtual_card.conversation import SELECT, SELECT_AUTH_PIN, VERIFY_1234

SIGN = "802A009701AA00"


class Reader:
    """vpcd's end: two writes a message, as Debian's does."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def send(self, body: bytes) -> None:
        self.connection.sendall(len(body).to_bytes(2, "big"))
        self.connection.sendall(body)

    def ask(self, body: str) -> str:
        self.send(bytes.fromhex(body))
        head = self.connection.recv(2, socket.MSG_WAITALL)
        return self.connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL).hex().upper()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def slot(listener: socket.socket, card: MyNumberCard) -> Slot:
    return Slot(card, port=listener.getsockname()[1])


def test_the_atr_and_commands_are_answered_and_control_bytes_are_not(listener: socket.socket, slot: Slot) -> None:
    with slot:
        reader = Reader(listener.accept()[0])
        assert reader.ask("04") == "3BE000FF8131FE4514"
        reader.send(b"\x01")
        reader.send(b"\x02")
        assert reader.ask(SELECT) == "9000"
        assert reader.ask("00A4020C02000A") == "9000"
        assert len(reader.ask("00B0000000")) == 2 * 258


@pytest.mark.parametrize("control", [b"\x00", b"\x01", b"\x02"])
def test_power_and_reset_clear_the_login(listener: socket.socket, slot: Slot, control: bytes) -> None:
    with slot:
        reader = Reader(listener.accept()[0])
        for command in (SELECT, SELECT_AUTH_PIN, VERIFY_1234):
            assert reader.ask(command) == "9000"
        assert reader.ask("04")
        assert reader.ask(SIGN).endswith("9000")
        reader.send(control)
        assert reader.ask(SIGN) == "6986"


def test_a_command_costs_no_delayed_acknowledgement(listener: socket.socket, slot: Slot) -> None:
    """49 ms a command without TCP_NODELAY and TCP_QUICKACK."""
    with slot:
        reader = Reader(listener.accept()[0])
        reader.ask("04")
        began = time.monotonic()
        for _ in range(100):
            reader.ask("04")
        assert time.monotonic() - began < 2.0


def test_removing_the_card_ends_the_connection_and_it_can_be_inserted_again(
    listener: socket.socket, slot: Slot
) -> None:
    slot.insert()
    reader = Reader(listener.accept()[0])
    assert reader.ask("04")
    slot.remove()
    slot.remove()
    assert reader.connection.recv(1) == b""
    slot.insert()
    assert Reader(listener.accept()[0]).ask("04")
    slot.remove()


def test_a_reader_that_goes_away_ends_the_serving(listener: socket.socket, slot: Slot) -> None:
    slot.insert()
    connection = listener.accept()[0]
    assert not slot.wait(0.01)
    connection.sendall(b"\x00")
    connection.close()
    assert slot.wait(5.0)
    slot.remove()


def test_no_reader_is_told_with_a_code(card: MyNumberCard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(VpcdUnavailable) as caught:
        Slot(card, port=port).insert()
    assert caught.value.code == "vpcd_unavailable"
