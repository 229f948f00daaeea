"""Item 21: torn at any byte, what is kept is the state before the command or the state after it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.virtual.element import Element
from sandbox.virtual.kept import Kept
from sandbox.virtual.state_file import StateFile
from tests.conftest import ROOT
from tests.sandbox.virtual_element import tearing
from tests.sandbox.virtual_element.signers import Aes, put
from tests.sandbox.virtual_element.tearing import killed_at
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    NATIVES,
    PACKAGE,
    installing,
    key_set,
    loading,
    manufactured,
    sent,
)
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Target
from tsm.globalplatform.scp03 import HostSession

ROTATED = key_set("T", 0x31)
EXTRADITED = tlv.encode_fields(DOMAIN, b"", INSTANCE, b"", b"", b"")
# A whole life of an element: sessions with one security domain after the other.
LIFE = [
    (ISD, ISSUER_KEYS, [commands.install_ssd(DOMAIN), put(Aes(), 0x70, ISSUER_KEYS.dek), *loading(), installing()]),
    (
        DOMAIN,
        ISSUER_KEYS,
        [
            commands.put_key(DOMAIN_KEYS, dek=ISSUER_KEYS.dek),
            commands.set_status(Target.APPLICATION, 0x0F, DOMAIN),
            *commands.store_data(tlv.encode(0x42, b"IIN"), structure=0x10),
        ],
    ),
    (
        ISD,
        ISSUER_KEYS,
        [Command(0x80, 0xE6, 0x10, 0x00, EXTRADITED, 256), commands.set_status(0x40, 0x80, INSTANCE)],
    ),
    (DOMAIN, DOMAIN_KEYS, [commands.put_key(ROTATED, dek=DOMAIN_KEYS.dek), commands.delete_key(version=0x30)]),
    (ISD, ISSUER_KEYS, [commands.delete(PACKAGE, related=True), commands.delete(DOMAIN)]),
]


def spoken(element: Element) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Live that life: yield each command with the state before it and after it."""
    for aid, keys, script in LIFE:
        for apdu in (commands.select(aid).encode(), *session(element, aid, keys, script)):
            before = element.snapshot()
            answer = element.transmit(apdu)
            assert answer[-2:] == b"\x90\x00", (apdu.hex(), answer.hex())
            yield apdu, before, element.snapshot()


def session(element: Element, aid: bytes, keys: object, script: list[Command]) -> Iterator[bytes]:
    told = Element.restore(element.snapshot(), NATIVES)
    sent(told, commands.select(aid))
    counter = int.from_bytes(sent(told, commands.get_data(0xC1)).data[2:], "big")
    host = HostSession.planned(keys, host_challenge=bytes(8), sequence_counter=counter + 1, aid=aid)  # type: ignore[arg-type]
    yield host.initialize_update().encode()
    yield host.external_authenticate().encode()
    for command in script:
        yield host.wrap(command).encode()


@pytest.fixture(scope="module")
def steps() -> list[tuple[bytes, bytes, bytes]]:
    return list(spoken(manufactured()))


def test_item_21_what_is_answered_is_already_kept_one_write_for_one_command() -> None:
    element = manufactured()
    written: list[bytes] = []
    wire = Kept(element, written.append)
    for aid, keys, script in LIFE:
        for apdu in (commands.select(aid).encode(), *session(element, aid, keys, script)):
            before, count = element.snapshot(), len(written)
            assert wire.transmit(apdu)[-2:] == b"\x90\x00"
            after = element.snapshot()
            assert written[count:] == ([after] if after != before else [])
    assert len(written) > 15


def test_item_21_a_write_torn_at_any_byte_leaves_the_state_before_it(
    tmp_path: Path, steps: list[tuple[bytes, bytes, bytes]]
) -> None:
    path = tmp_path / "element"
    _, before, after = next(step for step in steps if step[1] != step[2])
    command = [sys.executable, "-m", tearing.__name__, str(path), before.hex(), after.hex()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    killed_at(path, after, len(after))
    assert StateFile(path).read() == after


def test_item_21_each_write_of_a_whole_life_may_be_torn_and_the_element_lives_on(
    tmp_path: Path, steps: list[tuple[bytes, bytes, bytes]]
) -> None:
    path = tmp_path / "element"
    changes = [(before, after) for _, before, after in steps if before != after]
    StateFile(path).write(changes[0][0])
    for before, after in changes:
        for limit in (1, len(after) // 2, len(after) - 1):
            killed_at(path, after, limit)
            left = Element.restore(StateFile(path).read() or b"", NATIVES)
            assert left.snapshot() == before
            assert sent(left, commands.select(ISD)).ok
        killed_at(path, after, len(after))
        assert Element.restore(StateFile(path).read() or b"", NATIVES).snapshot() == after


def test_item_21_a_failed_write_is_never_answered(tmp_path: Path) -> None:
    def full(state: bytes) -> None:
        raise OSError("no space left")

    wire = Kept(manufactured(), full)
    with pytest.raises(OSError, match="no space"):
        wire.transmit(bytes.fromhex("8050300008000000000000000000"))


def test_a_file_that_is_not_there_has_no_state(tmp_path: Path) -> None:
    assert StateFile(tmp_path / "none").read() is None
