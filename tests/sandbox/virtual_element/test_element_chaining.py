"""Item 20: INSTALL, DELETE and PUT KEY in several commands, protected as one."""

from dataclasses import replace

import pytest

from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.signers import SIGNERS, put
from tests.sandbox.virtual_element.workbench import (
    INSTANCE,
    ISSUER_KEYS,
    MODULE,
    PACKAGE,
    Session,
    loading,
    manufactured,
    sent,
)
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.scp03 import Mode
from tsm.globalplatform.scp03.keys import LEVELS

LONG = commands.install_for_install_and_make_selectable(
    PACKAGE, MODULE, INSTANCE, application_parameters=bytes(range(256)) * 2
)
DONE = Response(b"", 0x9000)


@pytest.mark.parametrize("level", sorted(LEVELS))
@pytest.mark.parametrize("parameters", [255, 256, 500, 1000])
def test_item_20_a_long_command_works_at_every_level(level: int, parameters: int) -> None:
    element = manufactured(policy=Policy(minimum_level=0))
    Session(element).do(*loading())
    text = bytes(number % 251 for number in range(parameters))
    session = Session(element, level=level)
    command = commands.install_for_install_and_make_selectable(PACKAGE, MODULE, INSTANCE, application_parameters=text)
    assert session.send_in_parts(command).ok
    session.do(commands.get_status(0x40))  # chain of MACs and counter are right afterwards
    sent(element, commands.select(INSTANCE))
    assert sent(element, "8011000000").data == text


@pytest.mark.parametrize("parameter", [0x61, 0x71])
def test_item_20_a_long_command_works_in_s16(parameter: int) -> None:
    element = manufactured(policy=Policy(parameter_i=parameter))
    session = Session(element, mode=Mode.S16)
    session.do(*loading())
    assert session.send_in_parts(LONG).ok
    session.do(commands.get_status(0x40))


def test_item_20_an_rsa_key_is_put_in_several_commands() -> None:
    element = manufactured()
    session = Session(element)
    command = put(SIGNERS["RSA-2048"], 0x71, ISSUER_KEYS.dek, private=True)
    assert len(command.data) > 512
    assert session.send_in_parts(command).data == b"\x71"
    assert session.do(commands.get_data(0xE0)).data.endswith(bytes.fromhex("C0080171A100A003A300"))


def test_item_20_a_part_of_another_command_ends_the_chain() -> None:
    element = manufactured()
    session = Session(element)
    session.do(*loading())
    first, *_ = session.host.wrap_in_parts(LONG)
    assert sent(element, first) == DONE
    assert sent(element, Command(0x84, 0xE4, 0x00, 0x00, bytes(20), 256)).sw == 0x6985
    # Neither was executed, nor did either count: the session stands where it stood before.
    fresh = Session(element)
    assert fresh.send_in_parts(LONG).ok


@pytest.mark.parametrize("part", [0, 1, 2])
def test_item_20_an_altered_part_aborts_the_session(part: int) -> None:
    element = manufactured()
    session = Session(element)
    session.do(*loading())
    parts = session.host.wrap_in_parts(LONG)
    assert len(parts) == 3
    changed = bytearray(parts[part].data)
    changed[0] ^= 1
    parts[part] = replace(parts[part], data=bytes(changed))
    answers = [sent(element, each).sw for each in parts]
    assert answers == [0x9000, 0x9000, 0x6982]
    session.expect(0x6982, commands.get_status(0x40))


def test_item_20_what_is_too_long_is_6a86_and_what_cannot_be_chained_is_taken_as_it_is() -> None:
    element = manufactured()
    Session(element)
    part = Command(0x84, 0xE6, 0x8C, 0x00, bytes(255))
    answers = [sent(element, part).sw for _ in range(17)]
    assert answers == [0x9000] * 16 + [0x6A86]
    Session(element).expect(0x6A86, Command(0x80, 0xF2, 0x90, 0x00, b"\x4f\x00", 256))


def test_item_20_without_a_session_nothing_is_collected() -> None:
    element = manufactured()
    assert sent(element, Command(0x80, 0xE6, 0x8C, 0x00, bytes(255))).sw == 0x6982
    assert sent(element, Command(0x80, 0xE6, 0x0C, 0x00, bytes(5), 256)).sw == 0x6982
    assert element.snapshot() == manufactured().snapshot()


def test_item_20_a_chain_does_not_outlive_select_or_power() -> None:
    element = manufactured()
    Session(element)
    for end in (lambda: sent(element, commands.select()), element.power_on):
        session = Session(element)
        first, _, last = session.host.wrap_in_parts(LONG)
        assert sent(element, first) == DONE
        end()
        assert sent(element, last).sw == 0x6982
