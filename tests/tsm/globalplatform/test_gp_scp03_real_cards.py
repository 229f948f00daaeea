"""SCP03 against what real cards and independent implementations have answered."""

import pytest

from tests.tsm.globalplatform.scp03_traces import COMMANDS, EID, GET_EID, ISD_R, TRACES, Trace, keys
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.scp03 import CardSession, HostSession, KeySet, card_challenge, derive

unhex = bytes.fromhex
OK = unhex("9000")


def key_set(trace: Trace) -> KeySet:
    return KeySet(*keys(trace.size), version=unhex(trace.initialize_update)[2])  # type: ignore[misc]


def with_le(trace: Trace, wrapped: str) -> bytes:
    """Return the wrapped command with Le, which this host adds where R-MAC makes an answer certain."""
    command = Command.parse(unhex(wrapped))
    le = 256 if trace.level & 0x10 else command.le
    return Command(command.cla, command.ins, command.p1, command.p2, command.data, le).encode()


def traces() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("trace", TRACES, ids=lambda trace: f"aes{trace.size * 8}-{trace.level:02x}")


@traces()
def test_a_whole_recorded_session_is_reproduced_by_a_planned_one(trace: Trace) -> None:
    session = HostSession.planned(
        key_set(trace),
        host_challenge=unhex(trace.initialize_update)[5:13],
        sequence_counter=int(trace.initialize_update_answer[-6:], 16),
        aid=unhex(ISD_R),
        level=trace.level,
    )
    # Everything is computed before the first answer is looked at.
    assert session.initialize_update().encode() == unhex(trace.initialize_update)
    assert session.external_authenticate().encode() == unhex(trace.external_authenticate)
    assert session.wrap(Command.parse(unhex(GET_EID))).encode() == unhex(trace.get_eid)
    for clear, wrapped in zip(COMMANDS, trace.commands, strict=True):
        assert session.wrap(Command.parse(unhex(clear))).encode() == with_le(trace, wrapped)
    session.check_initialize_update(unhex(trace.initialize_update_answer) + OK)
    session.check_external_authenticate(OK)
    assert session.unwrap(unhex(trace.get_eid_answer) + OK) == Response(unhex(EID), 0x9000)


@traces()
def test_a_session_that_is_not_planned_learns_the_challenge_from_the_card(trace: Trace) -> None:
    session = HostSession.open(
        key_set(trace), host_challenge=unhex(trace.initialize_update)[5:13], level=trace.level, aid=unhex(ISD_R)
    )
    session.check_initialize_update(unhex(trace.initialize_update_answer) + OK)
    assert session.external_authenticate().encode() == unhex(trace.external_authenticate)
    session.check_external_authenticate(OK)
    assert session.wrap(Command.parse(unhex(GET_EID))).encode() == unhex(trace.get_eid)
    assert session.unwrap(unhex(trace.get_eid_answer) + OK).data == unhex(EID)


@traces()
def test_the_card_end_answers_what_the_real_card_answered(trace: Trace) -> None:
    counter = int(trace.initialize_update_answer[-6:], 16)
    static = key_set(trace)
    card = CardSession(
        static,
        parameter=0x70,
        key_diversification_data=bytes(10),
        host_challenge=unhex(trace.initialize_update)[5:13],
        card_challenge=card_challenge(static.enc, counter, unhex(ISD_R)),
        sequence_counter=counter,
    )
    assert card.initialize_update_data == unhex(trace.initialize_update_answer)
    card.external_authenticate(Command.parse(unhex(trace.external_authenticate)))
    assert card.level == trace.level
    assert card.unwrap(Command.parse(unhex(trace.get_eid))) == Command.parse(unhex(GET_EID))
    assert card.wrap(Response(unhex(EID), 0x9000)) == Response(unhex(trace.get_eid_answer), 0x9000)
    for clear, wrapped in zip(COMMANDS, trace.commands, strict=True):
        assert card.unwrap(Command.parse(unhex(wrapped))) == Command.parse(unhex(clear))


@pytest.mark.parametrize(
    ("key", "constant", "context", "derived"),
    [
        # blaufish/scp03_kdf_testvectors, a 16- and a 32-byte key in the columns key, constant, context, result
        (
            "00" * 16,
            1,
            "00" * 16,
            "329C873894717F6D545C755D175AE7ECDAB085DE2592FC3B9218A7FD77005E31",
        ),
        (
            "0C5AC50C3E0BD61A37DB5D5AA64C6474",
            7,
            "EEBC5FD69F6B2003A7D1CF5B11A0471019C794D29EC3A67EF94692119ADFB610",
            "2D6E5553E5E0A45CDDE71126928A85A5882ADF9ABA9B62DE090694FFCD0BB000",
        ),
        (
            "0E6F2B49DC94633D02549405EA86612C717EAF8CB9EF3D7D80DDFC3792184D34",
            5,
            "B863B9A5B35D5566A67E44F560B5E75C",
            "0C5AC50C3E0BD61A37DB5D5AA64C6474",
        ),
    ],
)
def test_the_key_derivation_matches_published_vectors(key: str, constant: int, context: str, derived: str) -> None:
    assert derive(unhex(key), constant, unhex(context), len(derived) // 2) == unhex(derived)
