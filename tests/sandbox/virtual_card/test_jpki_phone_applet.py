"""The phone's variant: personalised in the TSM's session, its passwords set on the phone."""

import hashlib
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sandbox.virtual.applet import Refusal
from sandbox.virtual.jpki import JpkiApplet
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
from tests.sandbox.virtual_card.field import PhoneInField, in_session, install, personalise
from tests.sandbox.virtual_card.throwaway import certificate
from tsm import jpki
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import SecurityLevel
from tsm.jpki import File, Key

STATUS = "80CADF4000"
DIGEST_INFO = "3031300D060960864801650304020105000420" + hashlib.sha256(b"text").hexdigest()
SIGN_AUTH = f"802A009733{DIGEST_INFO}00"
SIGN_SIGNATURE = f"802A009A33{DIGEST_INFO}00"


@pytest.fixture
def applet() -> JpkiApplet:
    return install()


@pytest.fixture(scope="module")
def personalised() -> str:
    applet = install()
    personalise(applet)
    return json.dumps(applet.state())


@pytest.fixture
def phone(personalised: str) -> PhoneInField:
    """A personalised phone whose passwords are not set, powered and selected."""
    phone = PhoneInField(JpkiApplet.restore(json.loads(personalised)))
    phone.power_on()
    assert say(phone, SELECT) == "9000"
    return phone


@pytest.fixture
def ready(phone: PhoneInField) -> PhoneInField:
    """The same with both passwords set and nobody logged in."""
    assert say(phone, SELECT_AUTH_PIN, change("1234")) == "9000"
    assert say(phone, SELECT_SIGN_PASSWORD, change("ABC123")) == "9000"
    assert say(phone, SELECT) == "9000"
    return phone


# --- the TSM's session


@pytest.mark.parametrize(
    "command",
    [
        "8047009700",
        "8047019700",
        "8088009720" + "00" * 32 + "00",
        "80A4020C020001",
        "80B0000000",
        "80D600000101",
        "802C0098",
        "802C009B",
    ],
)
def test_personalisation_is_refused_without_c_mac(phone: PhoneInField, command: str) -> None:
    before = phone.applet.state()
    assert say(phone, command) == "6982"
    for level in (None, SecurityLevel(0)):
        with pytest.raises(Refusal, match="6982"):
            phone.applet.process(Command.parse(bytes.fromhex(command)), secure=level)
    assert phone.applet.state() == before


@pytest.mark.parametrize("key", list(Key))
def test_a_key_is_generated_once_and_read_again(applet: JpkiApplet, key: Key) -> None:
    assert in_session(applet, jpki.read_public_key(key)).sw == 0x6A88
    generated = in_session(applet, Command(0x80, 0x47, 0x00, key, le=256))
    assert generated.ok
    assert generated.data[:5].hex() == "7f49820109"
    assert generated.data[5:9].hex() == "81820100"
    assert generated.data[-5:].hex() == "8203010001"
    assert in_session(applet, jpki.generate_key_pair(key)).sw == 0x6985
    assert in_session(applet, jpki.read_public_key(key)) == generated


def test_a_key_reference_or_p1_of_no_key_is_refused(applet: JpkiApplet) -> None:
    assert in_session(applet, Command(0x80, 0x47, 0x00, 0x98, le=256)).sw == 0x6A86
    assert in_session(applet, Command(0x80, 0x47, 0x02, 0x97, le=256)).sw == 0x6A86
    assert in_session(applet, Command(0x80, 0x47, 0x00, 0x97, b"x", 256)).sw == 0x6700
    assert in_session(applet, Command(0x80, 0x99, 0x00, 0x97, le=256)).sw == 0x6D00


@pytest.mark.parametrize("key", list(Key))
def test_possession_is_proved_over_a_message_that_names_itself(applet: JpkiApplet, key: Key) -> None:
    challenge = bytes(range(32))
    assert in_session(applet, jpki.prove_possession(key, challenge)).sw == 0x6A88
    public_key = jpki.public_key_from_7f49(in_session(applet, jpki.generate_key_pair(key)).data)
    answer = in_session(applet, jpki.prove_possession(key, challenge))
    assert answer.ok
    loaded = load_der_public_key(public_key)
    assert isinstance(loaded, rsa.RSAPublicKey)
    modulus = loaded.public_numbers().n.to_bytes(256, "big")
    message = b"JPKI PHONE KEY PROOF" + bytes([key]) + modulus + challenge
    loaded.verify(answer.data, message, padding.PKCS1v15(), SHA256())
    jpki.check_proof(key, public_key, challenge, answer.data)


def test_a_challenge_of_another_length_is_refused(applet: JpkiApplet) -> None:
    in_session(applet, jpki.generate_key_pair(Key.SIGNATURE))
    assert in_session(applet, Command(0x80, 0x88, 0x00, 0x9A, bytes(31), 256)).sw == 0x6700
    assert in_session(applet, Command(0x80, 0x88, 0x01, 0x9A, bytes(32), 256)).sw == 0x6A86


def test_a_certificate_is_written_in_blocks_and_read_back(applet: JpkiApplet) -> None:
    der = certificate(jpki.public_key_from_7f49(in_session(applet, jpki.generate_key_pair(Key.SIGNATURE)).data), "x")
    assert in_session(applet, jpki.select_file_in_session(File.SIGNATURE_CERTIFICATE)).ok
    assert in_session(applet, jpki.read_binary_in_session(0)).sw == 0x6B00
    for command in jpki.update_binary(der):
        assert in_session(applet, command).ok
    assert b"".join(in_session(applet, command).data for command in jpki.read_back(len(der))) == der
    assert in_session(applet, jpki.read_binary_in_session(len(der))).sw == 0x6B00


def test_a_write_at_the_beginning_starts_the_file_anew(applet: JpkiApplet) -> None:
    in_session(applet, jpki.select_file_in_session(File.SIGNATURE_CERTIFICATE))
    for command in (*jpki.update_binary(b"\x11" * 600), *jpki.update_binary(b"\x22" * 300)):
        assert in_session(applet, command).ok
    assert in_session(applet, jpki.read_binary_in_session(299, 1)).data == b"\x22"
    assert in_session(applet, jpki.read_binary_in_session(300, 1)).sw == 0x6B00


def test_a_block_sent_twice_does_no_harm(applet: JpkiApplet) -> None:
    blocks = jpki.update_binary(bytes(range(256)) * 3)
    in_session(applet, jpki.select_file_in_session(File.SIGNATURE_CERTIFICATE))
    for command in (blocks[0], blocks[1], blocks[1], *blocks[2:]):
        assert in_session(applet, command).ok
    assert applet.certificates[File.SIGNATURE_CERTIFICATE] == bytes(range(256)) * 3


def test_a_gap_and_too_large_a_file_are_refused(applet: JpkiApplet) -> None:
    assert in_session(applet, Command(0x80, 0xD6, 0, 0, b"x")).sw == 0x6986
    in_session(applet, jpki.select_file_in_session(File.SIGNATURE_CERTIFICATE))
    assert in_session(applet, Command(0x80, 0xD6, 0, 1, b"x")).sw == 0x6B00
    assert in_session(applet, Command(0x80, 0xD6, 0, 0)).sw == 0x6700
    assert in_session(applet, Command(0x80, 0xD6, 0x80, 0, b"x")).sw == 0x6A86
    assert in_session(applet, Command(0x80, 0xD6, 0x10, 0, b"x")).sw == 0x6A84


@pytest.mark.parametrize("fid", [0x0006, 0x0008, 0x0017, 0x0018, 0x001A, 0x001B])
def test_the_session_reaches_neither_keys_nor_passwords(phone: PhoneInField, fid: int) -> None:
    assert in_session(phone.applet, jpki.select_file_in_session(fid)).sw == 0x6A82
    assert say(phone, f"00A4020C02{fid:04X}") == "9000"
    assert in_session(phone.applet, jpki.read_binary_in_session(0)).sw == 0x6982
    assert in_session(phone.applet, Command(0x80, 0xD6, 0, 0, b"1234")).sw == 0x6982


def test_a_half_written_certificate_does_not_count_as_present(applet: JpkiApplet) -> None:
    der = certificate(jpki.public_key_from_7f49(in_session(applet, jpki.generate_key_pair(Key.SIGNATURE)).data), "x")
    first, *rest = jpki.update_binary(der)
    in_session(applet, jpki.select_file_in_session(File.SIGNATURE_CERTIFICATE))
    in_session(applet, first)
    assert jpki.parse_status(in_session(applet, jpki.status()).data).certificates == frozenset()
    for command in rest:
        in_session(applet, command)
    assert jpki.parse_status(in_session(applet, jpki.status()).data).certificates == {Key.SIGNATURE}


# --- status


def test_the_status_is_free_and_follows_the_life(applet: JpkiApplet) -> None:
    phone = PhoneInField(applet)
    phone.power_on()
    assert say(phone, SELECT, STATUS) == "DF400500000000009000"
    in_session(applet, jpki.generate_key_pair(Key.AUTHENTICATION))
    assert say(phone, STATUS) == "DF400501000000009000"
    in_session(applet, jpki.generate_key_pair(Key.SIGNATURE))
    assert say(phone, STATUS) == "DF400503000000009000"
    assert say(phone, SELECT_AUTH_PIN, change("1234"), STATUS) == "DF400503000100309000"
    assert say(phone, SELECT_SIGN_PASSWORD, change("ABC123"), STATUS) == "DF400503000101359000"
    assert say(phone, SELECT_AUTH_PIN, *[VERIFY_WRONG] * 3, STATUS) == "DF400503000201059000"
    assert say(phone, "80CADF4100") == "6A88"


def test_a_personalised_phone_says_so(ready: PhoneInField) -> None:
    assert say(ready, STATUS) == "DF400503030101359000"
    assert say(ready, "00B0880000") == "8F8F009000"
    assert read_file(ready, 0x0006)[:32] == b"JPKIAPGPSETOKEN".ljust(32)


def test_an_empty_phone_has_no_certificates(applet: JpkiApplet) -> None:
    phone = PhoneInField(applet)
    phone.power_on()
    assert say(phone, SELECT, "00B0880000") == "0000009000"
    assert say(phone, "00A4020C02000A") == "6A82"


# --- passwords on the phone


def test_nothing_works_while_a_password_is_not_set(phone: PhoneInField) -> None:
    for file, sign in ((SELECT_AUTH_PIN, SIGN_AUTH), (SELECT_SIGN_PASSWORD, SIGN_SIGNATURE)):
        assert say(phone, file, "00200080") == "63C0"
        assert say(phone, VERIFY_1234) == "6984"
        assert say(phone, sign) == "6985"


def test_the_first_password_needs_no_login_and_the_next_does(phone: PhoneInField) -> None:
    assert say(phone, SELECT_AUTH_PIN, change("1234")) == "9000"
    assert say(phone, "00200080") == "63C3"
    assert say(phone, change("4321")) == "6982"
    assert say(phone, VERIFY_1234, change("4321")) == "9000"
    assert say(phone, SELECT, SELECT_AUTH_PIN, verify("4321")) == "9000"


def test_setting_a_password_does_not_log_in(phone: PhoneInField) -> None:
    say(phone, SELECT_SIGN_PASSWORD, change("ABC123"))
    assert say(phone, SELECT_AUTH_PIN, change("1234"), SIGN_AUTH) == "6982"


@pytest.mark.parametrize(
    ("file", "password"),
    [(SELECT_AUTH_PIN, "12345"), (SELECT_AUTH_PIN, "ABCD"), (SELECT_SIGN_PASSWORD, "ABC12"),
     (SELECT_SIGN_PASSWORD, "abcdef"), (SELECT_SIGN_PASSWORD, "ABC 123")],
)  # fmt: skip
def test_the_applet_checks_the_form_of_a_password(phone: PhoneInField, file: str, password: str) -> None:
    assert say(phone, file, change(password)) == "6A80"
    assert say(phone, "00200080") == "63C0"


def test_both_keys_sign_after_their_passwords(ready: PhoneInField) -> None:
    say(ready, SELECT_AUTH_PIN, VERIFY_1234, SELECT_SIGN_PASSWORD, verify("ABC123"))
    for command, fid in ((SIGN_AUTH, 0x000A), (SIGN_SIGNATURE, 0x0001)):
        key = x509.load_der_x509_certificate(read_file(ready, fid)).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        signed = ready.transmit(bytes.fromhex(command))
        assert signed[-2:] == b"\x90\x00"
        key.verify(signed[:-2], b"text", padding.PKCS1v15(), SHA256())


def test_the_authentication_certificate_needs_the_pin_on_a_phone(ready: PhoneInField) -> None:
    assert say(ready, "00A4020C02000A", "00B0000004") == "6982"
    assert say(ready, SELECT_AUTH_PIN, VERIFY_1234, "00A4020C02000A", "00B0000002") == "30829000"
    assert say(ready, "00A4020C020001", "00B0000004") == "6982"


# --- unblocking


@pytest.mark.parametrize(
    ("key", "file", "right"),
    [(Key.AUTHENTICATION, SELECT_AUTH_PIN, "1234"), (Key.SIGNATURE, SELECT_SIGN_PASSWORD, "ABC123")],
)
def test_a_blocked_password_returns_to_not_set_and_is_set_again(
    ready: PhoneInField, key: Key, file: str, right: str
) -> None:
    say(ready, file, *[VERIFY_WRONG] * 5)
    assert say(ready, verify(right)) == "6984"
    assert in_session(ready.applet, jpki.return_to_not_set(key)).ok
    assert say(ready, verify(right)) == "6984"
    assert say(ready, change("7777" if key is Key.AUTHENTICATION else "NEW777")) == "9000"
    assert say(ready, "00200080") == f"63C{key.tries}"


def test_returning_one_password_leaves_the_other_and_its_key_alone(ready: PhoneInField) -> None:
    say(ready, SELECT_AUTH_PIN, VERIFY_1234, SELECT_SIGN_PASSWORD, verify("ABC123"))
    assert in_session(ready.applet, jpki.return_to_not_set(Key.AUTHENTICATION)).ok
    assert say(ready, SIGN_AUTH) == "6985"
    assert say(ready, SIGN_SIGNATURE).endswith("9000")


def test_returning_takes_no_data_and_only_password_references(phone: PhoneInField) -> None:
    assert in_session(phone.applet, Command(0x80, 0x2C, 0x00, 0x98, b"1234")).sw == 0x6700
    assert in_session(phone.applet, Command(0x80, 0x2C, 0x01, 0x98)).sw == 0x6A86
    assert in_session(phone.applet, Command(0x80, 0x2C, 0x00, 0x97)).sw == 0x6A86


# --- life


def test_the_state_comes_back_without_logins(ready: PhoneInField) -> None:
    say(ready, SELECT_AUTH_PIN, VERIFY_1234, SELECT_SIGN_PASSWORD, VERIFY_WRONG)
    again = PhoneInField(JpkiApplet.restore(json.loads(json.dumps(ready.applet.state()))))
    again.power_on()
    assert again.applet.state() == ready.applet.state()
    assert say(again, SELECT, SIGN_AUTH) == "6982"
    assert say(again, SELECT_SIGN_PASSWORD, "00200080") == "63C4"


def test_selecting_again_drops_the_login(ready: PhoneInField) -> None:
    assert say(ready, SELECT_AUTH_PIN, VERIFY_1234, SIGN_AUTH).endswith("9000")
    assert say(ready, SELECT, SIGN_AUTH) == "6982"
