"""Item 2: what an element tells about itself without a key."""

import pytest

from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.workbench import (
    CIN,
    DOMAIN,
    DOMAIN_KEYS,
    IIN,
    INSTANCE,
    ISSUER_KEYS,
    Session,
    key_set,
    manufactured,
    sent,
    with_domain,
    with_notebook,
)
from tsm.globalplatform import commands, tlv


def test_item_2_key_information_of_an_aes_128_set_is_that_of_the_facts() -> None:
    answer = sent(manufactured(), commands.get_data(commands.TAG_KEY_INFORMATION))
    assert answer.data == bytes.fromhex("E012C00401308810C00402308810C00403308810")


def test_item_2_card_data_names_globalplatform_and_scp03() -> None:
    answer = sent(manufactured(), commands.get_data(commands.TAG_CARD_DATA))
    assert commands.parse_card_data(answer.data) == commands.CardData((2, 3, 1), ((3, 0x70),))


def test_item_2_identification_is_read_with_and_without_its_tag() -> None:
    element = manufactured()
    assert commands.parse_identification(sent(element, commands.get_data(0x42)).data) == IIN
    assert commands.parse_identification(sent(element, commands.get_data(0x45)).data) == CIN
    assert sent(element, "00CA004500").data == CIN
    diversification = commands.parse_identification(sent(element, commands.get_data(0xCF)).data)
    assert diversification == CIN[-10:]


def test_item_2_capabilities_resources_and_production_data_are_there() -> None:
    element = manufactured(policy=Policy(memory=1000))
    capabilities = sent(element, commands.get_data(commands.TAG_CARD_CAPABILITIES)).data
    assert tlv.find(capabilities, 0x67, 0xA0, 0x82) == tlv.Tlv(0x82, b"\x07")
    resources = sent(element, commands.get_data(commands.TAG_RESOURCES)).data
    assert tlv.find(resources, 0xFF21, 0x82) == tlv.Tlv(0x82, (1000).to_bytes(4, "big"))
    production = sent(element, commands.get_data(commands.TAG_CPLC)).data
    assert (production[:3], len(production)) == (bytes.fromhex("9F7F2A"), 45)


@pytest.mark.parametrize("level", [0x00, 0x01, 0x13, 0x33])
def test_item_2_the_level_of_the_session_is_told(level: int) -> None:
    element = manufactured()
    assert sent(element, commands.get_data(commands.TAG_SECURITY_LEVEL)).data == bytes.fromhex("D30100")
    told = Session(element, level=level).do(commands.get_data(commands.TAG_SECURITY_LEVEL)).data
    assert told == bytes((0xD3, 0x01, 0x80 | level))


def test_item_2_a_domain_lists_its_own_applications() -> None:
    element = with_notebook(manufactured())
    applications = commands.get_data(commands.TAG_APPLICATIONS)
    sent(element, commands.select(DOMAIN))
    assert sent(element, applications).data == bytes.fromhex("2F000B61094F07") + INSTANCE
    sent(element, commands.select())
    assert sent(element, applications).data == bytes.fromhex("2F000B61094F07") + DOMAIN


def test_item_2_only_who_gives_receipts_counts_them() -> None:
    element = with_domain(manufactured())
    counter = commands.get_data(commands.TAG_CONFIRMATION_COUNTER)
    sent(element, commands.select())
    assert sent(element, counter).data == bytes.fromhex("C2020000")
    sent(element, commands.select(DOMAIN))
    assert sent(element, counter).sw == 0x6A88


def test_item_2_unknown_objects_are_6a88() -> None:
    assert sent(manufactured(), commands.get_data(0x5F50)).sw == 0x6A88


def test_item_2_the_sequence_counter_is_that_of_the_set_used_by_default() -> None:
    element = manufactured()
    counter = commands.get_data(commands.TAG_SEQUENCE_COUNTER)
    assert sent(element, counter).data == bytes.fromhex("C103000000")
    Session(element)
    Session(element)
    element.power_on()
    assert commands.parse_sequence_counter(sent(element, counter).data) == 2


def test_item_2_there_is_no_sequence_counter_with_random_challenges() -> None:
    element = manufactured(policy=Policy(parameter_i=0x60))
    assert sent(element, commands.get_data(commands.TAG_SEQUENCE_COUNTER)).sw == 0x6A88


def test_item_2_a_domain_without_keys_has_no_key_information_and_its_parents_counter() -> None:
    element = manufactured()
    Session(element).do(commands.install_ssd(DOMAIN))
    sent(element, commands.select(DOMAIN))
    assert sent(element, commands.get_data(commands.TAG_KEY_INFORMATION)).sw == 0x6A88
    assert sent(element, commands.get_data(commands.TAG_SEQUENCE_COUNTER)).data == bytes.fromhex("C103000001")


def test_item_2_a_domain_with_keys_tells_its_own_and_counts_its_own() -> None:
    element = with_domain(manufactured(), key_set("S", 0x31, 32))
    sent(element, commands.select(DOMAIN))
    keys = commands.parse_key_information(sent(element, commands.get_data(commands.TAG_KEY_INFORMATION)).data)
    assert [(key.identifier, key.version, key.length) for key in keys] == [(1, 0x31, 32), (2, 0x31, 32), (3, 0x31, 32)]
    assert sent(element, commands.get_data(commands.TAG_SEQUENCE_COUNTER)).data == bytes.fromhex("C103000000")
    Session(element, key_set("S", 0x31, 32), DOMAIN)
    sent(element, commands.select(DOMAIN))
    assert sent(element, commands.get_data(commands.TAG_SEQUENCE_COUNTER)).data == bytes.fromhex("C103000001")


def test_no_answer_holds_a_key() -> None:
    element = with_domain(manufactured())
    told = b"".join(element.transmit(bytes((0x80, 0xCA, tag >> 8, tag & 0xFF, 0))) for tag in range(0x10000))
    for key in (*ISSUER_KEYS.keys, *DOMAIN_KEYS.keys):
        assert key not in told
