"""Items 14 and 15: delegated management with tokens of every kind, and receipts for it."""

from dataclasses import replace

import pytest

from sandbox.virtual.element import Element
from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.signers import SIGNERS, Aes, Signer, put, signed_order, with_token
from tests.sandbox.virtual_element.workbench import (
    CIN,
    DOMAIN,
    DOMAIN_KEYS,
    IIN,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    MODULE,
    NATIVES,
    PACKAGE,
    Session,
    block,
    content,
    installing,
    loading,
    manufactured,
    sent,
    torn,
)
from tsm.globalplatform import commands, loadfile, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Target

TOKENS, RECEIPTS, DAP = 0x70, 0x71, 0x73
HASH = loadfile.digest(block())
OTHER = DOMAIN + b"\x02"


def delegating(
    tokens: Signer | None = None,
    receipts: Signer | None = None,
    *,
    policy: Policy | None = None,
    privileges: str = "A00000",
) -> Element:
    """Return an element with a personalised domain that manages its content with tokens."""
    element = manufactured(policy=policy)
    session = Session(element)
    session.do(commands.install_ssd(DOMAIN, privileges=bytes.fromhex(privileges)), commands.install_ssd(OTHER))
    for signer, version, private in ((tokens, TOKENS, False), (receipts, RECEIPTS, True)):
        if signer is not None:
            assert session.send_in_parts(put(signer, version, ISSUER_KEYS.dek, private=private)).ok
    for aid in (DOMAIN, OTHER):
        Session(element, aid=aid).do(
            commands.put_key(DOMAIN_KEYS, dek=ISSUER_KEYS.dek), commands.set_status(Target.APPLICATION, 0x0F, aid)
        )
    return element


def orders() -> list[Command]:
    """Return one order of each kind that takes a token, in an order in which they can be done."""
    load, *blocks = loading(domain=DOMAIN, block_hash=HASH)
    return [
        load,
        *blocks,
        commands.install_for_install(PACKAGE, MODULE, INSTANCE),
        commands.install_for_make_selectable(INSTANCE),
        Command(0x80, 0xE6, 0x40, 0x00, tlv.encode_fields(b"", b"", INSTANCE, b"\x04", b"", b""), 256),
        Command(0x80, 0xE6, 0x10, 0x00, tlv.encode_fields(OTHER, b"", INSTANCE, b"", b"", b""), 256),
    ]


def tokened(command: Command, signer: Signer) -> Command:
    return command if command.ins == commands.INS_LOAD else with_token(command, signer)


def receipt_of(answer: bytes) -> tuple[bytes, bytes]:
    """Return receipt and confirmation data."""
    (confirmation,) = tlv.parse_fields(answer)
    length, start = tlv.parse_length(confirmation, 0)
    return confirmation[start : start + length], confirmation[start + length :]


@pytest.mark.parametrize("kind", SIGNERS)
def test_item_14_each_order_is_done_with_a_right_token_of_each_kind(kind: str) -> None:
    signer = SIGNERS[kind]
    element = delegating(signer)
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    for command in orders():
        answer = session.send_in_parts(tokened(command, signer))
        assert answer.ok, (command, f"{answer.sw:04X}")
    assert content(element)[INSTANCE] == 0x07
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    # What was given to another domain is not this one's to delete; the load file is.
    assert session.send_in_parts(with_token(commands.delete(INSTANCE), signer)).sw == 0x6A88
    assert session.send_in_parts(with_token(commands.delete(PACKAGE, related=True), signer)).ok
    assert PACKAGE not in content(element)


@pytest.mark.parametrize("number", [0, -4, -3, -2, -1])
def test_item_14_an_altered_field_or_a_missing_token_or_key_changes_nothing(number: int) -> None:
    signer = Aes()
    script = orders()
    number %= len(script)
    element = delegating(signer)
    Session(element, DOMAIN_KEYS, DOMAIN).do(*(tokened(command, signer) for command in script[:number]))
    before = content(element)
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    right = with_token(script[number], signer)
    for position in range(len(script[number].data) - 1):
        changed = bytearray(right.data)
        changed[position] ^= 1
        answer = session.send(replace(right, data=bytes(changed)))
        assert answer.sw in (0x6982, 0x6A80), position
    session.expect(0x6982, script[number], replace(right, data=right.data[:-1] + b"\x00"))
    assert content(element) == before
    without_key = delegating()
    Session(without_key, DOMAIN_KEYS, DOMAIN).expect(0x6985, with_token(orders()[0], signer))


def test_item_14_p1_and_p2_are_signed_too() -> None:
    signer = Aes()
    element = delegating(signer)
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    session.do(*(tokened(command, signer) for command in orders()[:-4]))
    only_install = with_token(commands.install_for_install(PACKAGE, MODULE, INSTANCE), signer)
    session.expect(0x6982, replace(only_install, p1=0x0C))
    one = with_token(commands.delete(PACKAGE), signer)
    session.expect(0x6982, replace(one, p2=0x80))
    session.do(one)


def test_item_14_a_domain_that_manages_by_itself_takes_no_token() -> None:
    signer = Aes()
    element = delegating(signer, privileges="804000")
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    session.expect(0x6A80, with_token(loading(domain=DOMAIN, block_hash=HASH)[0], signer))
    session.do(*loading(domain=DOMAIN), installing(), commands.delete(INSTANCE))


def test_item_14_a_token_needs_a_hash_of_the_load_file() -> None:
    signer = Aes()
    Session(delegating(signer), DOMAIN_KEYS, DOMAIN).expect(0x6A80, with_token(loading(domain=DOMAIN)[0], signer))


def bound(number: int, *, iin: bytes = IIN, cin: bytes = CIN) -> bytes:
    inside = tlv.encode(0x42, iin) + tlv.encode(0x45, cin) + tlv.encode(0x93, bytes((number,)))
    return tlv.encode(0xB6, inside)


def load_with(parameters: bytes) -> Command:
    return with_token(commands.install_for_load(PACKAGE, domain=DOMAIN, block_hash=HASH, parameters=parameters), Aes())


def test_item_14_a_token_for_another_element_is_refused() -> None:
    session = Session(delegating(Aes()), DOMAIN_KEYS, DOMAIN)
    session.expect(0x6985, load_with(bound(1, cin=CIN[:-1] + b"\x43")), load_with(bound(1, iin=b"\x11\x22\x33\x45")))
    session.do(load_with(bound(1)), load_with(b""))


def test_item_14_where_the_issuer_says_so_a_token_is_bound_and_good_once() -> None:
    element = delegating(Aes(), policy=Policy(single_use_tokens=True))
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    session.expect(0x6985, load_with(b""))
    session.do(load_with(bound(7)))
    session.expect(0x6985, load_with(bound(7)), load_with(bound(6)))
    Session(torn(element), DOMAIN_KEYS, DOMAIN).expect(0x6985, load_with(bound(7)))
    session.do(load_with(bound(8)))


def combined(signer: Signer | None) -> list[Command]:
    """Return load, install and make selectable as one process."""
    first, *blocks = loading(domain=DOMAIN, block_hash=HASH)
    first = replace(first, p1=0x0E, p2=0x01)
    last = replace(installing(), p1=0x0E, p2=0x03)
    if signer is not None:
        last = with_token(last, signer, before=signed_order(first))
    return [first, *blocks, last]


@pytest.mark.parametrize("delegated", [True, False])
def test_load_install_and_make_selectable_in_one_leave_all_or_nothing(delegated: bool) -> None:
    signer = Aes() if delegated else None
    script = combined(signer)
    for stop in range(len(script)):
        element = delegating(signer, signer, privileges="A00000" if delegated else "804000")
        before = content(element)
        session = Session(element, DOMAIN_KEYS, DOMAIN)
        session.do(*script[:stop])
        assert content(torn(element)) == before
    session.do(script[-1])
    assert content(element) == before | {PACKAGE: 0x01, INSTANCE: 0x07}


def test_the_token_of_the_combined_process_is_for_both_its_parts() -> None:
    element = delegating(Aes())
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    *first, last = combined(Aes())
    session.do(*first)
    session.expect(0x6982, with_token(replace(installing(), p1=0x0E, p2=0x03), Aes()))
    session.expect(0x6985, last)  # and it is over
    session.expect(0x6A80, with_token(first[0], Aes()))


@pytest.mark.parametrize("kind", SIGNERS)
def test_item_15_each_receipt_is_signed_and_names_what_was_done(kind: str) -> None:
    token, receipts = Aes(), SIGNERS[kind]
    element = delegating(token, receipts)
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    fields = tlv.encode_fields
    named = [
        fields(PACKAGE, DOMAIN),
        fields(PACKAGE, INSTANCE),
        fields(PACKAGE, INSTANCE),
        fields(DOMAIN, INSTANCE, b"", b"\x04", b""),
        fields(DOMAIN, INSTANCE, OTHER),
        fields(PACKAGE),
    ]
    answers = [session.send(tokened(command, token)) for command in orders()]
    answers = [answer for answer in answers if len(answer.data) > 1]
    answers.append(session.send(with_token(commands.delete(PACKAGE, related=True), token)))
    for count, (answer, done) in enumerate(zip(answers, named, strict=True), 1):
        receipt, data = receipt_of(answer.data)
        assert data == b"\x02" + count.to_bytes(2, "big") + fields(IIN + CIN)
        receipts.check(data + done, receipt)
    sent(element, commands.select(ISD))
    assert sent(element, commands.get_data(0xC2)).data == tlv.encode(0xC2, b"\x00\x06")


def test_item_15_the_receipt_of_the_combined_process_names_all_three() -> None:
    element = delegating(Aes(), Aes())
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    receipt, data = receipt_of(session.do(*combined(Aes())).data)
    Aes().check(data + tlv.encode_fields(PACKAGE, INSTANCE, DOMAIN), receipt)


def test_item_15_a_receipt_repeats_the_number_of_its_token() -> None:
    element = delegating(Aes(), Aes())
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    session.do(load_with(bound(9)), *loading()[1:-1])
    _, data = receipt_of(session.do(loading()[-1]).data)
    assert data == b"\x02\x00\x01" + tlv.encode_fields(IIN + CIN, b"\x09")


def test_item_15_the_counter_goes_up_once_and_only_for_what_was_done() -> None:
    element = delegating(Aes(), Aes())
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    script = [tokened(command, Aes()) for command in orders()]
    session.do(*script[:-4])
    session.expect(0x6985, script[0])  # it is there already
    # The answer to this one is lost: the registry and the counter say that it was done, a retry is refused.
    install = next(command for command in script if command.ins == 0xE6 and command.p1 == 0x04)
    session.send(install)
    element = torn(element)
    sent(element, commands.select(ISD))
    counted = sent(element, commands.get_data(0xC2)).data
    Session(element, DOMAIN_KEYS, DOMAIN).expect(0x6985, install)
    element.power_on()
    assert sent(element, commands.get_data(0xC2)).data == counted == tlv.encode(0xC2, b"\x00\x02")


def test_item_15_the_counter_never_wraps() -> None:
    element = delegating(Aes(), Aes())
    state = element.snapshot().replace(b'"receipts":0', b'"receipts":65534', 1)
    element = Element.restore(state, NATIVES)
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    script = [tokened(command, Aes()) for command in orders()]
    _, data = receipt_of(session.do(*script[:-4]).data)
    assert data[:3] == b"\x02\xff\xff"
    session.expect(0x6985, script[-4])
    assert INSTANCE not in content(element)


def test_privileges_that_exclude_delegated_management_are_not_given_with_it() -> None:
    session = Session(manufactured())
    for privileges in ("A04000", "A02000", "A00080"):
        session.expect(0x6A80, commands.install_ssd(DOMAIN, privileges=bytes.fromhex(privileges)))
