"""Item 16: DELETE."""

import pytest

from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    PACKAGE,
    Session,
    content,
    installing,
    loading,
    manufactured,
    sent,
    torn,
    with_domain,
    with_notebook,
)
from tsm.globalplatform import commands, scp03
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import SECURITY_DOMAIN_PACKAGE_AID

EMPTY = content(manufactured())


def test_item_16_an_application_then_its_load_file_then_its_domain() -> None:
    element = with_notebook(manufactured())
    session = Session(element)
    session.expect(0x6985, commands.delete(PACKAGE), commands.delete(DOMAIN))
    assert session.do(commands.delete(INSTANCE)).data == b"\x00"
    session.expect(0x6985, commands.delete(DOMAIN))
    session.do(commands.delete(PACKAGE), commands.delete(DOMAIN))
    assert content(element) == EMPTY


def test_item_16_a_load_file_goes_with_its_applications_in_one_step() -> None:
    element = with_notebook(manufactured())
    Session(element).do(installing(INSTANCE + b"\x01"), commands.delete(PACKAGE, related=True))
    assert content(element) == EMPTY | {DOMAIN: 0x0F}


def test_item_16_a_domain_goes_with_its_keys() -> None:
    element = with_domain(manufactured())
    Session(element).do(commands.delete(DOMAIN), commands.install_ssd(DOMAIN))
    with pytest.raises(scp03.CardCryptogramWrong):
        Session(element, DOMAIN_KEYS, DOMAIN)
    Session(element, ISSUER_KEYS, DOMAIN)


def test_item_16_a_domain_with_content_stays_even_with_related() -> None:
    element = with_notebook(manufactured())
    Session(element).expect(0x6985, commands.delete(DOMAIN, related=True))


def test_item_16_what_is_selected_on_another_channel_stays() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.open_channel())
    assert sent(element, "01A4040007" + INSTANCE.hex()).sw == 0x9000
    session = Session(element)
    session.expect(0x6985, commands.delete(INSTANCE), commands.delete(PACKAGE, related=True))
    sent(element, commands.close_channel(1))
    session.do(commands.delete(PACKAGE, related=True))


def test_item_16_the_issuers_domain_and_the_code_of_domains_stay() -> None:
    session = Session(manufactured())
    session.expect(0x6985, commands.delete(ISD), commands.delete(SECURITY_DOMAIN_PACKAGE_AID))
    session.expect(0x6985, commands.delete(SECURITY_DOMAIN_PACKAGE_AID, related=True))


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        (commands.delete(b"nothing"), 0x6A88),
        (commands.delete(b""), 0x6A88),
        (commands.delete(INSTANCE, token=b"token"), 0x6A80),
        (Command(0x80, 0xE4, 0, 0, bytes.fromhex("4F03AA"), 256), 0x6A80),
        (Command(0x80, 0xE4, 0, 0, bytes.fromhex("4F00CC00"), 256), 0x6A80),
        (Command(0x80, 0xE4, 1, 0, bytes.fromhex("4F00"), 256), 0x6A86),
        (Command(0x80, 0xE4, 0, 1, bytes.fromhex("4F00"), 256), 0x6A86),
    ],
)
def test_item_16_deletions_that_cannot_be_leave_everything(command: Command, sw: int) -> None:
    element = with_notebook(manufactured())
    before = content(element)
    Session(element).expect(sw, command)
    assert content(element) == before


def test_item_16_a_tear_leaves_all_or_nothing() -> None:
    element = with_notebook(manufactured())
    session = Session(element)
    before = torn(element)
    session.do(commands.delete(PACKAGE, related=True))
    assert content(before).keys() == EMPTY.keys() | {DOMAIN, PACKAGE, INSTANCE}
    assert content(torn(element)).keys() == EMPTY.keys() | {DOMAIN}


def test_after_an_installation_that_never_answered_the_applet_is_deleted_and_loaded_again() -> None:
    element = manufactured()
    Session(element).do(*loading())  # then the phone was gone
    element = torn(element)
    Session(element).do(commands.delete(PACKAGE, related=True), *loading(), installing())
    assert content(element) == EMPTY | {PACKAGE: 0x01, INSTANCE: 0x07}
