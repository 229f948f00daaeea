"""Item 18: STORE DATA, to the security domain and in personalization sessions."""

from typing import Any

import pytest

from sandbox.virtual import data_groups
from sandbox.virtual.applet import Refusal
from sandbox.virtual.element import Element
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    NATIVES,
    PACKAGE,
    Notebook,
    Session,
    installing,
    key_set,
    loading,
    manufactured,
    sent,
    torn,
    with_domain,
    with_notebook,
)
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import encrypt_sensitive, key_check_value


class Diary(Notebook):
    """A notebook that its domain may write into: every block is appended; 'no' is refused, 'bug' is a fault."""

    def store_data(self, command: Command) -> bytes:
        if command.data == b"no":
            raise Refusal(0x6A80)
        self.text += command.data
        if command.data == b"bug":
            raise RuntimeError("a fault in the middle")
        return self.text if command.p1 & 0x01 else b""


DIARIES: Any = {PACKAGE: Diary}
BEGIN = commands.install_for_personalization(INSTANCE)
LAST_ANSWERED = 0x89


def block(number: int, data: bytes, p1: int = 0x08) -> Command:
    return Command(0x80, 0xE2, p1, number, data, 256 if p1 & 0x01 else None)


def element_with_diary() -> Element:
    element = with_domain(manufactured(natives=DIARIES))
    Session(element).do(*loading(domain=DOMAIN), installing(parameters=b">"))
    element.power_on()
    return element


def text(element: Element) -> bytes:
    element.power_on()
    sent(element, commands.select(INSTANCE))
    return sent(element, "8011000000").data


def told(element: Element, tag: int, aid: bytes = ISD) -> bytes:
    """Return what GET DATA tells without a session, empty when there is nothing."""
    element.power_on()
    sent(element, commands.select(aid))
    return sent(element, commands.get_data(tag)).data


def session(element: Element) -> Session:
    return Session(element, DOMAIN_KEYS, DOMAIN)


def test_item_18_blocks_go_to_the_application_in_order_and_the_last_may_answer() -> None:
    element = element_with_diary()
    host = session(element)
    host.do(BEGIN, block(0, b"a"), block(1, b"b"), commands.get_data(0xE0))
    assert host.do(block(2, b"c", LAST_ANSWERED)).data == b">abc"
    assert text(torn(element, DIARIES)) == b">abc"


@pytest.mark.parametrize("wrong", [block(0, b"x"), block(2, b"x"), block(1, b"no"), block(1, b"x", 0x1E)])
def test_item_18_any_error_sets_the_block_counter_back_and_the_session_is_begun_again(wrong: Command) -> None:
    element = element_with_diary()
    host = session(element)
    host.do(BEGIN, block(0, b"a"))
    assert host.send(wrong).sw in (0x6985, 0x6A80, 0x6A86)
    host.expect(0x6985, block(1, b"b"))
    host.do(BEGIN, block(0, b"c"), block(1, b"d", 0x88))
    assert text(element) == b">acd"


def test_item_18_a_fault_in_the_application_takes_its_block_back() -> None:
    element = element_with_diary()
    host = session(element)
    host.do(BEGIN, block(0, b"a"))
    host.expect(0x6F00, block(1, b"bug"))
    assert text(element) == b">a"


def test_item_18_an_answer_nobody_asked_for_is_6a86() -> None:
    class Talkative(Diary):
        def store_data(self, command: Command) -> bytes:
            return b"answer"

    element = element_with_diary()
    element = Element.restore(element.snapshot(), {PACKAGE: Talkative})
    host = session(element)
    host.do(BEGIN)
    host.expect(0x6A86, block(0, b"a"))


@pytest.mark.parametrize("end", ["last block", "select", "new session", "reset"])
def test_item_18_the_session_ends(end: str) -> None:
    element = element_with_diary()
    host = session(element)
    host.do(BEGIN, block(0, b"a"))
    match end:
        case "last block":
            host.do(block(1, b"b", 0x88))
        case "select" | "new session":
            host = session(element)
        case "reset":
            element.power_on()
            host = session(element)
    # It is the domain that is addressed now: these are no data groups.
    host.expect(0x6A80, block(0, b"zz", 0x88))
    assert b"z" not in text(element)


def test_item_18_only_the_domains_own_applications_that_can_be_personalised() -> None:
    element = element_with_diary()
    Session(element).expect(0x6A88, BEGIN, commands.install_for_personalization(b"nothing"))
    host = session(element)
    host.expect(0x6A88, commands.install_for_personalization(PACKAGE), commands.install_for_personalization(DOMAIN))
    host.expect(0x6A80, Command(0x80, 0xE6, 0x20, 0x00, tlv.encode_fields(b"x", b"", INSTANCE, b"", b"", b""), 256))
    Session(element).do(commands.set_status(0x40, 0x80, INSTANCE))
    session(element).expect(0x6985, BEGIN)
    session(with_notebook(manufactured())).expect(0x6985, BEGIN)


def test_item_18_store_data_needs_a_session() -> None:
    element = element_with_diary()
    sent(element, commands.select(ISD))
    assert sent(element, block(0, b"x", 0x88)).sw == 0x6982


@pytest.mark.parametrize("size", [3, 20, 239])
def test_item_18_the_domain_takes_objects_and_keys_in_groups_that_span_blocks(size: int) -> None:
    element = with_domain(manufactured())
    new = key_set("P", 0x32)
    groups = data_groups.encode(0x0070, tlv.encode(0x5F50, b"https://example.jp/") + tlv.encode(0x42, b"IIN"))
    for identifier, key in enumerate(new.keys, 1):
        named = [(0x95, b"\x18"), (0x96, b"\x00"), (0x80, b"\x88"), (0x81, b"\x10"), (0x82, bytes((identifier,)))]
        named += [(0x83, b"\x32"), (0x84, key_check_value(key))]
        template = b"".join(tlv.encode(tag, value) for tag, value in named)
        groups += data_groups.encode(0x00B9, tlv.encode(0xB9, template))
        groups += data_groups.encode(0x8113, encrypt_sensitive(DOMAIN_KEYS.dek, key))
    script = commands.store_data(groups, size)
    host = session(element)
    host.do(*script[:-1])
    assert told(torn(element), 0x5F50, DOMAIN) == b""
    host.do(script[-1])
    element = torn(element)
    Session(element, new, DOMAIN)
    assert told(element, 0x5F50, DOMAIN) == tlv.encode(0x5F50, b"https://example.jp/")
    assert told(element, 0x42, DOMAIN) == tlv.encode(0x42, b"IIN")
    assert told(element, 0x5F50) == b""


def test_item_18_objects_may_come_as_ber_tlv() -> None:
    element = manufactured()
    Session(element).do(*commands.store_data(tlv.encode(0x45, b"image 7"), structure=0x10))
    assert told(element, 0x45) == tlv.encode(0x45, b"image 7")


WRONG_KCV = tlv.encode(0xB9, bytes.fromhex("800188810110820101830132") + tlv.encode(0x84, b"xyz"))


@pytest.mark.parametrize(
    ("groups", "sw"),
    [
        (data_groups.encode(0x0070, tlv.encode(0x9999 & 0x99, b"x")), 0x6A80),
        (data_groups.encode(0x0070, b""), 0x6A80),
        (data_groups.encode(0x0071, b"x"), 0x6A80),
        (data_groups.encode(0x8113, bytes(16)), 0x6A80),
        (data_groups.encode(0x00B9, WRONG_KCV), 0x6A80),
        (data_groups.encode(0x00B9, WRONG_KCV) + data_groups.encode(0x8113, bytes(16)), 0x6982),
        (data_groups.encode(0x00B9, b"\xb9\x00") + data_groups.encode(0x8113, bytes(16)), 0x6A80),
        (data_groups.encode(0x0070, tlv.encode(0x42, b"x"))[:-1], 0x6A80),
        (b"", 0x9000),
    ],
)
def test_item_18_what_is_wrong_anywhere_writes_nothing(groups: bytes, sw: int) -> None:
    element = manufactured()
    right = data_groups.encode(0x0070, tlv.encode(0x5F50, b"new"))
    *first, last = commands.store_data(right + groups)
    session = Session(element)
    session.do(*first)
    session.expect(sw, last)
    assert bool(told(element, 0x5F50)) == (sw == 0x9000)
    Session(element).expect(0x6A86, *commands.store_data(right, structure=0x00))


def test_a_notebook_is_unchanged_by_what_was_for_its_domain() -> None:
    element = with_notebook(manufactured(natives=NATIVES))
    session(element).do(*commands.store_data(tlv.encode(0x42, b"x"), structure=0x10))
    assert text(element) == b"first"
    assert ISSUER_KEYS.version == 0x30
