"""A card answers any bytes with a status word, and nothing but the right password opens it."""

import hypothesis
from hypothesis import strategies as st

from sandbox.virtual.card import MyNumberCard
from tests.sandbox.virtual_card.conversation import SELECT
from tests.sandbox.virtual_card.field import PhoneInField, install

INSTRUCTIONS = st.sampled_from([0xA4, 0xB0, 0x20, 0x24, 0x2A, 0xCA, 0x47, 0x88, 0xD6, 0x2C, 0xC0])
FILES = st.sampled_from([0x0001, 0x0002, 0x0006, 0x0008, 0x000A, 0x000B, 0x0017, 0x0018, 0x001A, 0x001B])
SHAPED = st.builds(
    lambda cla, ins, p1, p2, data, le: (
        bytes([cla, ins, p1, p2]) + (bytes([len(data)]) + data if data else b"") + bytes(le)
    ),
    st.sampled_from([0x00, 0x08, 0x80, 0x84]),
    INSTRUCTIONS,
    st.sampled_from([0, 1, 2, 3, 4, 5, 0x80, 0x8A, 0xDF]),
    st.sampled_from([0, 0x0C, 0x80, 0x97, 0x98, 0x9A, 0x9B, 0x40]),
    st.binary(max_size=60),
    st.lists(st.just(0), max_size=1),
)
SELECTING = FILES.map(lambda fid: bytes.fromhex(f"00A4020C02{fid:04X}"))
COMMANDS = st.lists(st.one_of(st.binary(max_size=300), SHAPED, SELECTING), min_size=1, max_size=12)


@hypothesis.settings(max_examples=200, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(commands=COMMANDS)
def test_the_card_answers_any_bytes(issued_card: bytes, commands: list[bytes]) -> None:
    card = MyNumberCard.restore(issued_card)
    card.power_on()
    for command in (b"", bytes.fromhex(SELECT), *commands):
        assert_answer(card.transmit(command))
    MyNumberCard.restore(card.snapshot())


@hypothesis.settings(max_examples=200, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(commands=COMMANDS)
def test_the_phone_answers_any_bytes_and_makes_no_key_without_a_session(commands: list[bytes]) -> None:
    phone = PhoneInField(install())
    phone.power_on()
    for command in (bytes.fromhex(SELECT), *commands):
        assert_answer(phone.transmit(command))
    assert not phone.applet.keys
    assert not phone.applet.certificates


def assert_answer(answer: bytes) -> None:
    assert 2 <= len(answer) <= 65538
    assert answer[-2] & 0xF0 in (0x60, 0x90)
