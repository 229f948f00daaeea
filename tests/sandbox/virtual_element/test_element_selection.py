"""Item 1 and 19: selection, FCI, what is not there; logical channels."""

import pytest

from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    PACKAGE,
    Notebook,
    Session,
    installing,
    manufactured,
    sent,
    with_notebook,
)
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.scp03 import HostSession


def test_item_1_selecting_nothing_or_the_isd_answers_its_fci() -> None:
    element = manufactured()
    for command in (commands.select(), commands.select(ISD)):
        answer = sent(element, command)
        assert answer.sw == 0x9000
        assert tlv.find(answer.data, 0x6F, 0x84) == tlv.Tlv(0x84, ISD)
        assert tlv.find(answer.data, 0x6F, 0xA5, 0x9F65) == tlv.Tlv(0x9F65, b"\xff")
        assert tlv.find(answer.data, 0x6F, 0xA5, 0x73) is not None


def test_item_1_the_power_comes_up_with_an_atr_and_the_isd() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.select(INSTANCE))
    assert element.power_on() == bytes.fromhex("3B80800101")
    assert sent(element, commands.get_data(0x42)).sw == 0x9000


@pytest.mark.parametrize("aid", ["A000000003000000", "D392F000260100000001", "A0000001510000000000", "3F00", "A0"])
def test_item_1_unknown_applications_are_6a82_and_the_selection_stays(aid: str) -> None:
    element = manufactured()
    assert sent(element, commands.select(bytes.fromhex(aid))).sw == 0x6A82
    assert sent(element, commands.get_data(0x42)).sw == 0x9000


def test_item_1_an_application_is_found_by_its_aid_or_the_beginning_of_it() -> None:
    element = with_notebook(manufactured())
    answer = sent(element, commands.select(INSTANCE))
    assert answer.data == bytes.fromhex("6F0F8407") + INSTANCE + bytes.fromhex("A5049F6501FF")
    assert tlv.find(sent(element, commands.select(INSTANCE[:6])).data, 0x6F, 0x84) is not None
    assert sent(element, commands.select(PACKAGE)).sw == 0x6A82


def test_item_1_p2_0c_asks_for_no_answer_data() -> None:
    element = manufactured()
    answer = sent(element, "00A4040C08A000000151000000")
    assert (answer.data, answer.sw) == (b"", 0x9000)


def test_an_applet_that_refuses_is_not_selected() -> None:
    element = with_notebook(manufactured())
    never = INSTANCE + b"\x01"
    Session(element).do(installing(never, b"never"))
    assert sent(element, commands.select(never)).sw == 0x6999
    assert sent(element, commands.get_data(0x42)).sw == 0x9000


def test_the_next_occurrence_is_never_found() -> None:
    assert sent(manufactured(), "00A4040208A00000015100000000").sw == 0x6A82


def test_unknown_instructions_and_classes_have_their_status_words() -> None:
    element = manufactured()
    assert sent(element, "80200000").sw == 0x6D00
    assert sent(element, "00B00000").sw == 0x6D00
    assert sent(element, "A0A4000002 3F00").sw == 0x6E00
    assert sent(element, "FF000000").sw == 0x6E00
    assert sent(element, "80").sw == 0x6700


def test_channels_are_opened_and_closed_and_have_their_own_selection() -> None:
    element = with_notebook(manufactured())
    assert sent(element, "81CA004200").sw == 0x6881
    assert sent(element, commands.open_channel()).data == b"\x01"
    assert sent(element, commands.open_channel()).data == b"\x02"
    assert sent(element, "01A4040007" + INSTANCE.hex()).sw == 0x9000
    assert sent(element, "81110000").data == b"first"
    assert sent(element, "80110000").sw == 0x6D00
    assert sent(element, commands.open_channel()).data == b"\x03"
    assert sent(element, commands.open_channel()).sw == 0x6A81
    assert sent(element, commands.close_channel(1)).sw == 0x9000
    assert sent(element, commands.close_channel(1)).sw == 0x6200
    assert sent(element, "81110000").sw == 0x6881
    assert sent(element, commands.open_channel()).data == b"\x01"


def test_an_application_is_selected_on_one_channel_at_a_time() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.open_channel())
    assert sent(element, "01A4040007" + INSTANCE.hex()).sw == 0x9000
    assert sent(element, commands.select(INSTANCE)).sw == 0x6985
    assert sent(element, commands.select(DOMAIN)).sw == 0x9000


def test_item_19_a_session_opened_for_channel_0_works_through_another_channel() -> None:
    element = manufactured()
    sent(element, commands.open_channel())
    host = HostSession.planned(ISSUER_KEYS, host_challenge=bytes(8), sequence_counter=1, aid=ISD)
    script = [host.initialize_update(), host.external_authenticate(), host.wrap(commands.get_status(0x80))]
    # The operating system of a phone puts the channel number into the class byte of every command.
    answers = [
        element.transmit(bytes((command.cla | 1,)) + command.encode()[1:])
        for command in (commands.select(ISD), *script)
    ]
    host.check_initialize_update(answers[1])
    host.check_external_authenticate(answers[2])
    assert commands.parse_status(host.unwrap(answers[3]).data)[0].aid == ISD


def test_the_applet_sees_no_channel_and_its_selection_is_volatile() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.open_channel())
    sent(element, "01A4040007" + INSTANCE.hex())
    assert sent(element, "81160203").data == bytes.fromhex("80160203")
    element.power_on()
    applet = next(
        entry.applet for entry in element._registry.entries.values() if getattr(entry, "applet", None) is not None
    )
    assert isinstance(applet, Notebook)
    assert not applet.selected


@pytest.mark.parametrize("length", [0, 1, 255, 256, 257, 512, 700])
def test_long_answers_are_fetched_with_get_response(length: int) -> None:
    element = with_notebook(manufactured())
    sent(element, commands.select(INSTANCE))
    answer = sent(element, f"8013{length:04X}00")
    assert answer.sw == 0x9000
    assert answer.data == bytes(number % 251 for number in range(length))


def test_a_shorter_le_leaves_the_rest_to_get_response() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.select(INSTANCE))
    assert element.transmit(bytes.fromhex("8013000504")) == bytes.fromhex("00010203") + bytes.fromhex("6101")
    assert element.transmit(bytes.fromhex("00C0000001")) == bytes.fromhex("04") + bytes.fromhex("9000")
    assert element.transmit(bytes.fromhex("00C0000001")) == bytes.fromhex("6D00")


def test_an_extended_le_fetches_everything_at_once() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.select(INSTANCE))
    assert len(element.transmit(bytes.fromhex("801302BC000000"))) == 702
