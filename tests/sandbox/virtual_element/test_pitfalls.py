"""What went wrong at others, by their issue trackers: each a test on the element with our host.

More of them stand where their subject is: channels that run out and scripts for channel 0 in `test_access_rules`, slow
commands and readers reset by others in `tests/pcsc`, the virtual reader's latency in `test_vpcd_slot`.
"""

import pytest

from sandbox.virtual.element import Element
from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.signers import SIGNERS, put
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    MODULE,
    NATIVES,
    PACKAGE,
    Session,
    content,
    installing,
    key_set,
    loading,
    manufactured,
    sent,
    torn,
    with_domain,
    with_notebook,
)
from tsm.globalplatform import commands, scp03
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Target
from tsm.globalplatform.scp03 import HostSession, KeySet, Mode

NEW = key_set("N", 0x31)


def opens(element: Element, keys: KeySet, aid: bytes = DOMAIN) -> bool:
    """Tell whether these keys are the element's, by the card cryptogram alone: no try is spent."""
    element.power_on()
    sent(element, commands.select(aid))
    host = HostSession.open(keys, host_challenge=bytes(8), aid=aid)
    try:
        host.check_initialize_update(sent(element, host.initialize_update()).encode())
    except scp03.SecureChannelError:
        return False
    return True


# --- torn and resumed


def test_pitfall_a_load_file_without_its_application_is_deleted_and_loaded_again_in_one_go() -> None:
    element = manufactured()
    Session(element).do(*loading())
    element = torn(element)  # INSTALL hung
    Session(element).expect(0x6985, loading()[0])
    Session(element).do(commands.delete(PACKAGE, related=True), *loading(), installing())
    assert {PACKAGE, INSTANCE} <= content(element).keys()


def test_pitfall_deletion_goes_application_first_or_with_related_and_never_what_is_in_use() -> None:
    element = with_notebook(manufactured())
    Session(element).expect(0x6985, commands.delete(PACKAGE), commands.delete(DOMAIN))
    sent(element, commands.open_channel())
    sent(element, "01A4040007" + INSTANCE.hex())
    Session(element).expect(0x6985, commands.delete(INSTANCE), commands.delete(PACKAGE, related=True))
    element.power_on()
    Session(element).do(commands.delete(INSTANCE), commands.delete(PACKAGE), commands.delete(DOMAIN))


@pytest.mark.parametrize("command", range(len(loading())))
def test_pitfall_after_a_lost_answer_the_registry_says_whether_the_load_was_done(command: int) -> None:
    element = manufactured()
    session = Session(element)
    session.do(*loading()[:command])
    sent(element, session.host.wrap(loading()[command]))  # done, and nobody hears of it
    element = torn(element)
    there = PACKAGE in content(element)
    assert there == (command == len(loading()) - 1)
    Session(element).do(*([] if there else loading()), installing())


def test_pitfall_after_a_lost_answer_the_key_information_says_whether_the_keys_are_there() -> None:
    element = with_domain(manufactured())
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    sent(element, session.host.wrap(commands.put_key(NEW, dek=DOMAIN_KEYS.dek)))
    element = torn(element)
    sent(element, commands.select(DOMAIN))
    told = commands.parse_key_information(sent(element, commands.get_data(0xE0)).data)
    assert {key.version for key in told} == {0x30, 0x31}
    Session(element, DOMAIN_KEYS, DOMAIN).expect(0x6A80, commands.put_key(NEW, dek=DOMAIN_KEYS.dek))


def test_pitfall_a_rotation_cut_anywhere_leaves_a_set_that_opens_and_trying_is_free() -> None:
    element = with_domain(manufactured(policy=Policy(key_tries=1)))
    rotation = [
        (DOMAIN_KEYS, commands.put_key(NEW, dek=DOMAIN_KEYS.dek)),
        (NEW, commands.delete_key(version=DOMAIN_KEYS.version)),
    ]
    wanted = [(True, False), (True, True), (False, True)]
    for done in range(len(rotation) + 1):
        left = torn(element)
        for _ in range(3):
            assert (opens(left, DOMAIN_KEYS), opens(left, NEW)) == wanted[done]
        Session(left, NEW if wanted[done][1] else DOMAIN_KEYS, DOMAIN)  # the one try is still there
        if done < len(rotation):
            keys, command = rotation[done]
            Session(element, keys, DOMAIN).do(command)


def test_pitfall_a_replacement_in_place_is_atomic_too() -> None:
    element = with_domain(manufactured())
    replacement = key_set("R", DOMAIN_KEYS.version)
    before = torn(element)
    Session(element, DOMAIN_KEYS, DOMAIN).do(
        commands.put_key(replacement, dek=DOMAIN_KEYS.dek, replace=DOMAIN_KEYS.version)
    )
    assert (opens(before, DOMAIN_KEYS), opens(before, replacement)) == (True, False)
    assert (opens(element, DOMAIN_KEYS), opens(element, replacement)) == (False, True)


# --- the channel


def test_pitfall_an_error_without_mac_is_an_answer_and_the_session_goes_on() -> None:
    session = Session(manufactured())
    for _ in range(3):
        session.expect(0x6A88, commands.delete(b"nothing"))
        session.do(commands.get_status(0x80))


@pytest.mark.parametrize("answer", ["", "90", "9000", "00" * 7 + "9000", "00" * 8 + "9000"])
def test_pitfall_a_short_missing_or_unprotected_answer_ends_the_session(answer: str) -> None:
    session = Session(manufactured())
    session.host.wrap(commands.get_status(0x80))
    session.host.wrap(commands.get_status(0x80))
    with pytest.raises((scp03.ResponseTruncated, scp03.ResponseMacWrong)):
        session.host.unwrap(bytes.fromhex(answer))
    with pytest.raises(scp03.OutOfOrder):
        session.host.unwrap(bytes.fromhex("9000"))


def test_pitfall_an_empty_answer_at_level_33_is_not_deciphered() -> None:
    element = manufactured()
    session = Session(element)
    raw = sent(element, session.host.wrap(commands.set_status(Target.CARD, 0x7F, ISD)))
    assert (len(raw.data), raw.sw) == (8, 0x9000)
    assert session.host.unwrap(raw.encode()).data == b""


def test_pitfall_commands_without_data_count_on_both_sides() -> None:
    session = Session(manufactured())
    for _ in range(5):
        session.do(commands.get_data(0x66))
        session.do(commands.get_status(0x80))


def test_pitfall_a_presence_check_of_another_program_ends_secure_messaging_and_only_that() -> None:
    element = manufactured()
    session = Session(element)
    element.power_on()
    session.expect(0x6982, commands.get_status(0x80))
    Session(element).do(commands.get_status(0x80))


# --- keys and configuration


def test_pitfall_wrong_keys_are_found_by_the_host_before_they_cost_a_try() -> None:
    element = manufactured(policy=Policy(key_tries=1))
    for _ in range(5):
        with pytest.raises(scp03.CardCryptogramWrong):
            Session(element, key_set("X"))
    Session(element)


def test_pitfall_keys_of_one_element_open_no_other_one() -> None:
    with pytest.raises(scp03.CardCryptogramWrong):
        Session(manufactured(keys=key_set("A")), key_set("B"))


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        (commands.put_key(key_set("N", 0x30), dek=ISSUER_KEYS.dek), 0x6A80),  # there already
        (commands.put_key(NEW, dek=ISSUER_KEYS.dek, replace=0x32), 0x6A88),  # nothing to replace
        (commands.put_key(key_set("N", 0x30, 32), dek=ISSUER_KEYS.dek, replace=0x30), 0x6A80),  # another size
        (Command(0x80, 0xD8, 0x00, 0x81, bytes.fromhex("318010") + bytes(16) + bytes.fromhex("03000000"), 256), 0x6A80),
        (commands.put_key(NEW, dek=bytes(16)), 0x6982),  # under another DEK
    ],
)
def test_pitfall_what_put_key_refuses_it_refuses_with_its_own_status_word(command: Command, sw: int) -> None:
    element = manufactured()
    Session(element).expect(sw, command)
    assert opens(element, ISSUER_KEYS, ISD)


@pytest.mark.parametrize("with_length", [True, False])
def test_pitfall_both_encodings_of_an_aes_key_are_understood(with_length: bool) -> None:
    element = manufactured()
    Session(element).do(commands.put_key(NEW, dek=ISSUER_KEYS.dek, with_length=with_length))
    assert opens(element, NEW, ISD)


def test_pitfall_a_domain_with_keys_that_was_not_personalised_is_6985_and_not_6a88() -> None:
    element = manufactured()
    Session(element).do(commands.install_ssd(DOMAIN))
    Session(element, aid=DOMAIN).do(commands.put_key(DOMAIN_KEYS, dek=ISSUER_KEYS.dek))
    Session(element).expect(0x6985, loading(domain=DOMAIN)[0])


def test_pitfall_domain_parameters_that_are_not_supported_are_6a80_and_leave_nothing() -> None:
    element = manufactured()
    Session(element).expect(0x6A80, commands.install_ssd(DOMAIN, parameter_i=0x60))
    assert DOMAIN not in content(element)


def test_pitfall_personalization_works_where_some_cards_say_6a86() -> None:
    element = with_notebook(manufactured())
    # Not of this kind: the notebook takes none. That it is understood is what matters.
    Session(element, DOMAIN_KEYS, DOMAIN).expect(0x6985, commands.install_for_personalization(INSTANCE))


@pytest.mark.parametrize("kind", SIGNERS)
def test_pitfall_token_receipt_and_dap_keys_of_every_kind_can_be_put(kind: str) -> None:
    element = manufactured()
    for version, private in ((0x70, False), (0x71, True), (0x73, False)):
        session = Session(element)
        assert session.send_in_parts(put(SIGNERS[kind], version, ISSUER_KEYS.dek, private=private)).ok
    element.power_on()
    told = commands.parse_key_information(sent(element, commands.get_data(0xE0)).data)
    assert [(key.version, key.identifier) for key in told][3:] == [(0x70, 1), (0x71, 1), (0x73, 1)]
    Session(element).do(commands.delete_key(version=0x71))


def test_pitfall_a_card_in_s16_says_so_with_6700_and_is_tried_again_in_s16() -> None:
    element = manufactured(policy=Policy(parameter_i=0x71))
    with pytest.raises(scp03.InitializeUpdateRefused) as refused:
        Session(element)
    assert refused.value.sw == 0x6700
    Session(element, mode=Mode.S16).do(*loading(), installing())


# --- the virtual reader


def test_pitfall_a_card_that_says_yes_to_every_name_is_taken_for_another() -> None:
    element = Element.restore(with_notebook(manufactured()).snapshot(), NATIVES)
    for aid in ("A00000000101", "E82B0601040181C31F0201", "A000000308000010000100", "A000000116DB00", "D27600012401"):
        assert sent(element, commands.select(bytes.fromhex(aid))).sw == 0x6A82
    assert sent(element, commands.select(MODULE)).sw == 0x6A82
