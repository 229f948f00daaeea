"""Items 3 to 7: SCP03 as the element speaks it."""

from itertools import product

import pytest

from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    OK,
    Session,
    installing,
    key_set,
    loading,
    manufactured,
    sent,
    torn,
    with_notebook,
)
from tsm.globalplatform import commands, scp03
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import HostSession, Mode, messaging

STATUS = commands.get_status(0x80)
INITIALIZE = "8050300008" + "00" * 9
UNKNOWN = commands.get_status(0x40, b"nothing here")


@pytest.mark.parametrize(
    ("size", "parameter", "version"), list(product((16, 24, 32), (0x60, 0x70, 0x61, 0x71), (0x00, 0x30)))
)
def test_item_3_initialize_update_has_the_layout_of_its_variant(size: int, parameter: int, version: int) -> None:
    element = manufactured(keys=key_set("I", 0x30, size), policy=Policy(parameter_i=parameter))
    length = 16 if parameter & 1 else 8
    answer = sent(element, Command(0x80, 0x50, version, 0x00, bytes(length), 256))
    assert answer.sw == OK
    assert answer.data[10:13] == bytes((0x30, 0x03, parameter))
    assert len(answer.data) == 13 + 2 * length + (3 if parameter & 0x10 else 0)
    if parameter & 0x10:
        assert answer.data[-3:] == bytes.fromhex("000001")


@pytest.mark.parametrize(
    ("size", "parameter", "level"), list(product((16, 24, 32), (0x70, 0x71), (0x00, 0x01, 0x03, 0x11, 0x13, 0x33)))
)
def test_item_3_every_level_opens_and_carries_commands(size: int, parameter: int, level: int) -> None:
    keys = key_set("I", 0x30, size)
    element = manufactured(keys=keys, policy=Policy(parameter_i=parameter, minimum_level=0))
    session = Session(element, keys, level=level, mode=Mode.S16 if parameter & 1 else Mode.S8)
    for _ in range(2):
        assert commands.parse_status(session.do(STATUS).data)[0].aid == ISD
        session.do(commands.get_data(0x66))
        session.expect(0x6A88, UNKNOWN)


def test_item_3_the_card_chooses_the_set_or_says_that_there_is_no_such_one() -> None:
    element = manufactured()
    assert sent(element, "8050000008" + "00" * 9).data[10] == 0x30
    assert sent(element, "8050310008" + "00" * 9).sw == 0x6A88
    assert sent(element, "8050300108" + "00" * 8).sw == 0x6A86
    assert sent(element, "8050300010" + "00" * 17).sw == 0x6700


def test_item_3_a_random_challenge_is_new_each_time_and_a_pseudo_random_one_can_be_foretold() -> None:
    random = manufactured(policy=Policy(parameter_i=0x60))
    assert sent(random, INITIALIZE).data[13:21] != sent(random, INITIALIZE).data[13:21]
    planned = manufactured()
    for counter in (1, 2):
        assert sent(planned, INITIALIZE).data[13:21] == scp03.card_challenge(ISSUER_KEYS.enc, counter, ISD)


def test_item_3_levels_that_the_variant_does_not_have_are_refused_without_costing_a_try() -> None:
    element = manufactured(policy=Policy(parameter_i=0x10, key_tries=1))
    for _ in range(3):
        with pytest.raises(scp03.HostCryptogramRefused):
            Session(element, level=0x33)
    Session(element, level=0x03).do(STATUS)


def test_item_4_a_wrong_host_cryptogram_is_6300_and_opens_nothing() -> None:
    element = manufactured()
    host = HostSession.open(ISSUER_KEYS, host_challenge=bytes(8), level=0x01)
    host.check_initialize_update(sent(element, host.initialize_update()).encode())
    right = host.external_authenticate()
    wrong = Command(right.cla, right.ins, right.p1, right.p2, bytes(8) + right.data[8:])
    assert sent(element, wrong).sw == 0x6300
    assert sent(element, right).sw == 0x6985
    assert sent(element, host.wrap(STATUS)).sw == 0x6982


def test_item_4_a_wrong_mac_on_external_authenticate_opens_nothing() -> None:
    element = manufactured()
    host = HostSession.open(ISSUER_KEYS, host_challenge=bytes(8), level=0x00)
    host.check_initialize_update(sent(element, host.initialize_update()).encode())
    right = host.external_authenticate()
    assert sent(element, Command(0x84, 0x82, 0x00, 0x00, right.data[:8] + bytes(8))).sw == 0x6982
    assert sent(element, STATUS).sw == 0x6982


def _wrong_mac(wrapped: bytes) -> bytes:
    return wrapped[:-2] + bytes((wrapped[-2] ^ 1,)) + wrapped[-1:]


@pytest.mark.parametrize("level", [0x01, 0x03, 0x33])
@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(_wrong_mac, id="wrong mac"),
        pytest.param(lambda wrapped: STATUS.encode(), id="clear command"),
        pytest.param(lambda wrapped: wrapped[:5] + b"\x00" + wrapped[6:], id="changed data"),
        pytest.param(lambda wrapped: b"\x84\xf2\x40" + wrapped[3:], id="changed header"),
        pytest.param(lambda wrapped: bytes.fromhex("84F2800200"), id="no mac"),
    ],
)
def test_item_4_an_attack_aborts_the_session_until_a_new_one(attack, level: int) -> None:  # type: ignore[no-untyped-def]
    element = manufactured()
    session = Session(element, level=level)
    session.do(STATUS)
    right = session.host.wrap(STATUS).encode()
    assert element.transmit(attack(right)) == bytes.fromhex("6982")
    # Aborted, not terminated: even what is right, or needs no session at all, is refused now.
    assert element.transmit(right) == bytes.fromhex("6982")
    assert sent(element, session.host.wrap(STATUS)).sw == 0x6982
    assert sent(element, commands.get_data(0x42)).sw == 0x6982
    Session(element, level=level).do(STATUS)


def test_item_4_a_replayed_command_aborts_the_session() -> None:
    element = manufactured()
    session = Session(element, level=0x01)
    once = session.host.wrap(STATUS).encode()
    assert element.transmit(once)[-2:] == bytes.fromhex("9000")
    assert element.transmit(once) == bytes.fromhex("6982")


def test_item_4_a_whole_recorded_session_cannot_be_replayed() -> None:
    element = manufactured()
    host = HostSession.planned(ISSUER_KEYS, host_challenge=bytes(8), sequence_counter=1, aid=ISD)
    script = [
        command.encode() for command in (host.initialize_update(), host.external_authenticate(), host.wrap(STATUS))
    ]
    assert [element.transmit(command)[-2:].hex() for command in script] == ["9000"] * 3
    assert [element.transmit(command)[-2:].hex() for command in script] == ["9000", "6300", "6982"]


@pytest.mark.parametrize("end", ["select", "initialize", "power"])
def test_item_4_a_session_ends_with_select_a_new_one_or_the_power(end: str) -> None:
    element = manufactured()
    session = Session(element, level=0x01)
    match end:
        case "select":
            sent(element, commands.select(ISD))
        case "initialize":
            sent(element, INITIALIZE)
        case "power":
            element.power_on()
    assert sent(element, session.host.wrap(STATUS)).sw == 0x6982
    assert sent(element, commands.get_data(0x42)).sw == OK


def test_item_4_a_select_that_finds_nothing_leaves_the_session() -> None:
    element = manufactured()
    session = Session(element)
    assert sent(element, commands.select(b"nothing")).sw == 0x6A82
    session.do(STATUS)


def test_item_4_management_needs_a_session_of_the_issuers_minimum_level() -> None:
    element = manufactured()
    for command in (STATUS, commands.delete(ISD), commands.install_ssd(DOMAIN), commands.set_status(0x80, 0x7F, b"")):
        assert sent(element, command).sw == 0x6982
    Session(element, level=0x00).expect(0x6982, STATUS)
    Session(element, level=0x01).do(STATUS)
    strict = manufactured(policy=Policy(minimum_level=0x33))
    Session(strict, level=0x13).expect(0x6982, STATUS)
    Session(strict, level=0x33).do(STATUS)


def test_item_4_a_command_may_exceed_the_level() -> None:
    element = manufactured(policy=Policy(minimum_level=0))
    counter = 1
    authenticated = HostSession.planned(
        ISSUER_KEYS, host_challenge=bytes(8), sequence_counter=counter, aid=ISD, level=0x00
    )
    for command in (authenticated.initialize_update(), authenticated.external_authenticate()):
        assert sent(element, command).sw == OK
    assert sent(element, STATUS).sw == OK
    secured = messaging.secured_class(STATUS.cla)
    assert sent(element, Command(secured, STATUS.ins, STATUS.p1, STATUS.p2, STATUS.data + bytes(8), 256)).sw == 0x6982


def test_item_5_commands_without_data_are_counted() -> None:
    session = Session(with_notebook(manufactured()), DOMAIN_KEYS, INSTANCE)
    for number in range(5):
        session.do("80160000", Command(0x80, 0x10, 0, 0, b"entry %d" % number))
        assert session.do("8011000000").data == b"entry %d" % number


def test_item_6_error_status_words_are_bare_and_warnings_are_protected() -> None:
    session = Session(with_notebook(manufactured()), DOMAIN_KEYS, INSTANCE)
    raw = sent(session.element, session.host.wrap(Command(0x80, 0x77, 0, 0)))
    assert (raw.data, raw.sw) == (b"", 0x6D00)
    assert session.host.unwrap(raw.encode()).sw == 0x6D00
    raw = sent(session.element, session.host.wrap(Command(0x80, 0x15, 0, 0)))
    assert (len(raw.data), raw.sw) == (8, 0x63C1)
    assert session.host.unwrap(raw.encode()).sw == 0x63C1


def test_item_6_a_list_that_goes_on_is_protected_with_6310() -> None:
    element = with_notebook(manufactured())
    Session(element).do(*(installing(INSTANCE + bytes((number,))) for number in range(30)))
    session = Session(element)
    raw = sent(element, session.host.wrap(commands.get_status(0x40)))
    assert raw.sw == 0x6310
    assert len(raw.data) <= 256
    assert session.host.unwrap(raw.encode()).data


def test_item_7_an_empty_answer_at_level_33_has_a_mac_and_nothing_ciphered() -> None:
    session = Session(with_notebook(manufactured()), DOMAIN_KEYS, INSTANCE)
    raw = sent(session.element, session.host.wrap(Command(0x80, 0x10, 0, 0, b"text")))
    assert (len(raw.data), raw.sw) == (8, OK)
    assert session.host.unwrap(raw.encode()).data == b""
    assert session.do("8011000000").data == b"text"


@pytest.mark.parametrize("length", [239, 240, 256, 300, 800])
def test_item_7_a_long_answer_is_protected_as_a_whole(length: int) -> None:
    session = Session(with_notebook(manufactured()), DOMAIN_KEYS, INSTANCE)
    assert session.do(f"8013{length:04X}00").data == bytes(number % 251 for number in range(length))
    session.do("8011000000")


def test_the_sequence_counter_survives_the_power_and_ends_at_its_maximum() -> None:
    element = manufactured()
    Session(element)
    element = torn(element)
    assert sent(element, INITIALIZE).data[-3:] == bytes.fromhex("000002")
    state = element.snapshot().replace(b'"uses":[[48,2,10]]', b'"uses":[[48,16777214,10]]')
    element = type(element).restore(state, {})
    assert sent(element, INITIALIZE).data[-3:] == bytes.fromhex("FFFFFF")
    assert sent(element, INITIALIZE).sw == 0x6985


def test_an_applet_uses_its_domains_keys_and_its_own_aid_in_the_challenge() -> None:
    element = with_notebook(manufactured())
    with pytest.raises(scp03.CardCryptogramWrong):
        Session(element, ISSUER_KEYS, INSTANCE)
    assert sent(element, commands.select(INSTANCE)).sw == OK
    answer = sent(element, INITIALIZE)
    counter = int.from_bytes(answer.data[-3:], "big")
    assert answer.data[13:21] == scp03.card_challenge(DOMAIN_KEYS.enc, counter, INSTANCE)


@pytest.mark.parametrize(("level", "told"), [(0x00, b"\x00"), (0x01, b"\x01"), (0x33, b"\x33")])
def test_an_applet_is_told_the_level_of_its_session(level: int, told: bytes) -> None:
    element = with_notebook(manufactured())
    assert Session(element, DOMAIN_KEYS, INSTANCE, level).do("8012000000").data == told
    sent(element, commands.select(INSTANCE))
    assert sent(element, "8012000000").data == b"none"


def test_a_session_with_an_applet_manages_nothing() -> None:
    session = Session(with_notebook(manufactured()), DOMAIN_KEYS, INSTANCE)
    session.expect(0x6D00, commands.delete(INSTANCE), *loading())


def test_two_clients_disturb_each_other_and_the_host_learns_the_counter() -> None:
    element = manufactured()
    planned = HostSession.planned(ISSUER_KEYS, host_challenge=bytes(8), sequence_counter=1, aid=ISD)
    Session(element)  # item 22: somebody else was faster
    with pytest.raises(scp03.ChallengeDiffers) as caught:
        planned.check_initialize_update(sent(element, planned.initialize_update()).encode())
    again = HostSession.planned(
        ISSUER_KEYS, host_challenge=bytes(8), sequence_counter=caught.value.sequence_counter + 1, aid=ISD
    )
    again.check_initialize_update(sent(element, again.initialize_update()).encode())
