"""Items 10 and 11: GET STATUS, and what a security domain may own when."""

import pytest

from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    MODULE,
    PACKAGE,
    Session,
    content,
    installing,
    loading,
    manufactured,
    registered,
    with_domain,
    with_notebook,
)
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import SECURITY_DOMAIN_PACKAGE_AID, Scope, Target

PUT_KEY = commands.put_key(DOMAIN_KEYS, dek=ISSUER_KEYS.dek)
PERSONALIZE = commands.set_status(Target.APPLICATION, 0x0F, DOMAIN)


def test_item_10_each_scope_lists_its_own() -> None:
    element = with_notebook(manufactured())
    assert registered(element, Scope.ISSUER_SECURITY_DOMAIN) == {ISD: 0x0F}
    assert registered(element, Scope.APPLICATIONS) == {DOMAIN: 0x0F, INSTANCE: 0x07}
    assert registered(element, Scope.LOAD_FILES) == {SECURITY_DOMAIN_PACKAGE_AID: 0x01, PACKAGE: 0x01}
    modules = commands.parse_status(Session(element).do(commands.get_status(Scope.LOAD_FILES_AND_MODULES)).data)
    assert {entry.aid: entry.modules for entry in modules}[PACKAGE] == (MODULE,)


def test_item_10_an_entry_tells_what_the_tag_list_asks() -> None:
    session = Session(with_notebook(manufactured()))
    status = commands.get_status(Scope.APPLICATIONS, INSTANCE, tags=commands.ALL_TAGS)
    (entry,) = commands.parse_status(session.do(status).data)
    assert (entry.package, entry.domain, entry.privileges) == (PACKAGE, DOMAIN, bytes(3))
    status = commands.get_status(Scope.LOAD_FILES, PACKAGE, tags=commands.ALL_TAGS)
    (entry,) = commands.parse_status(session.do(status).data)
    assert (entry.version, entry.modules, entry.domain) == ((1, 2), (MODULE,), DOMAIN)
    only_life_cycle = commands.get_status(Scope.LOAD_FILES, PACKAGE, tags=bytes.fromhex("9F70"))
    assert session.do(only_life_cycle).data == bytes.fromhex("E30D4F07") + PACKAGE + bytes.fromhex("9F700101")


def test_item_10_without_a_tag_list_there_are_aid_life_cycle_and_privileges() -> None:
    session = Session(manufactured())
    assert session.do(commands.get_status(0x80)).data == bytes.fromhex("E3134F08A0000001510000009F70010FC5039EFE80")


def test_item_10_a_search_is_by_the_beginning_of_the_aid() -> None:
    session = Session(with_notebook(manufactured()))
    found = commands.parse_status(session.do(commands.get_status(Scope.APPLICATIONS, INSTANCE[:5])).data)
    assert {entry.aid for entry in found} == {DOMAIN, INSTANCE}
    session.expect(0x6A88, commands.get_status(Scope.APPLICATIONS, b"\xff"))
    session.expect(0x6A80, Command(0x80, 0xF2, 0x40, 0x02, b"", 256))


def test_item_10_more_than_a_page_comes_in_pages() -> None:
    element = with_notebook(manufactured())
    many = [INSTANCE + bytes((number,)) for number in range(40)]
    Session(element).do(*(installing(aid) for aid in many))
    assert registered(element, Scope.APPLICATIONS).keys() == {DOMAIN, INSTANCE, *many}
    session = Session(element)
    session.expect(0x6310, commands.get_status(Scope.APPLICATIONS))
    session.expect(0x6310, commands.get_status(Scope.APPLICATIONS, following=True))
    # Another question in between ends the list.
    session.do(commands.get_status(Scope.ISSUER_SECURITY_DOMAIN))
    session.expect(0x6A80, commands.get_status(Scope.APPLICATIONS, following=True))


def test_item_10_next_without_first_and_the_deprecated_form_are_refused() -> None:
    session = Session(manufactured())
    session.expect(0x6A80, commands.get_status(Scope.LOAD_FILES, following=True))
    session.expect(0x6A86, Command(0x80, 0xF2, 0x80, 0x00, bytes.fromhex("4F00"), 256))
    session.expect(0x6A86, Command(0x80, 0xF2, 0x08, 0x02, bytes.fromhex("4F00"), 256))


def test_item_10_a_domain_sees_itself_and_what_is_below() -> None:
    element = with_notebook(manufactured())
    other = DOMAIN + b"\x01"
    Session(element).do(commands.install_ssd(other))
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    seen = commands.parse_status(session.do(commands.get_status(Scope.APPLICATIONS)).data)
    assert {entry.aid for entry in seen} == {DOMAIN, INSTANCE}
    assert [e.aid for e in commands.parse_status(session.do(commands.get_status(Scope.LOAD_FILES)).data)] == [PACKAGE]
    session.expect(0x6A88, commands.get_status(Scope.ISSUER_SECURITY_DOMAIN))


def test_item_11_a_domain_that_is_not_personalised_can_own_nothing() -> None:
    element = manufactured()
    Session(element).do(commands.install_ssd(DOMAIN))
    session = Session(element)
    session.expect(0x6985, loading(domain=DOMAIN)[0])
    Session(element, aid=DOMAIN).do(PUT_KEY)
    Session(element).expect(0x6985, loading(domain=DOMAIN)[0])
    Session(element, DOMAIN_KEYS, DOMAIN).do(PERSONALIZE)
    Session(element).do(*loading(domain=DOMAIN))


def test_item_11_a_domain_is_personalised_by_itself_once_and_with_keys_of_its_own() -> None:
    element = manufactured()
    Session(element).do(commands.install_ssd(DOMAIN))
    Session(element, aid=DOMAIN).expect(0x6985, PERSONALIZE)
    session = Session(element, aid=DOMAIN)
    session.do(PUT_KEY, PERSONALIZE)
    session.expect(0x6985, PERSONALIZE)
    assert registered(element, Scope.APPLICATIONS) == {DOMAIN: 0x0F}


def test_item_11_a_domain_without_management_privilege_loads_and_deletes_nothing() -> None:
    element = with_notebook(manufactured())
    before = content(element)
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    session.expect(
        0x6985,
        loading()[0],
        installing(b"another"),
        commands.install_ssd(b"another"),
        commands.delete(INSTANCE),
        commands.delete(PACKAGE, related=True),
    )
    assert content(element) == before


def test_an_application_belongs_to_its_load_files_domain_and_a_domain_to_its_maker() -> None:
    element = with_notebook(manufactured())
    session = Session(element)
    entries = commands.parse_status(session.do(commands.get_status(Scope.APPLICATIONS, tags=commands.ALL_TAGS)).data)
    assert {entry.aid: entry.domain for entry in entries} == {DOMAIN: ISD, INSTANCE: DOMAIN}


def test_an_installed_application_is_selectable_only_after_it_was_made_so() -> None:
    element = manufactured()
    session = Session(element)
    session.do(*loading(), commands.install_for_install(PACKAGE, MODULE, INSTANCE))
    assert registered(element, Scope.APPLICATIONS) == {INSTANCE: 0x03}
    assert element.transmit(commands.select(INSTANCE).encode()) == bytes.fromhex("6A82")
    session = Session(element)
    session.do(commands.install_for_make_selectable(INSTANCE))
    session.expect(0x6985, commands.install_for_make_selectable(INSTANCE))
    session.expect(
        0x6A88, commands.install_for_make_selectable(PACKAGE), commands.install_for_make_selectable(b"none!")
    )
    assert element.transmit(commands.select(INSTANCE).encode())[-2:] == bytes.fromhex("9000")


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        (installing(PACKAGE), 0x6985),
        (installing(DOMAIN), 0x6985),
        (installing(ISD), 0x6985),
        (installing(b"four"), 0x6A80),
        (installing(b"x" * 17), 0x6A80),
        (installing(b"fresh", b"refuse"), 0x6A84),
        (installing(b"fresh", b"fault"), 0x6A80),
        (commands.install_for_install(b"nothing", MODULE, b"fresh"), 0x6A88),
        (commands.install_for_install(PACKAGE, b"nothing", b"fresh"), 0x6A88),
        (commands.install_for_install(PACKAGE, MODULE, b"fresh", privileges=b"\x80"), 0x6A80),
        (commands.install_for_install(PACKAGE, MODULE, b"fresh", privileges=b"\x00\x00"), 0x6A80),
        (commands.install_for_install(PACKAGE, MODULE, b"fresh", privileges=b"\x02"), 0x6A80),
        (commands.install_for_install(PACKAGE, MODULE, b"fresh", token=b"token"), 0x6A80),
        (commands.install_ssd(b"fresh", privileges=b"\x00"), 0x6A80),
        (commands.install_ssd(b"fresh", privileges=b"\x82"), 0x6A80),
        (commands.install_ssd(b"fresh", privileges=b"\xa0\x40\x00"), 0x6A80),
        (commands.install_ssd(b"fresh", parameter_i=0x10), 0x6A80),
        (Command(0x80, 0xE6, 0x0C, 0x00, b"\x07", 256), 0x6A80),
        (Command(0x80, 0xE6, 0x0C, 0x00, b"", 256), 0x6A80),
        (Command(0x80, 0xE6, 0x0C, 0x01, b"", 256), 0x6A86),
        (Command(0x80, 0xE6, 0x20, 0x00, b"", 256), 0x6A80),
        (Command(0x80, 0xE6, 0x01, 0x00, b"", 256), 0x6A86),
    ],
)
def test_installations_that_cannot_be_leave_everything_as_it_was(command: Command, sw: int) -> None:
    element = with_notebook(manufactured())
    before = content(element)
    Session(element).expect(sw, command)
    assert content(element) == before


def test_install_parameters_need_c9() -> None:
    element = manufactured()
    fields = bytes.fromhex("07") + PACKAGE + bytes.fromhex("07") + MODULE + bytes.fromhex("07") + INSTANCE
    Session(element).do(*loading())
    Session(element).expect(0x6A80, Command(0x80, 0xE6, 0x0C, 0x00, fields + bytes.fromhex("01000000"), 256))


def test_an_instance_without_a_name_takes_its_modules() -> None:
    element = manufactured()
    Session(element).do(*loading(), installing(b""))
    assert registered(element, Scope.APPLICATIONS) == {MODULE: 0x07}


def test_a_domain_given_one_privilege_byte_gets_trusted_path() -> None:
    element = with_domain(manufactured())
    session = Session(element)
    session.do(commands.install_ssd(b"another", privileges=b"\x80"))
    (entry,) = commands.parse_status(session.do(commands.get_status(Scope.APPLICATIONS, b"another")).data)
    assert entry.privileges == bytes.fromhex("808000")
