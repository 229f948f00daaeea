"""How these tests speak to a card: hex in, hex out, as in the tables of the facts."""

from typing import Protocol


class Card(Protocol):
    def power_on(self) -> bytes: ...

    def transmit(self, apdu: bytes) -> bytes: ...


SELECT = "00A4040C0AD392F000260100000001"
SELECT_AUTH_PIN = "00A4020C020018"
SELECT_SIGN_PASSWORD = "00A4020C02001B"
VERIFY_1234 = "002000800431323334"
VERIFY_WRONG = "002000800430303030"


def say(card: Card, *commands: str) -> str:
    """Send commands one after another; returns the last answer in hex."""
    answer = b""
    for command in commands:
        answer = card.transmit(bytes.fromhex(command))
    return answer.hex().upper()


def verify(password: str) -> str:
    return f"00200080{len(password):02X}{password.encode().hex()}"


def change(password: str) -> str:
    return f"00240180{len(password):02X}{password.encode().hex()}"


def read_file(card: Card, fid: int) -> bytes:
    """Select and read a whole file, 256 bytes at a time, as OpenSC does."""
    assert say(card, f"00A4020C02{fid:04X}") == "9000"
    content = b""
    while True:
        answer = card.transmit(b"\x00\xb0" + len(content).to_bytes(2, "big") + b"\x00")
        if answer == b"\x6b\x00":
            return content
        assert answer[-2:] == b"\x90\x00", answer[-2:].hex()
        content += answer[:-2]
