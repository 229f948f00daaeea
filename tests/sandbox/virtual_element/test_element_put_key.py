"""Item 8: PUT KEY and DELETE [key]."""

import pytest

from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    ISSUER_KEYS,
    Session,
    key_set,
    manufactured,
    sent,
    torn,
    with_domain,
)
from tsm.globalplatform import commands, scp03
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import KeySet, key_check_value

NEW = key_set("N", 0x31)
DEK = ISSUER_KEYS.dek


def put(keys: KeySet, *, replace: int = 0, with_length: bool = True) -> Command:
    return commands.put_key(keys, dek=DEK, replace=replace, with_length=with_length)


def spoiled(command: Command, position: int) -> Command:
    data = bytearray(command.data)
    data[position] ^= 1
    return Command(command.cla, command.ins, command.p1, command.p2, bytes(data), command.le)


@pytest.mark.parametrize(("size", "with_length"), [(16, True), (16, False), (24, True), (32, True), (32, False)])
def test_item_8_a_set_in_either_encoding_opens_a_session_afterwards(size: int, with_length: bool) -> None:
    element, keys = manufactured(), key_set("N", 0x31, size)
    answer = Session(element).do(put(keys, with_length=with_length))
    commands.check_put_key(answer.data, keys)
    assert answer.data == b"\x31" + b"".join(key_check_value(key) for key in keys.keys)
    Session(element, keys)
    Session(element, ISSUER_KEYS)


@pytest.mark.parametrize("key", [0, 1, 2])
def test_item_8_a_wrong_check_value_of_any_key_is_6982_and_adds_none(key: int) -> None:
    element = manufactured()
    field = 1 + 23 * (key + 1) - 1  # version, then 23 bytes a key, the last of its check value
    session = Session(element)
    session.expect(0x6982, spoiled(put(NEW), field))
    assert len(commands.parse_key_information(session.do(commands.get_data(0xE0)).data)) == 3
    session.do(put(NEW))


def test_item_8_a_wrong_dek_is_found_by_the_check_value() -> None:
    Session(manufactured()).expect(0x6982, commands.put_key(NEW, dek=b"x" * 16))


def test_item_8_what_is_there_is_not_added_again_and_what_is_not_there_is_not_replaced() -> None:
    session = Session(manufactured())
    session.expect(0x6A80, put(key_set("N", 0x30)))
    session.expect(0x6A88, put(NEW, replace=0x32))
    session.do(put(NEW))
    session.expect(0x6A80, put(key_set("N", 0x30), replace=0x31))


def test_item_8_type_and_size_cannot_change_by_replacement() -> None:
    session = Session(manufactured())
    session.expect(0x6A80, put(key_set("N", 0x30, 32), replace=0x30))
    session.expect(0x6A80, put(key_set("N", 0x31, 24), replace=0x30))
    other_type = put(key_set("N", 0x30), replace=0x30)
    session.expect(0x6A80, Command(0x80, 0xD8, 0x30, 0x81, b"\x30\x80" + other_type.data[2:], 256))


def test_item_8_replacing_a_set_resets_its_sequence_counter_and_its_tries() -> None:
    element = manufactured(policy=Policy(key_tries=2))
    for _ in range(4):
        Session(element)
    sent(element, commands.select())
    assert sent(element, commands.get_data(0xC1)).data == bytes.fromhex("C103000004")
    replacement = key_set("R", 0x30)
    Session(element).do(put(replacement, replace=0x30))
    element.power_on()
    assert sent(element, commands.get_data(0xC1)).data == bytes.fromhex("C103000000")
    Session(element, replacement)
    with pytest.raises(scp03.CardCryptogramWrong):
        Session(element, ISSUER_KEYS)


def test_item_8_a_replacement_may_take_another_version() -> None:
    element = manufactured()
    Session(element).do(put(NEW, replace=0x30))
    Session(element, NEW)
    with pytest.raises(scp03.KeySetMissing):
        Session(element, ISSUER_KEYS)


def test_item_8_one_key_of_a_set_keeps_the_counter() -> None:
    element = manufactured()
    one = commands.put_keys([b"R" * 16], version=0x30, first_identifier=3, dek=DEK, replace=0x30)
    Session(element).do(one)
    changed = KeySet(ISSUER_KEYS.enc, ISSUER_KEYS.mac, b"R" * 16, 0x30)
    Session(element, changed)
    element.power_on()
    assert sent(element, commands.get_data(0xC1)).data == bytes.fromhex("C103000002")


def test_keys_that_are_no_scp03_set_can_be_kept_and_open_nothing() -> None:
    element = manufactured()
    Session(element).do(commands.put_keys([b"T" * 16], version=0x70, first_identifier=1, dek=DEK))
    assert sent(element, commands.select()).sw == 0x9000
    keys = commands.parse_key_information(sent(element, commands.get_data(0xE0)).data)
    assert (0x70, 1) in {(key.version, key.identifier) for key in keys}
    assert sent(element, Command(0x80, 0x50, 0x70, 0x00, bytes(8), 256)).sw == 0x6A88


@pytest.mark.parametrize(
    ("p1", "p2", "data", "sw"),
    [
        (0x00, 0x81, "", 0x6A80),
        (0x00, 0x81, "31", 0x6A80),
        (0x00, 0x81, "3188", 0x6A80),
        (0x00, 0x81, "318810" + "00" * 15, 0x6A80),
        (0x00, 0x81, "318811" + "0F" + "00" * 16 + "03000000", 0x6A80),
        (0x00, 0x81, "318810" + "00" * 16 + "00", 0x6A80),
        (0x00, 0x81, "FF8810" + "00" * 16 + "03000000", 0x6A80),
        (0x00, 0x81, "008810" + "00" * 16 + "03000000", 0x6A80),
        (0x00, 0x80, "318810" + "00" * 16 + "03000000", 0x6A86),
    ],
)
def test_malformed_keys_are_refused(p1: int, p2: int, data: str, sw: int) -> None:
    Session(manufactured()).expect(sw, Command(0x80, 0xD8, p1, p2, bytes.fromhex(data), 256))


def test_two_keys_need_the_multiple_bit() -> None:
    command = put(NEW)
    Session(manufactured()).expect(0x6A80, Command(0x80, 0xD8, 0x00, 0x01, command.data, 256))


def test_rotation_adds_verifies_and_only_then_deletes() -> None:
    element = with_domain(manufactured())
    rotated = key_set("T", 0x31)
    Session(element, DOMAIN_KEYS, DOMAIN).do(commands.put_key(rotated, dek=DOMAIN_KEYS.dek))
    element = torn(element)
    # Both sets open a session until the new one is proven.
    Session(element, DOMAIN_KEYS, DOMAIN)
    Session(element, rotated, DOMAIN).do(commands.delete_key(version=0x30))
    with pytest.raises(scp03.KeySetMissing):
        Session(element, DOMAIN_KEYS, DOMAIN)
    Session(torn(element), rotated, DOMAIN)


def test_the_last_set_is_not_deleted() -> None:
    session = Session(manufactured())
    session.expect(0x6985, commands.delete_key(version=0x30))
    session.expect(0x6985, commands.delete_key(identifier=1))
    session.expect(0x6A88, commands.delete_key(version=0x31))
    session.do(put(NEW))
    session.do(commands.delete_key(version=0x30))


@pytest.mark.parametrize("data", ["", "D000", "D2023031", "D20130D20131", "9E00"])
def test_malformed_deletions_of_keys_are_refused(data: str) -> None:
    Session(manufactured()).expect(0x6A80, Command(0x80, 0xE4, 0, 0, bytes.fromhex(data), 256))


def test_keys_of_one_domain_open_nothing_in_another() -> None:
    element = with_domain(manufactured(), key_set("S", 0x31))
    with pytest.raises(scp03.KeySetMissing):
        Session(element, ISSUER_KEYS, DOMAIN)
    with pytest.raises(scp03.KeySetMissing):
        Session(element, key_set("S", 0x31))


def test_a_replacement_that_would_leave_no_set_is_refused() -> None:
    element = with_domain(manufactured())
    torn_apart = commands.put_keys([b"R" * 16], version=0x31, first_identifier=1, dek=DOMAIN_KEYS.dek, replace=0x30)
    Session(element, DOMAIN_KEYS, DOMAIN).expect(0x6985, torn_apart)
    Session(element, DOMAIN_KEYS, DOMAIN)
    with pytest.raises(scp03.CardCryptogramWrong):
        Session(element, ISSUER_KEYS, DOMAIN)


def test_a_domain_that_got_another_key_first_still_borrows_its_parents_set() -> None:
    element = manufactured()
    Session(element).do(commands.install_ssd(DOMAIN))
    Session(element, aid=DOMAIN).do(commands.put_keys([b"T" * 16], version=0x70, first_identifier=1, dek=DEK))
    Session(element, aid=DOMAIN).do(put(NEW), commands.delete_key(version=0x70))
    Session(element, NEW, DOMAIN)
