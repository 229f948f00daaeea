"""APDUs, BER-TLV, length-value fields, status words: the bytes themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsm.globalplatform import status, tlv
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.errors import ApduMalformed, TlvMalformed

unhex = bytes.fromhex


@pytest.mark.parametrize(
    ("apdu", "command"),
    [
        ("80F22002", Command(0x80, 0xF2, 0x20, 0x02)),
        ("80CA006600", Command(0x80, 0xCA, 0x00, 0x66, le=256)),
        ("80F2200202 4F00", Command(0x80, 0xF2, 0x20, 0x02, unhex("4F00"))),
        ("80F2200202 4F00 00", Command(0x80, 0xF2, 0x20, 0x02, unhex("4F00"), 256)),
        ("00B0000000 0400", Command(0x00, 0xB0, 0x00, 0x00, le=1024)),
        ("00B0000000 0000", Command(0x00, 0xB0, 0x00, 0x00, le=65536)),
        ("802A000000 0100" + "AB" * 256, Command(0x80, 0x2A, 0x00, 0x00, b"\xab" * 256)),
        ("802A000000 0100" + "AB" * 256 + "0000", Command(0x80, 0x2A, 0x00, 0x00, b"\xab" * 256, 65536)),
    ],
)
def test_all_four_cases_short_and_extended_are_read_and_written(apdu: str, command: Command) -> None:
    assert Command.parse(unhex(apdu)) == command
    assert command.encode() == unhex(apdu)


def test_le_zero_means_256() -> None:
    assert Command(0x80, 0xCA, 0, 0, le=0) == Command(0x80, 0xCA, 0, 0, le=256)


@pytest.mark.parametrize("apdu", ["", "80CA00", "80CA000002AA", "80CA000001AABBCC", "80CA00000000", "80CA0000000002AA"])
def test_lengths_that_do_not_fit_are_refused(apdu: str) -> None:
    with pytest.raises(ApduMalformed):
        Command.parse(unhex(apdu))


def test_a_response_has_at_least_a_status_word() -> None:
    assert Response.parse(unhex("01029000")) == Response(unhex("0102"), 0x9000)
    with pytest.raises(ApduMalformed):
        Response.parse(b"\x90")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_command_that_encodes_again_or_malformed(data: bytes) -> None:
    try:
        command = Command.parse(data)
    except ApduMalformed:
        return
    assert Command.parse(command.encode()) == command


@pytest.mark.parametrize(
    ("length", "encoded"),
    [(0, "00"), (127, "7F"), (128, "8180"), (255, "81FF"), (256, "820100"), (65535, "82FFFF"), (65536, "83010000")],
)
def test_lengths_take_the_shortest_form(length: int, encoded: str) -> None:
    assert tlv.encode_length(length) == unhex(encoded)
    assert tlv.parse_length(unhex(encoded), 0) == (length, len(encoded) // 2)


def test_nested_objects_are_found_by_their_path() -> None:
    data = unhex("6F108408A000000151000000A5049F6501FF")
    assert tlv.find(data, 0x6F, 0x84) == tlv.Tlv(0x84, unhex("A000000151000000"))
    assert tlv.find(data, 0x6F, 0xA5, 0x9F65) == tlv.Tlv(0x9F65, b"\xff")
    assert tlv.find(data, 0x6F, 0x50) is None


@pytest.mark.parametrize("data", ["84", "8402AA", "848101AA", "84820001AA", "9F", "9F8182", "8480"])
def test_truncated_and_over_long_objects_are_refused(data: str) -> None:
    with pytest.raises(TlvMalformed):
        tlv.parse(unhex(data))


@given(st.lists(st.tuples(st.sampled_from([0x4F, 0x84, 0x9F70, 0xC9, 0xE3]), st.binary(max_size=300))))
def test_what_is_encoded_is_parsed_again(objects: list[tuple[int, bytes]]) -> None:
    data = b"".join(tlv.encode(tag, value) for tag, value in objects)
    assert [(item.tag, item.value) for item in tlv.parse(data)] == objects


def test_a_field_of_128_bytes_may_have_the_single_length_byte_80() -> None:
    field = bytes(range(128))
    assert tlv.parse_fields(b"\x80" + field) == [field]
    assert tlv.parse_fields(b"\x81\x80" + field) == [field]
    assert tlv.encode_fields(field, b"") == b"\x81\x80" + field + b"\x00"


def test_status_words_are_described() -> None:
    assert status.describe(0x9000) == "9000 done"
    assert status.describe(0x63C2) == "63C2 verification failed, 2 tries left"
    assert status.describe(0x6108) == "6108 8 more bytes to be fetched"
    assert status.describe(0x6ABC) == "6ABC unknown status word"
