"""The host's end of the JPKI application: the bytes of the commands, and what answers prove."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tsm import jpki
from tsm.globalplatform import tlv
from tsm.globalplatform.apdu import Command
from tsm.jpki import File, Key, PasswordState


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def public_key(private: rsa.RSAPrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def answer_7f49(modulus: bytes, exponent: bytes = b"\x01\x00\x01") -> bytes:
    return tlv.encode(0x7F49, tlv.encode(0x81, modulus) + tlv.encode(0x82, exponent))


@pytest.mark.parametrize(
    ("command", "apdu"),
    [
        (jpki.select_application(), "00A4040C0AD392F000260100000001"),
        (jpki.select_file(File.AUTHENTICATION_CERTIFICATE), "00A4020C02000A"),
        (jpki.read_binary(0), "00B0000000"),
        (jpki.read_binary(0x0200, 0xFA), "00B00200FA"),
        (jpki.tries_left_query(), "00200080"),
        (jpki.verify(b"1234"), "002000800431323334"),
        (jpki.change_password(b"ABC123"), "0024018006414243313233"),
        (jpki.sign(b"\xaa\xbb"), "802A008002AABB00"),
        (jpki.sign(b"\xaa\xbb", Key.AUTHENTICATION), "802A009702AABB00"),
        (jpki.sign(b"\xaa\xbb", Key.SIGNATURE), "802A009A02AABB00"),
        (jpki.status(), "80CADF4000"),
        (jpki.generate_key_pair(Key.AUTHENTICATION), "8047009700"),
        (jpki.read_public_key(Key.SIGNATURE), "8047019A00"),
        (jpki.prove_possession(Key.SIGNATURE, bytes(32)), "8088009A20" + "00" * 32 + "00"),
        (jpki.select_file_in_session(File.SIGNATURE_CERTIFICATE), "80A4020C020001"),
        (jpki.read_binary_in_session(239), "80B000EFEF"),
        (jpki.return_to_not_set(Key.AUTHENTICATION), "802C0098"),
        (jpki.return_to_not_set(Key.SIGNATURE), "802C009B"),
    ],
)
def test_commands_are_these_bytes(command: Command, apdu: str) -> None:
    assert command.encode().hex().upper() == apdu


def test_a_certificate_is_written_in_blocks_that_fit_the_secure_channel() -> None:
    content = bytes(range(256)) * 2
    commands = jpki.update_binary(content)
    assert [command.encode()[:5].hex() for command in commands] == ["80d60000ef", "80d600efef", "80d601de22"]
    assert b"".join(command.data for command in commands) == content


def test_reading_back_asks_for_exactly_the_length() -> None:
    assert [command.encode().hex() for command in jpki.read_back(500)] == ["80b00000ef", "80b000efef", "80b001de16"]


def test_the_digest_info_is_that_of_sha256() -> None:
    digest = hashlib.sha256(b"text").digest()
    assert jpki.digest_info(digest) == bytes.fromhex("3031300D060960864801650304020105000420") + digest
    with pytest.raises(ValueError, match="32 bytes"):
        jpki.digest_info(digest[:-1])


def test_arguments_that_fit_no_command_are_refused() -> None:
    with pytest.raises(ValueError, match="15 bits"):
        jpki.read_binary(0x8000)
    with pytest.raises(ValueError, match="32 bytes"):
        jpki.prove_possession(Key.SIGNATURE, bytes(31))


def test_keys_know_their_files_and_passwords() -> None:
    assert [(hex(key), key.file, key.password_file, key.password_reference, key.tries) for key in Key] == [
        ("0x97", 0x0017, 0x0018, 0x98, 3),
        ("0x9a", 0x001A, 0x001B, 0x9B, 5),
    ]
    assert Key.SIGNATURE.certificate_file == 0x0001
    assert Key.SIGNATURE.ca_certificate_file == 0x0002
    assert Key.AUTHENTICATION.certificate_file == 0x000A
    assert Key.AUTHENTICATION.ca_certificate_file == 0x000B


@pytest.mark.parametrize(
    ("sw", "left"), [(0x63C3, 3), (0x63C0, 0), (0x6984, 0), (0x6983, 0), (0x9000, None), (0x6982, None)]
)
def test_the_tries_left_are_read_off_the_status_word(sw: int, left: int | None) -> None:
    assert jpki.tries_left(sw) == left


def test_a_public_key_answer_becomes_a_subject_public_key_info(public_key: bytes) -> None:
    assert jpki.public_key_from_7f49(answer_7f49(jpki.modulus_of(public_key))) == public_key


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7f\x49\x82\x01\x09\x81",
        tlv.encode(0x7F49, b""),
        tlv.encode(0x7F49, b"\x81"),
        tlv.encode(0x7F4E, tlv.encode(0x81, b"\xff" * 256) + tlv.encode(0x82, b"\x01\x00\x01")),
        answer_7f49(b"\xff" * 128),
        answer_7f49(b"\x00" + b"\xff" * 255),
        answer_7f49(b"\xff" * 255 + b"\xfe"),
        answer_7f49(b"\xff" * 256, b"\x03"),
        answer_7f49(b"\xff" * 256) + b"\x00\x00",
    ],
)
def test_any_other_public_key_answer_is_malformed(data: bytes) -> None:
    with pytest.raises(jpki.AnswerMalformed) as caught:
        jpki.public_key_from_7f49(data)
    assert caught.value.code == "jpki_answer_malformed"


def test_a_proof_holds_for_its_key_its_reference_and_its_challenge_only(
    private: rsa.RSAPrivateKey, public_key: bytes
) -> None:
    challenge = bytes(range(32))
    message = b"JPKI PHONE KEY PROOF\x9a" + jpki.modulus_of(public_key) + challenge
    assert jpki.proof_message(Key.SIGNATURE, jpki.modulus_of(public_key), challenge) == message
    signature = private.sign(message, padding.PKCS1v15(), SHA256())
    jpki.check_proof(Key.SIGNATURE, public_key, challenge, signature)
    for ref, asked, answered in (
        (Key.AUTHENTICATION, challenge, signature),
        (Key.SIGNATURE, bytes(32), signature),
        (Key.SIGNATURE, challenge, signature[:-1]),
        (Key.SIGNATURE, challenge, b""),
    ):
        with pytest.raises(jpki.ProofWrong):
            jpki.check_proof(ref, public_key, asked, answered)


def test_a_status_answer_is_read() -> None:
    status = jpki.parse_status(bytes.fromhex("DF4005 03 02 02 01 05"))
    assert status.keys == {Key.AUTHENTICATION, Key.SIGNATURE}
    assert status.certificates == {Key.SIGNATURE}
    assert status.passwords == {Key.AUTHENTICATION: PasswordState.BLOCKED, Key.SIGNATURE: PasswordState.SET}
    assert status.tries_left == {Key.AUTHENTICATION: 0, Key.SIGNATURE: 5}


@pytest.mark.parametrize("data", ["", "DF4004 00000000", "DF4005 0000030000", "DF4105 0000000000", "DF4005 00"])
def test_any_other_status_answer_is_malformed(data: str) -> None:
    with pytest.raises(jpki.AnswerMalformed):
        jpki.parse_status(bytes.fromhex(data))


def test_a_certificate_tells_its_length_before_the_padding() -> None:
    assert jpki.certificate_length(bytes.fromhex("30820632")) == 0x636
    for head in ("308206", "30810632", "FFFFFFFF"):
        with pytest.raises(jpki.AnswerMalformed):
            jpki.certificate_length(bytes.fromhex(head))


def test_the_label_tells_card_from_phone() -> None:
    assert jpki.token_label(b"JPKIAPICCTOKEN2".ljust(32) + bytes(128)) == jpki.CARD_LABEL
    assert jpki.token_label(b"JPKIAPGPSETOKEN".ljust(32) + bytes(128)) == jpki.PHONE_LABEL
