"""The phone's variant where it lives: loaded into an element, personalised over SCP03, used without a session."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.virtual.element import Element
from tests.sandbox.virtual_card.conversation import (
    SELECT,
    SELECT_AUTH_PIN,
    SELECT_SIGN_PASSWORD,
    VERIFY_1234,
    VERIFY_WRONG,
    change,
    read_file,
    say,
    verify,
)
from tests.sandbox.virtual_card.element import NATIVES, Session, delivered, personalised
from tsm import jpki
from tsm.jpki import Key

STATUS = "80CADF4000"


@pytest.fixture(scope="module")
def state() -> bytes:
    return personalised().snapshot()


@pytest.fixture
def element(state: bytes) -> Element:
    element = Element.restore(state, NATIVES)
    element.power_on()
    assert say(element, SELECT) == "9000"
    return element


def test_the_status_is_told_without_a_session() -> None:
    assert say(delivered(), SELECT, STATUS) == "DF400500000000009000"


def test_personalisation_in_clear_is_refused() -> None:
    element = delivered()
    assert say(element, SELECT, "8047009700") == "6982"
    assert say(element, "80A4020C020001") == "6982"
    assert say(element, STATUS) == "DF400500000000009000"


def test_the_public_key_comes_over_r_enc_in_two_parts(element: Element) -> None:
    """270 bytes of clear answer, more than one response carries once it is encrypted."""
    answer = Session(element, jpki.AID, counter=3).send(jpki.read_public_key(Key.SIGNATURE))
    assert len(answer.data) == 270
    assert jpki.public_key_from_7f49(answer.data)


def test_a_phone_from_first_password_to_signature(element: Element) -> None:
    assert say(element, STATUS) == "DF400503030000009000"
    assert say(element, SELECT_AUTH_PIN, change("1234")) == "9000"
    assert say(element, SELECT_SIGN_PASSWORD, change("ABC123")) == "9000"
    assert say(element, STATUS) == "DF400503030101359000"
    assert say(element, SELECT_AUTH_PIN, VERIFY_1234, SELECT_SIGN_PASSWORD, verify("ABC123")) == "9000"
    for key in Key:
        certificate = x509.load_der_x509_certificate(read_file(element, key.certificate_file))
        public_key = certificate.public_key()
        assert isinstance(public_key, rsa.RSAPublicKey)
        info = jpki.digest_info(hashlib.sha256(b"text").digest())
        signed = element.transmit(jpki.sign(info, key).encode())
        assert signed[-2:] == b"\x90\x00"
        public_key.verify(signed[:-2], b"text", padding.PKCS1v15(), SHA256())


def test_a_blocked_pin_is_returned_by_the_tsm_and_set_again(element: Element) -> None:
    say(element, SELECT_AUTH_PIN, change("1234"), *[VERIFY_WRONG] * 3)
    assert say(element, VERIFY_1234) == "6984"
    assert Session(element, jpki.AID, counter=3).send(jpki.return_to_not_set(Key.AUTHENTICATION)).ok
    assert say(element, SELECT, SELECT_AUTH_PIN, change("5678"), verify("5678")) == "9000"


def test_counters_and_passwords_survive_the_snapshot(element: Element) -> None:
    say(element, SELECT_AUTH_PIN, change("1234"), VERIFY_WRONG)
    again = Element.restore(element.snapshot(), NATIVES)
    again.power_on()
    assert say(again, SELECT, SELECT_AUTH_PIN, "00200080") == "63C2"
    assert say(again, VERIFY_1234) == "9000"
    again.power_on()
    assert say(again, SELECT, "802A009701AA00") == "6982"
