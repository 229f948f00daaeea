"""Item 21: the persisted state is the one before or after a command, and comes back as it was."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.virtual.element import Element
from sandbox.virtual.persistence import StateUnreadable
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    NATIVES,
    Session,
    content,
    installing,
    loading,
    manufactured,
    sent,
    torn,
    with_notebook,
)
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Target
from tsm.globalplatform.scp03 import HostSession, KeySet


def planned(keys: KeySet, counter: int, aid: bytes, *script: Command) -> list[bytes]:
    """Return selection, session and script as the bytes of one order."""
    host = HostSession.planned(keys, host_challenge=b"planned!", sequence_counter=counter, aid=aid)
    opening = [commands.select(aid), host.initialize_update(), host.external_authenticate()]
    return [command.encode() for command in (*opening, *map(host.wrap, script))]


PROVISIONING = [
    *planned(ISSUER_KEYS, 1, ISD, commands.install_ssd(DOMAIN)),
    *planned(
        ISSUER_KEYS,
        2,
        DOMAIN,
        commands.put_key(DOMAIN_KEYS, dek=ISSUER_KEYS.dek),
        commands.set_status(Target.APPLICATION, 0x0F, DOMAIN),
    ),
    *planned(ISSUER_KEYS, 3, ISD, *loading(domain=DOMAIN), installing()),
    *planned(DOMAIN_KEYS, 1, INSTANCE, Command(0x80, 0x10, 0, 0, b"personalised")),
]


def test_a_whole_provisioning_is_computed_before_the_element_is_met() -> None:
    element = manufactured()
    assert {element.transmit(apdu)[-2:] for apdu in PROVISIONING} == {bytes.fromhex("9000")}
    sent(element, commands.select(INSTANCE))
    assert sent(element, "8011000000").data == b"personalised"


@pytest.mark.parametrize("number", range(len(PROVISIONING) + 1))
def test_item_21_a_tear_after_any_command_leaves_a_state_that_works(number: int) -> None:
    element = manufactured()
    states = [element.snapshot()]
    for apdu in PROVISIONING[:number]:
        element.transmit(apdu)
        states.append(element.snapshot())
    left = torn(element)
    assert left.snapshot() == states[-1]
    # The registry tells what is there, and the rest of the work can be done.
    there = content(left)
    session = Session(left)
    if INSTANCE in there:
        session.do(commands.delete(INSTANCE))
    for package in [aid for aid in there if aid not in content(manufactured()) and aid not in (INSTANCE, DOMAIN)]:
        session.do(commands.delete(package))
    if DOMAIN in there:
        session.do(commands.delete(DOMAIN))
    with_notebook(left)


def test_the_same_state_has_the_same_bytes() -> None:
    first, second = with_notebook(manufactured()), with_notebook(manufactured())
    assert first.snapshot() == second.snapshot()
    assert torn(torn(first)).snapshot() == first.snapshot()


def test_what_is_volatile_is_not_persisted() -> None:
    element = with_notebook(manufactured())
    before = element.snapshot()
    sent(element, commands.select(INSTANCE))
    sent(element, commands.open_channel())
    sent(element, "8013020000")
    assert element.snapshot() == before


def test_a_fault_in_an_applet_is_6f00_and_takes_its_change_back() -> None:
    element = with_notebook(manufactured())
    before = element.snapshot()
    session = Session(element, DOMAIN_KEYS, INSTANCE)
    session.expect(0x6F00, "80140000")
    assert session.do("8011000000").data == b"first"
    sent(element, commands.select(INSTANCE))
    assert sent(element, "80140000").sw == 0x6F00
    assert sent(element, "8011000000").data == b"first"
    assert element.snapshot().replace(b"[48,1,10]", b"[48,0,10]") == before


def test_a_refusal_of_an_applet_keeps_what_it_counted() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.select(INSTANCE))
    assert [sent(element, "80150000").sw for _ in range(2)] == [0x63C1, 0x63C2]
    element = torn(element)
    sent(element, commands.select(INSTANCE))
    assert sent(element, "80150000").sw == 0x63C3


def test_a_state_from_before_there_was_delegated_management_is_read() -> None:
    state = json.loads(with_notebook(manufactured()).snapshot())
    del state["restrictions"]
    for entry in state["entries"]:
        for later in ("objects", "restrictions", "receipts", "token_number"):
            entry.pop(later, None)
    element = Element.restore(json.dumps(state).encode(), NATIVES)
    assert element.snapshot() == with_notebook(manufactured()).snapshot()


@pytest.mark.parametrize("state", [b"", b"{}", b"[]", b"null", b'{"format":2}', b"\xff"])
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(StateUnreadable):
        Element.restore(state, NATIVES)


def test_a_state_whose_code_is_missing_is_refused() -> None:
    with pytest.raises(StateUnreadable):
        Element.restore(with_notebook(manufactured()).snapshot(), {})


SHARED = with_notebook(manufactured()).snapshot()
HEADERS = st.tuples(
    st.sampled_from([0x00, 0x01, 0x80, 0x84, 0x81, 0xC0, 0xE0, 0xFF]),
    st.sampled_from([0x50, 0x70, 0x82, 0xA4, 0xC0, 0xCA, 0xD8, 0xE2, 0xE4, 0xE6, 0xE8, 0xF0, 0xF2, 0x10, 0x14, 0x15]),
    st.sampled_from([0x00, 0x02, 0x04, 0x08, 0x0C, 0x10, 0x20, 0x30, 0x40, 0x60, 0x80]),
    st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x0C, 0x0F, 0x80, 0x81]),
)
PLAUSIBLE = st.builds(lambda header, data: bytes(header) + bytes((len(data),)) + data, HEADERS, st.binary(max_size=60))


@settings(max_examples=300)
@given(st.lists(st.one_of(st.binary(max_size=300), PLAUSIBLE), max_size=12))
def test_any_bytes_are_answered_and_change_nothing_without_a_session(apdus: list[bytes]) -> None:
    element = Element.restore(SHARED, NATIVES)
    sent(element, commands.select(ISD))
    for apdu in apdus:
        answer = element.transmit(apdu)
        assert len(answer) >= 2
        assert answer != bytes.fromhex("6F00") or apdu[1:2] == b"\x14"
    left = content(torn(element))
    assert left == content(Element.restore(SHARED, NATIVES))


MANAGEMENT = st.builds(
    Command,
    st.just(0x80),
    st.sampled_from([0xCA, 0xD8, 0xE2, 0xE4, 0xE6, 0xE8, 0xF0, 0xF2]),
    st.sampled_from([0x00, 0x02, 0x04, 0x08, 0x0C, 0x0E, 0x10, 0x20, 0x40, 0x60, 0x80, 0x88, 0x90]),
    st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x0F, 0x7F, 0x80, 0x81]),
    st.one_of(
        st.binary(max_size=80),
        st.lists(st.one_of(st.sampled_from([ISD, DOMAIN, INSTANCE, b""]), st.binary(max_size=20)), max_size=7).map(
            lambda fields: b"".join(bytes((len(field),)) + field for field in fields)
        ),
        st.sampled_from([b"\x4f\x00", b"\xd2\x01\x30", b"\x4f\x07" + INSTANCE]),
    ),
    st.just(256),
).filter(lambda command: command.p1 < 0x80 or command.ins not in (0xD8, 0xE4, 0xE6))  # parts of a longer command


@settings(max_examples=200)
@given(st.lists(MANAGEMENT, max_size=8))
def test_any_management_data_is_answered_without_a_fault_and_the_state_stays_readable(script: list[Command]) -> None:
    element = Element.restore(SHARED, NATIVES)
    session = Session(element)
    for command in script:
        assert session.send(command).sw != 0x6F00
    assert torn(element).snapshot() == element.snapshot()


def test_code_that_is_no_longer_there_installs_nothing() -> None:
    element = manufactured()
    Session(element).do(*loading())
    without_code = Element.restore(element.snapshot(), {})
    Session(without_code).expect(0x6A80, installing())


class Broken:
    """An applet whose every method fails."""

    @classmethod
    def install(cls, **_: object) -> "Broken":
        return cls()

    @classmethod
    def restore(cls, state: object) -> "Broken":
        return cls()

    def state(self) -> object:
        return {}

    def select(self) -> None:
        return None

    def deselect(self) -> None:
        raise RuntimeError

    def process(self, command: Command, *, secure: object) -> tuple[bytes, int]:
        return None  # type: ignore[return-value]


def test_an_applet_that_answers_nonsense_is_6f00_and_the_element_goes_on() -> None:
    element = manufactured(natives=dict.fromkeys(NATIVES, Broken))
    Session(element).do(*loading(), installing())
    assert sent(element, commands.select(INSTANCE)).sw == 0x9000
    assert sent(element, "80100000").sw == 0x6F00
    assert sent(element, commands.select()).sw == 0x9000
