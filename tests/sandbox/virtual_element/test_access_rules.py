"""Access rules: only the registered phone app reaches the applet, and it learns why another does not."""

import hashlib

import pytest

from sandbox.virtual.access_rules import AID, ALWAYS, NEVER, Rule
from sandbox.virtual.element import Element
from sandbox.virtual.make import Policy
from sandbox.virtual.omapi import AccessDenied, AppletMissing, Guarded, NoChannelLeft, Service, on_channel
from tests.sandbox.virtual_element.workbench import (
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    Session,
    installing,
    loading,
    manufactured,
    sent,
    torn,
)
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import HostSession

APP, OTHER = hashlib.sha256(b"the phone's app").digest(), hashlib.sha1(b"another").digest()  # noqa: S324
RULES = (Rule(INSTANCE, APP),)


def element_with(*rules: Rule, policy: Policy | None = None) -> Element:
    element = manufactured(rules=rules, policy=policy)
    Session(element).do(*loading(), installing())
    element.power_on()
    return element


def store(*rules: Rule) -> list[Command]:
    """Return the commands by which the issuer stores rules through its own domain."""
    script = [commands.install_for_personalization(AID)]
    for rule in rules:
        script += commands.store_data(tlv.encode(0xF0, rule.encode()), structure=0x10)
        script.append(commands.install_for_personalization(AID))
    return script


def test_only_the_app_that_a_rule_names_reaches_the_applet() -> None:
    element = element_with(*RULES)
    channel = Service(element, APP).open_channel(INSTANCE)
    assert channel.transmit(bytes.fromhex("8011000000")) == b"first\x90\x00"
    for app in (OTHER, b""):
        with pytest.raises(AccessDenied) as caught:
            Service(element, app).open_channel(INSTANCE)
        assert caught.value.code == "access_denied"


def test_a_forgotten_rule_is_told_apart_from_an_applet_that_is_not_there() -> None:
    element = element_with(Rule(b"nothing", APP))
    with pytest.raises(AccessDenied):
        Service(element, APP).open_channel(INSTANCE)
    with pytest.raises(AppletMissing):
        Service(element, APP).open_channel(b"nothing")


@pytest.mark.parametrize(
    ("rules", "app", "reaches"),
    [
        ((), APP, False),
        ((Rule(b"", APP),), APP, True),
        ((Rule(b"", b""),), OTHER, True),
        ((Rule(b"", b""), Rule(INSTANCE, APP)), OTHER, False),
        ((Rule(b"", b""), Rule(INSTANCE, APP)), APP, True),
        ((Rule(INSTANCE, b""), Rule(INSTANCE, APP, NEVER)), APP, False),
        ((Rule(INSTANCE, b""), Rule(INSTANCE, APP, NEVER)), OTHER, True),
        ((Rule(b"", APP, NEVER), Rule(b"", b"")), APP, False),
        ((Rule(INSTANCE, OTHER), Rule(b"", APP)), APP, False),
    ],
)
def test_the_most_specific_rule_decides(rules: tuple[Rule, ...], app: bytes, reaches: bool) -> None:
    service = Service(element_with(*rules), app)
    if reaches:
        service.open_channel(INSTANCE)
    else:
        with pytest.raises(AccessDenied):
            service.open_channel(INSTANCE)


def test_filters_let_through_what_they_name() -> None:
    reading = bytes.fromhex("80110000FFFF0000")
    channel = Service(element_with(Rule(INSTANCE, APP, reading)), APP).open_channel(INSTANCE)
    assert channel.transmit(bytes.fromhex("8011000000")) == b"first\x90\x00"
    with pytest.raises(AccessDenied):
        channel.transmit(bytes.fromhex("8010000001FF"))


@pytest.mark.parametrize("command", ["00A4040007" + INSTANCE.hex(), "0070000001", "00708001"])
def test_an_app_neither_selects_nor_manages_channels(command: str) -> None:
    channel = Service(element_with(*RULES), APP).open_channel(INSTANCE)
    with pytest.raises(AccessDenied):
        channel.transmit(bytes.fromhex(command))


def test_the_issuer_stores_and_deletes_rules_and_readers_notice() -> None:
    element = element_with()
    service = Service(element, APP)
    with pytest.raises(AccessDenied):
        service.open_channel(INSTANCE)
    Session(element).do(*store(Rule(INSTANCE, OTHER), *RULES))
    element.power_on()
    service.open_channel(INSTANCE).close()
    delete = tlv.encode(0xF1, tlv.encode(0xE1, tlv.encode(0x4F, INSTANCE) + tlv.encode(0xC1, APP)))
    Session(element, aid=AID).do(Command(0x80, 0xE2, 0x90, 0x00, delete))
    element.power_on()
    with pytest.raises(AccessDenied):
        service.open_channel(INSTANCE)
    Service(torn(element), OTHER).open_channel(INSTANCE)


def test_the_rule_that_a_strangers_tool_stores_is_taken() -> None:
    element = element_with()
    rule = "F031E22FE1284F10" + "A0" * 16 + "C114" + OTHER.hex() + "E303D00101"
    Session(element, aid=AID).do("80E2900033" + rule)
    element.power_on()
    sent(element, commands.select(AID))
    assert sent(element, "80CAFF4000").data.hex().upper() == ("FF4031" + rule[4:]).upper()
    specific = "80CAFF502A" + rule[8 : 8 + 2 * 42] + "00"
    assert sent(element, specific).data == bytes.fromhex("FF5005E303D00101")


def test_changes_need_the_issuers_session_and_the_right_form() -> None:
    element = element_with(*RULES)
    stored = tlv.encode(0xF0, RULES[0].encode())
    sent(element, commands.select(AID))
    assert sent(element, Command(0x80, 0xE2, 0x90, 0x00, stored)).sw == 0x6982
    assert sent(element, "8077000000").sw == 0x6D00
    assert sent(element, "80CA123400").sw == 0x6A88
    session = Session(element, aid=AID)
    for wrong in (b"", b"\xf3\x00", b"\xf0\x00", b"\xf2\x00\xf2\x00", b"\xf0\x02\xe2\x00", b"\xf1\x02\x50\x00"):
        session.expect(0x6A80, Command(0x80, 0xE2, 0x90, 0x00, wrong))
    for rule in (Rule(b"four", APP), Rule(INSTANCE, b"short"), Rule(INSTANCE, APP, b"filter")):
        session.expect(0x6A80, Command(0x80, 0xE2, 0x90, 0x00, tlv.encode(0xF0, rule.encode())))
    session.expect(0x6A88, Command(0x80, 0xE2, 0x90, 0x00, b"\xf1\x07\x4f\x05other"))
    element.power_on()
    sent(element, commands.select(AID))
    before = sent(element, "80CADF2000")
    Session(element, aid=AID).do(Command(0x80, 0xE2, 0x90, 0x00, b"\xf2\x00"))
    element.power_on()
    sent(element, commands.select(AID))
    assert sent(element, "80CADF2000") != before


def test_memory_for_rules_ends() -> None:
    element = element_with(*(Rule(bytes((number,)) * 5, APP) for number in range(64)))
    session = Session(element, aid=AID)
    session.expect(0x6A84, Command(0x80, 0xE2, 0x90, 0x00, tlv.encode(0xF0, RULES[0].encode())))
    session.do(Command(0x80, 0xE2, 0x90, 0x00, b"\xf1\x00"))
    session.do(Command(0x80, 0xE2, 0x90, 0x00, tlv.encode(0xF0, RULES[0].encode())))


def test_pitfall_channels_run_out_and_are_given_back() -> None:
    element = element_with(*RULES, policy=Policy(channels=3))
    service = Service(element, APP)
    channel = service.open_channel(INSTANCE)
    # Reading the rules takes a channel, too, so that one app can stand in every other's way.
    Service(element, APP).require_access(INSTANCE)
    assert sent(element, commands.open_channel()).ok
    with pytest.raises(NoChannelLeft):
        Service(element, APP).open_channel(INSTANCE)
    channel.close()
    assert sent(element, commands.open_channel()).ok
    with pytest.raises(NoChannelLeft):
        Service(element, APP).require_access(INSTANCE)
    sent(element, commands.close_channel(2))
    Service(element, APP).open_channel(INSTANCE)


@pytest.mark.parametrize("number", [1, 3, 4, 19])
def test_pitfall_a_script_computed_for_channel_0_works_on_the_channel_that_the_phone_gives_it(number: int) -> None:
    element = element_with(Rule(b"", APP), policy=Policy(channels=20))
    for _ in range(1, number):
        sent(element, commands.open_channel())
    service = Service(element, APP)
    channel = service.open_channel(ISD)
    host = HostSession.planned(ISSUER_KEYS, host_challenge=bytes(8), sequence_counter=2, aid=ISD)
    script = [host.initialize_update(), host.external_authenticate(), host.wrap(commands.get_status(0x40))]
    answers = [channel.transmit(command.encode()) for command in script]
    host.check_initialize_update(answers[0])
    host.check_external_authenticate(answers[1])
    assert host.unwrap(answers[2]).ok
    assert on_channel(0x84, number) == (0x84 | number if number < 4 else 0xE0 | number - 4)


def test_a_guarded_transport_asks_the_rules_at_each_select() -> None:
    element = element_with(*RULES)
    ours, others = Guarded(element, APP), Guarded(element, OTHER)
    assert ours.transmit(commands.select(INSTANCE).encode())[-2:] == b"\x90\x00"
    assert ours.transmit(bytes.fromhex("8011000000")) == b"first\x90\x00"
    for command in (commands.select(INSTANCE), Command(0x80, 0x11, 0, 0, le=256)):
        with pytest.raises(AccessDenied):
            others.transmit(command.encode())
    with pytest.raises(AccessDenied):
        ours.transmit(commands.select(ISD).encode())
    with pytest.raises(AccessDenied):
        ours.transmit(commands.open_channel().encode())


def test_an_element_without_rules_lets_everybody_through() -> None:
    element = manufactured()
    assert Guarded(element, OTHER).transmit(commands.select(ISD).encode())[-2:] == b"\x90\x00"
    assert ALWAYS != NEVER
