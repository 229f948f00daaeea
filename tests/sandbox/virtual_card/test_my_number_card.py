"""The card's end, status word by status word (jpki-facts 3.2, 3.3, 3.4)."""

import hashlib
import json
import struct

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from sandbox.virtual.card import MyNumberCard
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
from tests.sandbox.virtual_card.throwaway import certificate
from tsm.jpki import File, Key

SHA256_PREFIX = "3031300D060960864801650304020105000420"
DIGEST = hashlib.sha256(b"text").hexdigest()


def public(card: MyNumberCard, key: Key) -> rsa.RSAPublicKey:
    loaded = load_der_public_key(card.public_key(key))
    assert isinstance(loaded, rsa.RSAPublicKey)
    return loaded


# --- selecting


def test_power_on_gives_the_jpki_atr(card: MyNumberCard) -> None:
    assert card.power_on().hex().upper() == "3BE000FF8131FE4514"


@pytest.mark.parametrize(
    "aid",
    ["D3921000310001010408", "A0000000030000", "D392F0002601000000", "D392F00026010000000100", "D27600012401"],
)
def test_an_unknown_application_is_not_found(card: MyNumberCard, aid: str) -> None:
    assert say(card, f"00A4040C{len(aid) // 2:02X}{aid}") == "6A82"
    assert say(card, SELECT) == "9000"


@pytest.mark.parametrize("command", ["00CADF3005", "00CB3FFF035C017E08", "8050000008000000000000000000", "80CADF4000"])
@pytest.mark.parametrize("selected", [True, False])
def test_an_unknown_instruction_is_refused(card: MyNumberCard, command: str, selected: bool) -> None:
    if selected:
        say(card, SELECT)
    assert say(card, command) == "6D00"


def test_selecting_answers_file_information_only_when_asked(card: MyNumberCard) -> None:
    assert say(card, SELECT) == "9000"
    assert say(card, "00A404000AD392F00026010000000100") == "6F0C840AD392F0002601000000019000"


def test_selecting_a_file_with_another_p1_is_refused(card: MyNumberCard) -> None:
    assert say(card, SELECT, "00A4000C02000A") == "6A86"
    assert say(card, "00A4010C02000A") == "6A86"
    assert say(card, "00A4020C02000A") == "9000"


@pytest.mark.parametrize("fid", ["0003", "0009", "0016", "2F00", "3F00"])
def test_an_absent_file_is_not_found(card: MyNumberCard, fid: str) -> None:
    assert say(card, SELECT, f"00A4020C02{fid}") == "6A82"


def test_no_file_is_there_before_the_application_is_selected(card: MyNumberCard) -> None:
    assert say(card, "00A4020C02000A") == "6A82"
    assert say(card, "00B0000000") == "6986"


# --- reading


def test_the_authentication_certificate_is_free_on_a_card(card: MyNumberCard) -> None:
    say(card, SELECT)
    der = read_file(card, 0x000A)
    assert x509.load_der_x509_certificate(der).public_key() == public(card, Key.AUTHENTICATION)


def test_the_signature_certificate_needs_the_password(card: MyNumberCard) -> None:
    say(card, SELECT)
    assert say(card, "00A4020C020001", "00B0000004") == "6982"
    assert say(card, SELECT_AUTH_PIN, VERIFY_1234, "00A4020C020001", "00B0000004") == "6982"
    assert say(card, SELECT_SIGN_PASSWORD, verify("ABC123")) == "9000"
    assert x509.load_der_x509_certificate(read_file(card, 0x0001)).public_key() == public(card, Key.SIGNATURE)


def test_both_ca_certificates_are_free(card: MyNumberCard) -> None:
    say(card, SELECT)
    assert "sign CA" in x509.load_der_x509_certificate(read_file(card, 0x0002)).subject.rfc4514_string()
    assert "auth CA" in x509.load_der_x509_certificate(read_file(card, 0x000B)).subject.rfc4514_string()


def test_reading_without_a_file_is_refused(card: MyNumberCard) -> None:
    assert say(card, SELECT, "00B0000000") == "6986"


def test_reading_past_the_end_is_refused(card: MyNumberCard) -> None:
    say(card, SELECT)
    length = len(read_file(card, 0x000A))
    assert say(card, f"00B0{length:04X}00") == "6B00"
    assert say(card, "00B07FFF00") == "6B00"
    assert say(card, f"00B0{length - 1:04X}01").endswith("9000")


def test_asking_for_more_than_there_is_warns_unless_all_was_asked(card: MyNumberCard) -> None:
    assert say(card, SELECT, "00A4020C020008", "00B0000004") == "8F8F006282"
    assert say(card, "00B0000000") == "8F8F009000"


def test_class_08_on_reading_is_refused(card: MyNumberCard) -> None:
    assert say(card, SELECT, "00A4020C02000A", "08B0000000") == "69FC"
    assert say(card, "80B0000000") == "6E00"


def test_a_short_file_identifier_reads_and_selects(card: MyNumberCard) -> None:
    say(card, SELECT)
    assert say(card, "00B0880000") == "8F8F009000"
    assert say(card, "00B0000101") == "8F9000"
    assert say(card, "00B0830000") == "6A82"
    assert say(card, "00B0C80000") == "6A86"


@pytest.mark.parametrize("fid", ["0017", "0018", "001A", "001B"])
def test_keys_and_passwords_are_never_read(card: MyNumberCard, fid: str) -> None:
    say(card, SELECT, SELECT_AUTH_PIN, VERIFY_1234, SELECT_SIGN_PASSWORD, verify("ABC123"))
    assert say(card, f"00A4020C02{fid}", "00B0000000") == "6982"


def test_the_token_information_is_160_bytes_of_a_card(card: MyNumberCard) -> None:
    say(card, SELECT)
    info = read_file(card, 0x0006)
    assert len(info) == 160
    assert info[:32] == b"JPKIAPICCTOKEN2".ljust(32)
    assert info[32:64] == b"0" * 31 + b"1"
    assert info[64:80] == b"E16R01NJ".ljust(16)
    assert info[80:96] == b"0000000020500003"
    assert struct.unpack(">7I", info[96:124]) == (0x40D, 1, 0, 1, 0, 16, 6)
    assert info[124:140] == b"\xff" * 16
    assert info[140:] == b"0301" + b"9" * 16


# --- passwords


def test_asking_for_the_tries_spends_none_and_tells_them_even_when_logged_in(card: MyNumberCard) -> None:
    say(card, SELECT)
    assert say(card, SELECT_AUTH_PIN, "00200080", "00200080") == "63C3"
    assert say(card, VERIFY_1234) == "9000"
    assert say(card, "00200080") == "63C3"
    assert say(card, SELECT_SIGN_PASSWORD, "00200080") == "63C5"


@pytest.mark.parametrize(("file", "tries"), [(SELECT_AUTH_PIN, 3), (SELECT_SIGN_PASSWORD, 5)])
def test_wrong_passwords_count_down_and_block(card: MyNumberCard, file: str, tries: int) -> None:
    say(card, SELECT, file)
    for left in reversed(range(tries)):
        assert say(card, VERIFY_WRONG) == f"63C{left}"
    assert say(card, VERIFY_WRONG) == "6984"
    assert say(card, "00200080") == "63C0"
    right = VERIFY_1234 if file == SELECT_AUTH_PIN else verify("ABC123")
    assert say(card, right) == "6984"
    assert say(card, change("9999")) == "6984"


def test_a_right_password_resets_the_counter(card: MyNumberCard) -> None:
    assert say(card, SELECT, SELECT_AUTH_PIN, VERIFY_WRONG, VERIFY_WRONG) == "63C1"
    assert say(card, VERIFY_1234, "00200080") == "63C3"


def test_a_wrong_password_ends_the_login(card: MyNumberCard) -> None:
    say(card, SELECT, SELECT_AUTH_PIN, VERIFY_1234, VERIFY_WRONG)
    assert say(card, f"802A009733{SHA256_PREFIX}{DIGEST}00") == "6982"


def test_a_password_longer_than_the_buffer_spends_no_try(card: MyNumberCard) -> None:
    assert say(card, SELECT, SELECT_AUTH_PIN, verify("1" * 17)) == "6700"
    assert say(card, "00200080") == "63C3"


def test_counters_survive_power_and_restore(card: MyNumberCard) -> None:
    say(card, SELECT, SELECT_AUTH_PIN, VERIFY_WRONG)
    card.power_on()
    assert say(card, SELECT, SELECT_AUTH_PIN, "00200080") == "63C2"
    again = MyNumberCard.restore(card.snapshot())
    again.power_on()
    assert say(again, SELECT, SELECT_AUTH_PIN, "00200080") == "63C2"


def test_the_counter_is_kept_before_the_password_is_compared(card: MyNumberCard) -> None:
    """A reader that cuts the power as soon as the state is written gains no free guess."""
    kept: list[bytes] = []
    card.on_change = kept.append
    assert say(card, SELECT, SELECT_AUTH_PIN, VERIFY_1234) == "9000"
    first, last = (MyNumberCard.restore(state) for state in (kept[0], kept[-1]))
    assert say(first, SELECT, SELECT_AUTH_PIN, "00200080") == "63C2"
    assert say(last, SELECT, SELECT_AUTH_PIN, "00200080") == "63C3"


def test_selecting_the_application_again_drops_the_login(card: MyNumberCard) -> None:
    sign = f"802A009733{SHA256_PREFIX}{DIGEST}00"
    assert say(card, SELECT, SELECT_AUTH_PIN, VERIFY_1234, sign).endswith("9000")
    assert say(card, SELECT, sign) == "6982"


def test_a_password_is_changed_after_verify_only(card: MyNumberCard) -> None:
    assert say(card, SELECT, SELECT_AUTH_PIN, change("4321")) == "6982"
    assert say(card, VERIFY_1234, change("4321")) == "9000"
    assert say(card, SELECT, SELECT_AUTH_PIN, VERIFY_1234) == "63C2"
    assert say(card, verify("4321")) == "9000"


@pytest.mark.parametrize(
    ("file", "right", "new"),
    [
        (SELECT_AUTH_PIN, "1234", "123"),
        (SELECT_AUTH_PIN, "1234", "12345"),
        (SELECT_AUTH_PIN, "1234", "123A"),
        (SELECT_SIGN_PASSWORD, "ABC123", "ABC12"),
        (SELECT_SIGN_PASSWORD, "ABC123", "abc123"),
        (SELECT_SIGN_PASSWORD, "ABC123", "A" * 17),
    ],
)
def test_a_malformed_new_password_is_refused(card: MyNumberCard, file: str, right: str, new: str) -> None:
    assert say(card, SELECT, file, verify(right), change(new)) == "6A80"
    assert say(card, verify(right)) == "9000"


def test_a_password_command_on_another_file_is_refused(card: MyNumberCard) -> None:
    assert say(card, SELECT, "00200080") == "6986"
    assert say(card, "00A4020C02000A", "00200080") == "6981"
    assert say(card, SELECT_AUTH_PIN, "00200180") == "6A86"
    assert say(card, "002000810431323334") == "6A86"


# --- signing


@pytest.fixture
def logged_in(card: MyNumberCard) -> MyNumberCard:
    assert say(card, SELECT, SELECT_AUTH_PIN, VERIFY_1234) == "9000"
    assert say(card, SELECT_SIGN_PASSWORD, verify("ABC123")) == "9000"
    return card


def signature(card: MyNumberCard, command: str) -> bytes:
    answer = card.transmit(bytes.fromhex(command))
    assert answer[-2:] == b"\x90\x00", answer.hex()
    assert len(answer) == 258
    return answer[:-2]


def test_a_selected_key_signs(logged_in: MyNumberCard) -> None:
    assert say(logged_in, "00A4020C020017") == "9000"
    auth = signature(logged_in, f"802A008033{SHA256_PREFIX}{DIGEST}00")
    public(logged_in, Key.AUTHENTICATION).verify(auth, b"text", padding.PKCS1v15(), SHA256())
    say(logged_in, "00A4020C02001A")
    sign = signature(logged_in, f"802A008033{SHA256_PREFIX}{DIGEST}00")
    public(logged_in, Key.SIGNATURE).verify(sign, b"text", padding.PKCS1v15(), SHA256())


def test_a_key_in_p2_signs_without_being_selected(logged_in: MyNumberCard) -> None:
    auth = signature(logged_in, f"802A009733{SHA256_PREFIX}{DIGEST}00")
    public(logged_in, Key.AUTHENTICATION).verify(auth, b"text", padding.PKCS1v15(), SHA256())
    sign = signature(logged_in, f"802A009A33{SHA256_PREFIX}{DIGEST}00")
    public(logged_in, Key.SIGNATURE).verify(sign, b"text", padding.PKCS1v15(), SHA256())
    assert say(logged_in, f"802A009B33{SHA256_PREFIX}{DIGEST}00") == "6A86"


def test_p1_00_pads_what_it_is_given(logged_in: MyNumberCard) -> None:
    key = public(logged_in, Key.AUTHENTICATION)
    sha1 = "3021300906052B0E03021A05000414" + hashlib.sha1(b"text").hexdigest()  # noqa: S324
    key.verify(signature(logged_in, f"802A009723{sha1}00"), b"text", padding.PKCS1v15(), SHA1())  # noqa: S303
    for data in (b"x", bytes(245)):
        signed = signature(logged_in, f"802A0097{len(data):02X}{data.hex()}00")
        assert key.recover_data_from_signature(signed, padding.PKCS1v15(), None) == data
    assert say(logged_in, f"802A0097F6{'00' * 246}00") == "6700"
    assert say(logged_in, "802A009700") == "6700"


def test_p1_01_hashes_and_pads_the_bare_hash(logged_in: MyNumberCard) -> None:
    signed = signature(logged_in, "802A0197047465787400")
    recovered = public(logged_in, Key.AUTHENTICATION).recover_data_from_signature(signed, padding.PKCS1v15(), None)
    assert recovered == hashlib.sha256(b"text").digest()


def test_p1_02_adds_the_digest_info_to_a_hash(logged_in: MyNumberCard) -> None:
    signed = signature(logged_in, f"802A029720{DIGEST}00")
    public(logged_in, Key.AUTHENTICATION).verify(signed, b"text", padding.PKCS1v15(), SHA256())
    assert say(logged_in, f"802A02971F{DIGEST[2:]}00") == "6700"


def test_p1_03_hashes_and_adds_the_digest_info(logged_in: MyNumberCard) -> None:
    signed = signature(logged_in, "802A0397047465787400")
    public(logged_in, Key.AUTHENTICATION).verify(signed, b"text", padding.PKCS1v15(), SHA256())


def test_p1_04_and_05_sign_with_pss(logged_in: MyNumberCard) -> None:
    key = public(logged_in, Key.SIGNATURE)
    pss = padding.PSS(padding.MGF1(SHA256()), 32)
    given = signature(logged_in, f"802A049A20{DIGEST}00")
    key.verify(given, bytes.fromhex(DIGEST), pss, Prehashed(SHA256()))
    key.verify(signature(logged_in, "802A059A047465787400"), b"text", pss, SHA256())
    assert say(logged_in, "802A049A047465787400") == "6700"


def test_another_p1_is_refused(logged_in: MyNumberCard) -> None:
    assert say(logged_in, f"802A069720{DIGEST}00") == "6A86"


def test_too_short_an_answer_is_told_the_right_length(logged_in: MyNumberCard) -> None:
    assert say(logged_in, f"802A029720{DIGEST}10") == "6C00"


def test_signing_needs_the_password_of_that_key(card: MyNumberCard) -> None:
    say(card, SELECT)
    assert say(card, "00A4020C020017", f"802A008033{SHA256_PREFIX}{DIGEST}00") == "6982"
    say(card, SELECT_AUTH_PIN, VERIFY_1234)
    assert say(card, f"802A009A33{SHA256_PREFIX}{DIGEST}00") == "6982"


def test_signing_without_a_key_file_is_refused(card: MyNumberCard) -> None:
    assert say(card, SELECT, f"802A008033{SHA256_PREFIX}{DIGEST}00") == "6986"
    assert say(card, "00A4020C02000A", f"802A008033{SHA256_PREFIX}{DIGEST}00") == "6981"
    assert say(card, f"002A009733{SHA256_PREFIX}{DIGEST}00") == "6E00"


# --- cards of other kinds


def test_a_card_of_a_child_has_no_signature_certificate() -> None:
    card = MyNumberCard.manufacture(authentication_pin="1234", with_signature=False)
    card.write_certificates({0x000A: certificate(card.public_key(Key.AUTHENTICATION), "auth")})
    card.power_on()
    assert say(card, SELECT) == "9000"
    assert say(card, "00B0880000") == "008F009000"
    assert say(card, "00A4020C020001") == "6A82"
    assert say(card, "00A4020C02001A") == "6A82"
    assert say(card, SELECT_SIGN_PASSWORD, "00200080") == "63C0"
    assert say(card, verify("ABC123")) == "6984"
    assert say(card, change("ABC123")) == "6984"
    assert say(card, SELECT_AUTH_PIN, VERIFY_1234) == "9000"
    with pytest.raises(KeyError):
        card.public_key(Key.SIGNATURE)


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_card_takes_given_keys(encoding: Encoding) -> None:
    keys = {key: rsa.generate_private_key(65537, 2048) for key in Key}
    card = MyNumberCard.personalise(
        private_keys={
            key: private.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption()) for key, private in keys.items()
        },
        certificates={File.SIGNATURE_CERTIFICATE: b"\x30\x82\x00\x01\x00"},
        authentication_pin="1234",
        signature_password="ABC123",
    )
    for key, private in keys.items():
        spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert card.public_key(key) == spki


def test_a_card_refuses_other_keys_and_malformed_passwords() -> None:
    other = rsa.generate_private_key(65537, 3072).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="RSA-2048"):
        MyNumberCard.personalise(private_keys={Key.AUTHENTICATION: other}, certificates={}, authentication_pin="1234")
    for pin, password in (("12345", "ABC123"), ("1234", "abc123"), ("1234", None)):
        with pytest.raises(ValueError, match="password"):
            MyNumberCard.manufacture(authentication_pin=pin, signature_password=password)


def test_a_certificate_can_be_taken_away_and_a_key_file_not_written(card: MyNumberCard) -> None:
    card.write_certificates({0x0001: b""})
    assert say(card, SELECT, "00A4020C020001") == "6A82"
    with pytest.raises(ValueError, match="0017"):
        card.write_certificates({0x0017: b"x"})


def test_the_snapshot_is_the_same_for_the_same_state(card: MyNumberCard, issued_card: bytes) -> None:
    assert card.snapshot() == issued_card
    say(card, SELECT, SELECT_AUTH_PIN, VERIFY_1234, "00A4020C020017")
    assert card.snapshot() == issued_card
    assert json.loads(issued_card)["serial_number"] == "20500003"
