"""Yubico's client for GlobalPlatform security domains (yubikit, of yubikey-manager) manages the element, unchanged.

It comes with the card readers (requirements-pcsc.lock), as it needs pyscard itself; with CI=true it must be there.
"""

import importlib
import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.virtual.element import Element
from sandbox.virtual.make import Policy
from tests.sandbox.virtual_element.workbench import ISSUER_KEYS, NATIVES, manufactured

if os.environ.get("CI") != "true":
    pytest.importorskip("yubikit", reason="yubikit (package yubikey-manager) is not installed")
smartcard = importlib.import_module("yubikit.core.smartcard")
scp = importlib.import_module("yubikit.core.smartcard.scp")
securitydomain = importlib.import_module("yubikit.securitydomain")

NEW = scp.StaticKeys(b"E" * 16, b"M" * 16, b"D" * 16)


class Wire(smartcard.SmartCardConnection):  # type: ignore[misc]
    """A connection to an element in this process."""

    def __init__(self, element: Element) -> None:
        self.element = element
        element.power_on()

    @property
    def transport(self) -> Any:
        return smartcard.TRANSPORT.NFC

    def send_and_receive(self, apdu: bytes) -> tuple[bytes, int]:
        answer = self.element.transmit(bytes(apdu))
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    def close(self) -> None:
        self.element.power_on()


def authenticated(element: Element, keys: Any = None, version: int = 0x30) -> Any:
    session = securitydomain.SecurityDomainSession(Wire(element))
    static = keys or scp.StaticKeys(*ISSUER_KEYS.keys)
    session.authenticate(scp.Scp03KeyParams(scp.KeyRef(0x01, version), static))
    return session


@pytest.fixture(params=[0x60, 0x70])
def element(request: pytest.FixtureRequest) -> Element:
    return manufactured(policy=Policy(parameter_i=request.param, minimum_level=0x33))


def test_it_reads_what_an_element_tells_everybody(element: Element) -> None:
    session = securitydomain.SecurityDomainSession(Wire(element))
    assert session.get_card_recognition_data().startswith(bytes.fromhex("06072A864886FC6B01"))
    assert session.get_key_information() == {scp.KeyRef(kid, 0x30): {0x88: 16} for kid in (1, 2, 3)}


def test_it_rotates_scp03_keys(element: Element) -> None:
    authenticated(element).put_key(scp.KeyRef(0x01, 0x31), NEW)
    session = authenticated(element, NEW, 0x31)
    session.delete_key(kvn=0x30)
    assert session.get_key_information() == {scp.KeyRef(kid, 0x31): {0x88: 16} for kid in (1, 2, 3)}
    replaced = scp.StaticKeys(b"e" * 16, b"m" * 16, b"d" * 16)
    session.put_key(scp.KeyRef(0x01, 0x31), replaced, replace_kvn=0x31)
    authenticated(Element.restore(element.snapshot(), NATIVES), replaced, 0x31)


def test_it_puts_ecc_keys_public_and_private(element: Element) -> None:
    session = authenticated(element)
    private = ec.generate_private_key(ec.SECP256R1())
    session.put_key(scp.KeyRef(0x01, 0x70), private.public_key())
    session.put_key(scp.KeyRef(0x01, 0x71), private)
    known = session.get_key_information()
    assert known[scp.KeyRef(0x01, 0x70)].keys() == {0xB0, 0xF0}
    assert known[scp.KeyRef(0x01, 0x71)].keys() == {0xB1, 0xF0}


def test_it_is_told_that_its_keys_are_wrong(element: Element) -> None:
    with pytest.raises(Exception, match="Incorrect SCP parameters"):
        authenticated(element, NEW)
    authenticated(element)
