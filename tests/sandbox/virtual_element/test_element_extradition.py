"""Item 13: who lets go, who accepts; and registry updates, privileges and restrictions."""

import pytest

from sandbox.virtual.element import Element
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
    sent,
    torn,
    with_notebook,
)
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Scope, Target

OTHER = DOMAIN + b"\x02"


def domain_with(aid: bytes, parameters: str, privileges: str = "800000") -> Command:
    return commands.install_for_install_and_make_selectable(
        commands.SECURITY_DOMAIN_PACKAGE_AID,
        commands.SECURITY_DOMAIN_MODULE_AID,
        aid,
        privileges=bytes.fromhex(privileges),
        application_parameters=bytes.fromhex(parameters),
    )


def personalise(element: Element, aid: bytes) -> None:
    Session(element, aid=aid).do(
        commands.put_key(DOMAIN_KEYS, dek=ISSUER_KEYS.dek), commands.set_status(Target.APPLICATION, 0x0F, aid)
    )


def extradite(aid: bytes, to: bytes) -> Command:
    return Command(0x80, 0xE6, 0x10, 0x00, tlv.encode_fields(to, b"", aid, b"", b"", b""), 256)


def update(aid: bytes, *, to: bytes = b"", privileges: str = "", parameters: str = "") -> Command:
    fields = tlv.encode_fields(to, b"", aid, bytes.fromhex(privileges), bytes.fromhex(parameters), b"")
    return Command(0x80, 0xE6, 0x40, 0x00, fields, 256)


def domain_of(element: Element, aid: bytes) -> bytes | None:
    session = Session(element)
    for scope in (Scope.APPLICATIONS, Scope.LOAD_FILES):
        answer = session.send(commands.get_status(scope, aid, tags=commands.ALL_TAGS))
        for entry in commands.parse_status(answer.data):
            if entry.aid == aid:
                return entry.domain
    return None


@pytest.mark.parametrize("lets_go", ["", "87020000", "87022000", "87020020", "870120"])
@pytest.mark.parametrize("accepts", ["", "82020000", "82022000", "82020020", "820120"])
@pytest.mark.parametrize("aid", [INSTANCE, PACKAGE])
def test_item_13_the_issuer_moves_what_one_domain_lets_go_and_the_other_accepts(
    lets_go: str, accepts: str, aid: bytes
) -> None:
    element = manufactured()
    Session(element).do(domain_with(DOMAIN, "81020370" + lets_go), domain_with(OTHER, "81020370" + accepts))
    personalise(element, DOMAIN)
    personalise(element, OTHER)
    Session(element).do(*loading(domain=DOMAIN), installing())
    byte = -2 if aid == INSTANCE else -1

    def says_yes(parameter: str) -> bool:
        value = bytes.fromhex(parameter)[2:]
        return bool(value and (value[-1] if len(value) == 1 else value[byte]))

    allowed = says_yes(lets_go) and says_yes(accepts)
    Session(element).expect(0x9000 if allowed else 0x6985, extradite(aid, OTHER))
    assert domain_of(torn(element), aid) == (OTHER if allowed else DOMAIN)


def test_item_13_what_is_ones_own_needs_only_the_others_acceptance_and_the_issuer_takes_everything() -> None:
    element = manufactured()
    Session(element).do(domain_with(DOMAIN, "81020370", "804000"))
    personalise(element, DOMAIN)
    session = Session(element, DOMAIN_KEYS, DOMAIN)
    session.do(*loading(domain=DOMAIN), installing(), extradite(INSTANCE, ISD))
    session.expect(0x6A88, extradite(INSTANCE, DOMAIN))
    assert domain_of(element, INSTANCE) == ISD


def test_item_13_what_cannot_be_moved() -> None:
    element = with_notebook(manufactured())
    Session(element).do(domain_with(OTHER, "81020370820120"))
    session = Session(element)
    session.expect(
        0x6985,
        extradite(INSTANCE, OTHER),  # not personalised
        extradite(commands.SECURITY_DOMAIN_PACKAGE_AID, DOMAIN),
        extradite(DOMAIN, DOMAIN),
    )
    session.expect(
        0x6A88,
        extradite(b"nothing", DOMAIN),
        extradite(INSTANCE, b"nobody"),
        extradite(INSTANCE, PACKAGE),
        extradite(ISD, DOMAIN),
    )
    fields = tlv.encode_fields(DOMAIN, b"x", INSTANCE, b"", b"", b"")
    session.expect(0x6A80, Command(0x80, 0xE6, 0x10, 0x00, fields, 256))
    Session(element, DOMAIN_KEYS, DOMAIN).expect(0x6985, extradite(INSTANCE, ISD))


def test_a_domain_goes_under_another_one_but_never_under_itself() -> None:
    element = with_notebook(manufactured())
    Session(element).do(domain_with(OTHER, "81020370820120"))
    personalise(element, OTHER)
    Session(element).do(extradite(DOMAIN, OTHER))
    Session(element).expect(0x6985, extradite(OTHER, DOMAIN))
    found = commands.parse_status(Session(element, DOMAIN_KEYS, OTHER).do(commands.get_status(0x40)).data)
    assert {entry.aid for entry in found} == {OTHER, DOMAIN, INSTANCE}


def test_a_registry_update_is_all_or_nothing() -> None:
    element = with_notebook(manufactured())
    session = Session(element)
    session.expect(0x6A80, update(INSTANCE, to=ISD, privileges="800000"), update(PACKAGE, privileges="04"))
    session.expect(0x6A80, update(INSTANCE, privileges="04", parameters="EF03D90101"))
    session.expect(0x6A88, update(b"nothing", privileges="04"))
    session.expect(0x6A80, update(b"", to=DOMAIN), update(DOMAIN, parameters="EF04D9020101"))
    assert domain_of(element, INSTANCE) == DOMAIN
    Session(element).do(update(INSTANCE, to=ISD, privileges="04"))
    assert domain_of(element, INSTANCE) == ISD


def test_card_reset_is_one_entrys_and_falls_back_to_the_issuer() -> None:
    element = with_notebook(manufactured())
    Session(element).do(update(INSTANCE, privileges="040000"))
    element = torn(element)
    element.power_on()
    assert sent(element, "8011000000").data == b"first"  # selected by the reset
    (issuer,) = commands.parse_status(Session(element).do(commands.get_status(0x80)).data)
    assert issuer.privileges.hex() == "9afe80"
    Session(element).do(commands.delete(INSTANCE))
    element.power_on()
    assert sent(element, commands.get_data(0x66)).ok
    (issuer,) = commands.parse_status(Session(element).do(commands.get_status(0x80)).data)
    assert issuer.privileges.hex() == "9efe80"


def test_an_applet_that_refuses_to_be_selected_by_the_reset_leaves_the_issuer_there() -> None:
    element = manufactured()
    stubborn = commands.install_for_install_and_make_selectable(
        PACKAGE, MODULE, INSTANCE, privileges=b"\x04", application_parameters=b"never"
    )
    Session(element).do(*loading(), stubborn)
    element.power_on()
    assert sent(element, commands.get_data(0x66)).ok


@pytest.mark.parametrize(
    ("bit", "command"),
    [
        (0x02, loading()[0]),
        (0x04, commands.install_ssd(OTHER)),
        (0x08, commands.install_ssd(OTHER)),
        (0x10, extradite(INSTANCE, ISD)),
        (0x20, Command(0x80, 0xE6, 0x20, 0x00, tlv.encode_fields(b"", b"", INSTANCE, b"", b"", b""), 256)),
        (0x40, update(INSTANCE, privileges="00")),
        (0x01, commands.delete(INSTANCE)),
    ],
)
def test_a_restricted_right_is_gone_for_ever(bit: int, command: Command) -> None:
    element = with_notebook(manufactured())
    Session(element).do(update(b"", parameters=f"EF03D901{bit:02X}"))
    Session(torn(element)).expect(0x6985, command)
    own = with_notebook(manufactured())
    Session(own).do(update(ISD, parameters=f"EF03D901{bit:02X}"))
    Session(own).expect(0x6985, command)


def test_only_the_issuer_restricts_everybody() -> None:
    element = manufactured()
    Session(element).do(domain_with(DOMAIN, "81020370", "804000"))
    personalise(element, DOMAIN)
    Session(element, DOMAIN_KEYS, DOMAIN).expect(0x6985, update(b"", parameters="EF03D90101"))


def test_global_privileges_reach_outside_ones_own_hierarchy() -> None:
    element = with_notebook(manufactured())
    Session(element).do(domain_with(OTHER, "81020370", "80 50 00"), commands.get_status(0x80))
    personalise(element, OTHER)
    strong = Session(element, DOMAIN_KEYS, OTHER)
    strong.expect(0x6A88, commands.get_status(Scope.LOAD_FILES, PACKAGE), commands.set_status(0x40, 0x80, INSTANCE))
    Session(element).do(update(OTHER, privileges="805C00"))
    strong = Session(element, DOMAIN_KEYS, OTHER)
    strong.do(commands.get_status(Scope.LOAD_FILES, PACKAGE), commands.get_status(0x80))
    strong.do(commands.set_status(0x40, 0x80, INSTANCE), commands.set_status(0x40, 0x00, INSTANCE))
    strong.do(commands.delete(PACKAGE, related=True))
    assert PACKAGE not in content(element)


def test_what_a_domain_below_holds_is_deleted_with_its_acceptance() -> None:
    for parameters, sw in (("81020370", 0x6985), ("81020370830120", 0x9000)):
        element = manufactured()
        Session(element).do(domain_with(OTHER, "81020370820120", "804000"), domain_with(DOMAIN, parameters))
        personalise(element, OTHER)
        personalise(element, DOMAIN)
        Session(element).do(extradite(DOMAIN, OTHER), *loading(domain=DOMAIN))
        Session(element, DOMAIN_KEYS, OTHER).expect(sw, commands.delete(PACKAGE))
