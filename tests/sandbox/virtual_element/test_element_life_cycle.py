"""Item 17 and the life cycles of card, domains and applications."""

import pytest

from sandbox.virtual import registry
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    Session,
    installing,
    key_set,
    loading,
    manufactured,
    registered,
    sent,
    torn,
    with_notebook,
)
from tsm.globalplatform import commands
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Scope, Target


def card(state: int) -> Command:
    return commands.set_status(Target.CARD, state, ISD)


def lock(aid: bytes, state: int = 0x80, target: int = Target.APPLICATION) -> Command:
    return commands.set_status(target, state, aid)


def test_the_card_goes_from_op_ready_to_secured_one_way() -> None:
    element = manufactured(life_cycle=registry.OP_READY)
    session = Session(element)
    session.expect(0x6985, card(registry.SECURED), card(registry.OP_READY), card(registry.CARD_LOCKED), card(0x55))
    session.do(card(registry.INITIALIZED), card(registry.SECURED))
    session.expect(0x6985, card(registry.INITIALIZED), card(registry.SECURED))
    assert registered(element, Scope.ISSUER_SECURITY_DOMAIN) == {ISD: registry.SECURED}


def test_item_17_a_locked_card_lets_nothing_be_managed_but_itself() -> None:
    element = with_notebook(manufactured())
    Session(element).do(card(registry.CARD_LOCKED))
    element = torn(element)
    assert sent(element, commands.select()).sw == 0x6283
    assert sent(element, commands.select(INSTANCE)).sw == 0x6A82
    assert sent(element, commands.select(DOMAIN)).sw == 0x6A82
    session = Session(element)
    session.do(commands.get_data(0x66), commands.get_status(0x80))
    session.expect(
        0x6985,
        loading()[0],
        loading()[1],
        installing(b"fresh"),
        commands.delete(INSTANCE),
        commands.put_key(key_set("N", 0x31), dek=ISSUER_KEYS.dek),
    )
    session.do(card(registry.SECURED))
    assert sent(element, commands.select(INSTANCE)).sw == 0x9000


def test_item_17_an_applet_in_use_on_another_channel_stops_when_the_card_is_locked() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.open_channel())
    assert sent(element, "01A4040007" + INSTANCE.hex()).sw == 0x9000
    Session(element).do(card(registry.CARD_LOCKED))
    assert sent(element, "8111000000").sw == 0x6985


def test_item_17_a_terminated_card_answers_get_data_only_and_for_ever() -> None:
    element = with_notebook(manufactured())
    session = Session(element)
    session.do(card(registry.TERMINATED))
    for left in (element, torn(element)):
        left.power_on()
        assert sent(left, commands.get_data(0x66)).sw == 0x9000
        for command in (commands.select(), commands.select(INSTANCE), commands.open_channel()):
            assert sent(left, command).sw == 0x6985
        assert sent(left, "8050300008" + "00" * 9).sw == 0x6985


def test_a_domain_cannot_lock_or_terminate_the_card() -> None:
    session = Session(with_notebook(manufactured()), DOMAIN_KEYS, DOMAIN)
    session.expect(0x6985, card(registry.CARD_LOCKED), card(registry.TERMINATED))


@pytest.mark.parametrize("keys", ["issuer", "domain"])
def test_an_application_is_locked_and_unlocked_by_those_above_it(keys: str) -> None:
    element = with_notebook(manufactured())
    session = Session(element) if keys == "issuer" else Session(element, DOMAIN_KEYS, DOMAIN)
    session.do(lock(INSTANCE))
    session.expect(0x6985, lock(INSTANCE))
    assert registered(element, Scope.APPLICATIONS)[INSTANCE] == 0x87
    assert sent(element, commands.select(INSTANCE)).sw == 0x6A82
    session = Session(element)
    session.do(lock(INSTANCE, 0x00))
    session.expect(0x6985, lock(INSTANCE, 0x00))
    assert sent(element, commands.select(INSTANCE)).sw == 0x9000


def test_a_locked_domain_serves_nobody_and_comes_back_as_it_was() -> None:
    element = with_notebook(manufactured())
    Session(element).do(lock(DOMAIN))
    assert sent(element, commands.select(DOMAIN)).sw == 0x6A82
    assert sent(element, commands.select(INSTANCE)).sw == 0x9000
    assert sent(element, "8050300008" + "00" * 9).sw == 0x6985
    session = Session(element)
    session.expect(0x6985, installing(b"fresh"))
    session.do(lock(DOMAIN, 0x00))
    assert registered(element, Scope.APPLICATIONS)[DOMAIN] == 0x0F
    Session(element, DOMAIN_KEYS, DOMAIN)


def test_a_domain_is_locked_with_all_that_it_holds() -> None:
    element = with_notebook(manufactured())
    session = Session(element)
    session.do(lock(DOMAIN, 0x80, Target.SECURITY_DOMAIN_AND_APPLICATIONS))
    assert registered(element, Scope.APPLICATIONS) == {DOMAIN: 0x8F, INSTANCE: 0x87}
    session = Session(element)
    session.expect(0x6985, lock(DOMAIN, 0x80, Target.SECURITY_DOMAIN_AND_APPLICATIONS))
    session.do(lock(DOMAIN, 0x00, Target.SECURITY_DOMAIN_AND_APPLICATIONS))
    assert registered(element, Scope.APPLICATIONS) == {DOMAIN: 0x0F, INSTANCE: 0x07}


def test_states_are_set_only_within_ones_own_hierarchy() -> None:
    element = with_notebook(manufactured())
    other = DOMAIN + b"\x01"
    Session(element).do(commands.install_ssd(other))
    Session(element, DOMAIN_KEYS, DOMAIN).expect(0x6A88, lock(other), lock(ISD), lock(b"nothing"))
    session = Session(element)
    session.expect(0x6A88, lock(ISD), lock(b"nothing"), lock(commands.SECURITY_DOMAIN_PACKAGE_AID))
    session.expect(0x6A80, lock(INSTANCE, 0x80, Target.SECURITY_DOMAIN_AND_APPLICATIONS))
    session.expect(0x6A86, commands.set_status(0x20, 0x80, INSTANCE))


def test_an_applet_locked_while_it_is_selected_stops_at_once() -> None:
    element = with_notebook(manufactured())
    sent(element, commands.open_channel())
    assert sent(element, "01A4040007" + INSTANCE.hex()).sw == 0x9000
    Session(element).do(lock(INSTANCE))
    assert sent(element, "8111000000").sw == 0x6985
