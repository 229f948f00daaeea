"""Item 9: a key set that is tried wrongly too often is blocked, and stays so without power."""

import pytest

from sandbox.virtual.element import Element
from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    INSTANCE,
    ISD,
    ISSUER_KEYS,
    OK,
    Session,
    manufactured,
    sent,
    torn,
    with_notebook,
)
from tsm.globalplatform import commands, scp03
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import KeySet

STATUS = commands.get_status(0x80)
INITIALIZE = "8050300008" + "00" * 9


def _fail(element: Element, keys: KeySet = ISSUER_KEYS, aid: bytes = ISD) -> int:
    """Return the status word of an EXTERNAL AUTHENTICATE with a wrong cryptogram, or of INITIALIZE UPDATE."""
    assert sent(element, commands.select(aid)).sw == OK
    initialized = sent(element, Command(0x80, 0x50, keys.version, 0x00, bytes(8), 256))
    if initialized.sw != OK:
        return initialized.sw
    return sent(element, Command(0x84, 0x82, 0x33, 0x00, bytes(16))).sw


def test_item_9_wrong_keys_block_the_set_across_power_cycles() -> None:
    element = manufactured(policy=Policy(key_tries=3))
    for _ in range(3):
        assert _fail(element) == 0x6300
        element = torn(element)
    assert _fail(element) == 0x6983
    with pytest.raises(scp03.KeySetBlocked):
        Session(torn(element))


def test_item_9_success_gives_the_tries_back_and_only_the_key_set_tried_is_blocked() -> None:
    element = with_notebook(manufactured(policy=Policy(key_tries=3)))
    for _ in range(4):
        assert [_fail(element, DOMAIN_KEYS, DOMAIN), _fail(element, DOMAIN_KEYS, DOMAIN)] == [0x6300, 0x6300]
        Session(element, DOMAIN_KEYS, DOMAIN)
    assert [_fail(element, DOMAIN_KEYS, INSTANCE) for _ in range(4)] == [0x6300, 0x6300, 0x6300, 0x6983]
    Session(element)


def test_item_9_initialize_update_alone_costs_no_try() -> None:
    element = manufactured(policy=Policy(key_tries=1))
    for _ in range(5):
        assert sent(element, INITIALIZE).sw == OK
    Session(element).do(STATUS)
