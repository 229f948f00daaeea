"""Item 12: a load file is there whole or not at all."""

import pytest

from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    PACKAGE,
    Session,
    block,
    content,
    installing,
    loading,
    manufactured,
    sent,
    torn,
    with_domain,
)
from tsm.globalplatform import commands, loadfile, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Scope, Target
from tsm.globalplatform.scp03 import HostSession

EMPTY = content(manufactured())


def replaced(script: list[Command], number: int, **changes: int) -> list[Command]:
    command = script[number]
    fields = {"p1": command.p1, "p2": command.p2} | changes
    changed = Command(command.cla, command.ins, fields["p1"], fields["p2"], command.data, command.le)
    return [*script[:number], changed, *script[number + 1 :]]


def test_item_12_a_load_file_appears_with_its_last_block() -> None:
    element = manufactured()
    session = Session(element)
    *first, last = loading()
    session.do(*first)
    assert torn(element).snapshot() == element.snapshot()
    assert b'"' + PACKAGE.hex().encode() + b'"' not in element.snapshot()
    assert session.do(last).data == b"\x00"
    assert content(element) == EMPTY | {PACKAGE: 0x01}


@pytest.mark.parametrize("size", [50, 100, 239])
def test_item_12_blocks_may_have_any_size(size: int) -> None:
    element = manufactured()
    Session(element).do(*loading(size=size))
    assert content(element) == EMPTY | {PACKAGE: 0x01}


@pytest.mark.parametrize("number", range(1, len(loading())))
def test_item_12_a_tear_before_any_block_leaves_the_registry_unchanged(number: int) -> None:
    element = manufactured()
    Session(element).do(*loading()[:number])
    left = torn(element)
    assert content(left) == EMPTY
    Session(left).do(*loading(), installing())


@pytest.mark.parametrize("number", range(1, len(loading())))
def test_item_12_a_reset_before_any_block_ends_the_load(number: int) -> None:
    element = manufactured()
    Session(element).do(*loading()[:number])
    element.power_on()
    session = Session(element)
    session.expect(0x6985, loading()[number])
    assert content(element) == EMPTY


@pytest.mark.parametrize(
    ("number", "changes", "sw"),
    [
        (1, {"p2": 1}, 0x6985),
        (2, {"p2": 0}, 0x6985),
        (2, {"p2": 2}, 0x6985),
        (2, {"p1": 0x40}, 0x6A86),
        (2, {"p1": 0x80}, 0x6A80),
    ],
)
def test_item_12_a_block_out_of_order_ends_the_load(number: int, changes: dict[str, int], sw: int) -> None:
    element = manufactured()
    session = Session(element)
    script = loading()
    session.do(*script[:number])
    session.expect(sw, replaced(script, number, **changes)[number])
    session.expect(0x6985, *script[number:])
    assert content(element) == EMPTY


@pytest.mark.parametrize(
    ("between", "sw"),
    [
        (commands.get_data(0x66), 0x9000),
        (commands.get_status(0x80), 0x9000),
        (Command(0x80, 0x77, 0, 0), 0x6D00),
        (commands.delete(b"nothing"), 0x6A88),
    ],
)
def test_item_12_another_command_in_between_ends_the_load(between: Command, sw: int) -> None:
    element = manufactured()
    session = Session(element)
    script = loading()
    session.do(*script[:3])
    session.expect(sw, between)
    session.expect(0x6985, script[3])
    assert content(element) == EMPTY


def test_item_12_a_new_session_in_between_ends_the_load() -> None:
    element = manufactured()
    script = loading()
    Session(element).do(*script[:3])
    Session(element).expect(0x6985, script[3])
    assert content(element) == EMPTY


def test_item_12_load_without_install_for_load_is_refused() -> None:
    Session(manufactured()).expect(0x6985, *loading()[1:])


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_item_12_the_right_hash_is_accepted_and_a_wrong_one_leaves_nothing(algorithm: str) -> None:
    digest = loadfile.digest(block(), algorithm)
    element = manufactured()
    *first, last = loading(block_hash=digest[:-1] + bytes((digest[-1] ^ 1,)))
    session = Session(element)
    session.do(*first)
    session.expect(0x6A80, last)
    assert content(element) == EMPTY
    Session(element).do(*loading(block_hash=digest))


def test_item_12_a_hash_of_no_known_length_is_refused() -> None:
    *first, last = loading(block_hash=b"hash")
    session = Session(manufactured())
    session.do(*first)
    session.expect(0x6A80, last)


def test_item_12_memory_is_limited_for_files_and_quotas() -> None:
    size = len(block())
    element = manufactured(policy=Policy(memory=size + 50))
    session = Session(element)
    other = [commands.install_for_load(PACKAGE[:-1] + b"\x77"), *commands.load_blocks(bytes(size + 60), 200)]
    *fitting, too_much = other
    session.do(*fitting)
    session.expect(0x6A84, too_much)
    assert content(element) == EMPTY
    session = Session(element)
    session.expect(0x6A84, loading(parameters=bytes.fromhex("EF06C60400FFFFFF"))[0])
    session.do(*loading(parameters=bytes.fromhex("EF04C6020010")))
    quota = commands.install_for_install(
        PACKAGE, loadfile.parse(block()).modules[0], INSTANCE, system_parameters=bytes.fromhex("C802FFFF")
    )
    session.expect(0x6A84, quota)
    session.do(installing())
    session.do(commands.delete(PACKAGE, related=True))
    session.do(*loading())


def test_item_12_what_is_no_load_file_or_another_package_is_refused_whole() -> None:
    element = manufactured()
    named_wrongly = [
        commands.install_for_load(PACKAGE[:-1] + b"\x77"),
        *commands.load_blocks(block(), 200),
    ]
    unknown = PACKAGE[:-1] + b"\x78"
    without_code = [commands.install_for_load(unknown), *commands.load_blocks(block(package=unknown), 200)]
    garbage = [commands.install_for_load(PACKAGE), *commands.load_blocks(b"no components" * 20, 200)]
    signed = [
        commands.install_for_load(PACKAGE),
        Command(0x80, 0xE8, 0x80, 0, tlv.encode(0xE2, b"") + tlv.encode(0xC4, b"x"), 256),
    ]
    ciphered = [commands.install_for_load(PACKAGE), Command(0x80, 0xE8, 0x80, 0, tlv.encode(0xD4, bytes(16)), 256)]
    for *first, last in (named_wrongly, without_code, garbage, signed, ciphered):
        session = Session(element)
        session.do(*first)
        session.expect(0x6A80, last)
        assert content(element) == EMPTY


def test_a_package_is_loaded_once_and_its_name_is_taken() -> None:
    element = manufactured()
    Session(element).do(*loading(), installing())
    session = Session(element)
    session.expect(0x6985, loading()[0], commands.install_for_load(INSTANCE))
    session.expect(0x6A88, commands.install_for_load(b"fresh", domain=b"nobody"))
    session.expect(0x6A80, commands.install_for_load(b"four"), Command(0x80, 0xE6, 0x02, 0, b"\x05fresh", 256))
    session.expect(0x6A80, commands.install_for_load(b"fresh", token=b"token"))


def test_a_domain_that_went_away_during_the_load_is_noticed() -> None:
    element = with_domain(manufactured())
    session = Session(element)
    counter = commands.parse_sequence_counter(session.do(commands.get_data(0xC1)).data)
    *first, last = loading(domain=DOMAIN)
    session.do(*first)
    # Another client on another channel locks the domain meanwhile.
    sent(element, commands.open_channel())
    host = HostSession.planned(ISSUER_KEYS, host_challenge=bytes(8), sequence_counter=counter + 1, aid=ISD)
    for command in (
        host.initialize_update(),
        host.external_authenticate(),
        host.wrap(commands.set_status(Target.APPLICATION, 0x80, DOMAIN)),
    ):
        assert element.transmit(bytes((command.cla | 1,)) + command.encode()[1:])[-2:] == bytes.fromhex("9000")
    session.expect(0x6985, last)
    element.power_on()
    assert PACKAGE not in content(element)


def test_a_load_whose_last_answer_was_lost_is_found_in_the_registry() -> None:
    element = manufactured()
    Session(element).do(*loading())
    left = torn(element)
    session = Session(left)
    status = session.do(commands.get_status(Scope.LOAD_FILES, PACKAGE))
    assert commands.parse_status(status.data)[0].life_cycle == 0x01
    session.expect(0x6985, loading()[0])
    session.do(installing())
