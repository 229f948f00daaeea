"""OpenSC, unchanged, reads the virtual card and the virtual phone through pcscd, and signs with both."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from tests.pcsc.conftest import Reader, inserted, run
from tests.sandbox.virtual_card.conversation import (
    SELECT,
    SELECT_AUTH_PIN,
    SELECT_SIGN_PASSWORD,
    VERIFY_WRONG,
    change,
    say,
    verify,
)
from tests.sandbox.virtual_card.element import personalised
from tests.sandbox.virtual_card.throwaway import certificate
from tsm.jpki import Key

AUTH, SIGN = ("01", "1234"), ("02", "ABC123")


@pytest.fixture
def card(reader: Reader, issued_card: bytes) -> MyNumberCard:
    return MyNumberCard.restore(issued_card)


@pytest.fixture(scope="module")
def phone(reader: Reader) -> Element:
    """A secure element, all of it, whose JPKI applet was personalised over SCP03."""
    element = personalised()
    assert say(element, SELECT, SELECT_AUTH_PIN, change("1234")) == "9000"
    assert say(element, SELECT_SIGN_PASSWORD, change("ABC123")) == "9000"
    return element


def sign_and_verify(tmp_path: Path, key: tuple[str, str], public_key: bytes) -> None:
    """Sign a text with pkcs11-tool on slot 0 (authentication) or 1 (signature), verify it with openssl."""
    identifier, password = key
    text, signature, pem = tmp_path / "text", tmp_path / "signature", tmp_path / "public.pem"
    text.write_bytes(b"The text to be signed.\n")
    pem.write_bytes(public_key)
    token = {"01": "User Authentication", "02": "Digital Signature"}[identifier]
    slots = run("pkcs11-tool", "--list-slots").stdout.decode()
    label = next(
        line.split(":", 1)[1].strip() for line in slots.splitlines() if "token label" in line and token in line
    )
    run(
        *("pkcs11-tool", "--token-label", label, "--login", "--pin", password),
        *("--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", identifier),
        *("--input-file", str(text), "--output-file", str(signature)),
    )
    verdict = run("openssl", "dgst", "-sha256", "-verify", str(pem), "-signature", str(signature), str(text))
    assert verdict.stdout == b"Verified OK\n"


def public_pem(der_or_pem: bytes) -> bytes:
    loaded = x509.load_pem_x509_certificate(der_or_pem).public_key()
    return loaded.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_the_card_is_known_by_name(reader: Reader, card: MyNumberCard) -> None:
    with inserted(reader, card):
        assert run("opensc-tool", "-n").stdout.strip() == b"jpki"


def test_all_objects_are_listed(reader: Reader, card: MyNumberCard) -> None:
    with inserted(reader, card):
        listing = run("pkcs15-tool", "-D").stdout.decode()
    assert listing.count("X.509 Certificate [") == 4
    assert listing.count("Private RSA Key [") == 2
    assert listing.count("PIN [") == 2
    assert "Tries left     : 3" in listing
    assert "Tries left     : 5" in listing


def test_certificates_are_read(reader: Reader, card: MyNumberCard) -> None:
    with inserted(reader, card):
        auth = run("pkcs15-tool", "--read-certificate", "1").stdout
        ca = run("pkcs15-tool", "--read-certificate", "3").stdout
        closed = run("pkcs15-tool", "--read-certificate", "2", check=False)
        sign = run("pkcs15-tool", "--read-certificate", "2", "--verify-pin", "--auth-id", "2", "--pin", "ABC123").stdout
    assert closed.returncode != 0
    assert "auth CA" in x509.load_pem_x509_certificate(ca).subject.rfc4514_string()
    for pem, key in ((auth, Key.AUTHENTICATION), (sign, Key.SIGNATURE)):
        spki = x509.load_pem_x509_certificate(pem).public_key()
        assert spki.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == card.public_key(key)


@pytest.mark.parametrize("key", [AUTH, SIGN])
def test_the_card_signs(reader: Reader, card: MyNumberCard, tmp_path: Path, key: tuple[str, str]) -> None:
    with inserted(reader, card):
        pem = run(
            *("pkcs15-tool", "--read-certificate", str(int(key[0])), "--verify-pin"),
            *("--auth-id", str(int(key[0])), "--pin", key[1]),
        ).stdout
        sign_and_verify(tmp_path, key, public_pem(pem))


def test_a_blocked_card_still_binds(reader: Reader, card: MyNumberCard) -> None:
    card.power_on()
    assert say(card, SELECT, SELECT_AUTH_PIN, *[VERIFY_WRONG] * 4) == "6984"
    with inserted(reader, card):
        assert "Tries left     : 0" in run("pkcs15-tool", "-D").stdout.decode()


def test_wrong_pins_count_down_through_the_reader(reader: Reader, card: MyNumberCard) -> None:
    with inserted(reader, card):
        wrong = run("pkcs15-tool", "--verify-pin", "--auth-id", "1", "--pin", "9999", check=False)
        assert wrong.returncode != 0
    card.power_on()
    assert say(card, SELECT, SELECT_AUTH_PIN, "00200080") == "63C2"
    assert say(card, verify("1234"), "00200080") == "63C3"


def test_a_card_without_signature_certificate_binds(reader: Reader) -> None:
    child = MyNumberCard.manufacture(authentication_pin="1234", with_signature=False)
    child.write_certificates({0x000A: certificate(child.public_key(Key.AUTHENTICATION), "auth")})
    with inserted(reader, child):
        assert run("opensc-tool", "-n").stdout.strip() == b"jpki"
        assert x509.load_pem_x509_certificate(run("pkcs15-tool", "--read-certificate", "1").stdout)


def test_the_phone_is_detected_by_its_application(reader: Reader, phone: Element) -> None:
    with inserted(reader, phone):
        assert run("opensc-tool", "-n").stdout.strip() == b"jpki"
        assert run("pkcs15-tool", "-D").stdout.decode().count("Private RSA Key [") == 2


@pytest.mark.parametrize("key", [AUTH, SIGN])
def test_the_phone_shows_its_certificates_after_the_password_and_signs(
    reader: Reader, phone: Element, tmp_path: Path, key: tuple[str, str]
) -> None:
    number = str(int(key[0]))
    with inserted(reader, phone):
        assert run("pkcs15-tool", "--read-certificate", number, check=False).returncode != 0
        login = ("--verify-pin", "--auth-id", number, "--pin", key[1])
        pem = run("pkcs15-tool", "--read-certificate", number, *login).stdout
        sign_and_verify(tmp_path, key, public_pem(pem))
