"""The phone's variant where it lives: loaded into an element, personalised over SCP03, used without a session."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.virtual import data_groups
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
from tests.sandbox.virtual_card.throwaway import ca_certificate, certificate
from tsm import jpki
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command, Response
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
    say(element, SELECT_SIGN_PASSWORD, change("ABC123"), SELECT_AUTH_PIN, change("1234"), VERIFY_WRONG)
    again = Element.restore(element.snapshot(), NATIVES)
    again.power_on()
    assert say(again, SELECT, SELECT_AUTH_PIN, "00200080") == "63C2"
    assert say(again, VERIFY_1234) == "9000"
    again.power_on()
    assert say(again, SELECT, "802A009701AA00") == "6982"


# --- personalised by STORE DATA through its security domain


def store(session: Session, groups: bytes, *, answered: bool = False, size: int = 230) -> Response:
    """Send data groups in blocks after INSTALL [for personalization]; return the last answer."""
    assert session.send(commands.install_for_personalization(jpki.AID)).ok
    *first, last = commands.store_data(groups, size=size, answered=answered)
    for command in first:
        assert session.send(command).ok
    return session.send(last)


@pytest.mark.parametrize("size", [17, 100, 230])
def test_the_applet_is_personalised_by_store_data_alone(size: int) -> None:
    element = delivered()
    session = Session(element, commands.ISSUER_SECURITY_DOMAIN_AID, counter=2)
    for key in Key:
        challenge = bytes([key]) * 32
        answer = store(session, data_groups.encode(key, challenge), answered=True)
        template, proof = tlv.parse(answer.data)
        public_key = jpki.public_key_from_7f49(template.encode())
        jpki.check_proof(key, public_key, challenge, proof.value)
        # Sent again after a lost answer: the same key, proven again.
        again = store(session, data_groups.encode(key, bytes(32)), answered=True)
        assert tlv.parse(again.data)[0] == template
        files = {key.certificate_file: certificate(public_key, key.name), key.ca_certificate_file: ca_certificate("CA")}
        groups = b"".join(data_groups.encode(file, der) for file, der in files.items())
        assert store(session, groups, size=size).ok
    element.power_on()
    assert say(element, SELECT, STATUS)[:10] == "DF40050303"
    assert say(element, SELECT_AUTH_PIN, change("1234"), SELECT_SIGN_PASSWORD, change("ABC123")) == "9000"
    assert say(element, SELECT, SELECT_AUTH_PIN, VERIFY_1234) == "9000"
    assert read_file(element, jpki.File.AUTHENTICATION_CA_CERTIFICATE)[:2] == b"\x30\x82"


def test_store_data_writes_neither_keys_nor_passwords_nor_half_a_certificate() -> None:
    element = delivered()
    session = Session(element, commands.ISSUER_SECURITY_DOMAIN_AID, counter=2)
    before = element.snapshot()
    for file in (jpki.File.AUTHENTICATION_PIN, jpki.File.SIGNATURE_KEY, jpki.File.TOKEN_INFO):
        assert store(session, data_groups.encode(file, b"1234")).sw == 0x6A80
    whole = data_groups.encode(jpki.File.AUTHENTICATION_CERTIFICATE, ca_certificate("x"))
    assert store(session, whole[:-1]).sw == 0x6A80
    assert store(session, whole + data_groups.encode(0x7777, b"x")).sw == 0x6A80
    assert store(session, data_groups.encode(jpki.File.AUTHENTICATION_CERTIFICATE, bytes(4097))).sw == 0x6A84
    assert store(session, data_groups.encode(Key.SIGNATURE, bytes(32))).sw == 0x6A86  # no answer asked for
    assert store(session, data_groups.encode(Key.SIGNATURE, bytes(31)), answered=True).sw == 0x6A80
    assert session.send(commands.install_for_personalization(jpki.AID)).ok
    assert session.send(Command(0x80, 0xE2, 0x90, 0x00, whole[:100])).sw == 0x6A86  # not in data groups
    assert element.snapshot() == before


# --- taken over by its holder


def test_no_key_is_used_until_both_passwords_are_set_and_then_each_rests_alone(element: Element) -> None:
    sign = {key: jpki.sign(jpki.digest_info(bytes(32)), key).encode().hex() for key in Key}
    assert say(element, SELECT_AUTH_PIN, change("1234"), VERIFY_1234, sign[Key.AUTHENTICATION]) == "6985"
    assert say(element, SELECT_SIGN_PASSWORD, change("ABC123")) == "9000"
    element = Element.restore(element.snapshot(), NATIVES)
    element.power_on()
    assert say(element, SELECT, SELECT_AUTH_PIN, VERIFY_1234, sign[Key.AUTHENTICATION]).endswith("9000")
    assert Session(element, jpki.AID, counter=3).send(jpki.return_to_not_set(Key.SIGNATURE)).ok
    assert say(element, SELECT, SELECT_AUTH_PIN, VERIFY_1234, sign[Key.SIGNATURE]) == "6985"
    assert say(element, sign[Key.AUTHENTICATION]).endswith("9000")
