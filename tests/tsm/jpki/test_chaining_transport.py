"""Long answers come back whole."""

import pytest

from tsm.transports.base import TransportError
from tsm.transports.chaining import Chaining


class Recording:
    """A transport that plays back a conversation and insists on its commands."""

    def __init__(self, *turns: tuple[str, str]) -> None:
        self.turns = list(turns)

    def transmit(self, apdu: bytes) -> bytes:
        expected, answer = self.turns.pop(0)
        assert apdu.hex().upper() == expected
        return bytes.fromhex(answer)


def transmit(apdu: str, *turns: tuple[str, str]) -> str:
    recording = Recording(*turns)
    answer = Chaining(recording).transmit(bytes.fromhex(apdu)).hex().upper()
    assert not recording.turns
    return answer


def test_a_short_answer_passes_unchanged() -> None:
    assert transmit("00B0000000", ("00B0000000", "AABB9000")) == "AABB9000"
    assert transmit("00200080", ("00200080", "63C3")) == "63C3"


def test_61xx_is_followed_to_the_end() -> None:
    turns = (("8047009700", "AA6101"), ("00C0000001", "BB6100"), ("00C0000000", "CC9000"))
    assert transmit("8047009700", *turns) == "AABBCC9000"


def test_6cxx_is_asked_again_with_that_length() -> None:
    assert transmit("00B0000010", ("00B0000010", "6C03"), ("00B0000003", "8F8F009000")) == "8F8F009000"
    assert transmit("802A009702AABB10", ("802A009702AABB10", "6C00"), ("802A009702AABB00", "DD9000")) == "DD9000"
    assert transmit("802A009702AABB", ("802A009702AABB", "6C00"), ("802A009702AABB00", "DD9000")) == "DD9000"
    assert transmit("80CADF40", ("80CADF40", "6C02"), ("80CADF4002", "DDDD9000")) == "DDDD9000"


def test_an_error_after_61xx_keeps_what_came() -> None:
    assert transmit("8047009700", ("8047009700", "AA6101"), ("00C0000001", "6982")) == "AA6982"


def test_a_card_that_never_ends_is_left() -> None:
    with pytest.raises(TransportError) as caught:
        transmit("8047009700", ("8047009700", "6101"), ("00C0000001", "6101"))
    assert caught.value.code == "transport_failed"
