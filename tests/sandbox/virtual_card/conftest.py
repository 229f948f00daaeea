import copy

import pytest

from sandbox.virtual.card import MyNumberCard
from tests.sandbox.virtual_card.throwaway import ca_certificate, certificate
from tsm.jpki import File, Key

PIN, PASSWORD = "1234", "ABC123"


@pytest.fixture(scope="session")
def issued_card() -> bytes:
    """The state of a card with both keys and four certificates."""
    card = MyNumberCard.manufacture(authentication_pin=PIN, signature_password=PASSWORD, serial_number="20500003")
    card.write_certificates(
        {
            File.SIGNATURE_CERTIFICATE: certificate(card.public_key(Key.SIGNATURE), "sign"),
            File.SIGNATURE_CA_CERTIFICATE: ca_certificate("sign CA"),
            File.AUTHENTICATION_CERTIFICATE: certificate(card.public_key(Key.AUTHENTICATION), "auth"),
            File.AUTHENTICATION_CA_CERTIFICATE: ca_certificate("auth CA"),
        }
    )
    return card.snapshot()


@pytest.fixture
def card(issued_card: bytes) -> MyNumberCard:
    """A card of its own for every test, powered."""
    card = MyNumberCard.restore(copy.copy(issued_card))
    card.power_on()
    return card
