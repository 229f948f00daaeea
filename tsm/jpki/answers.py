"""The JPKI application's answers: what they say, and whether they are what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tsm.globalplatform import tlv
from tsm.globalplatform.errors import TlvMalformed
from tsm.jpki.application import (
    MODULUS_LENGTH,
    PUBLIC_EXPONENT,
    TAG_EXPONENT,
    TAG_MODULUS,
    TAG_PUBLIC_KEY,
    TAG_STATUS,
    Key,
    PasswordState,
)
from tsm.jpki.errors import AnswerMalformed


@dataclass(frozen=True)
class ApplicationStatus:
    """What the phone's applet tells of itself without any password (GET DATA DF40)."""

    keys: frozenset[Key]
    certificates: frozenset[Key]
    passwords: Mapping[Key, PasswordState]
    tries_left: Mapping[Key, int]


def tries_left(sw: int) -> int | None:
    """Return the tries left that a status word tells: x of 63Cx, 0 of 6984 and 6983, None where it tells none."""
    if sw & 0xFFF0 == 0x63C0:
        return sw & 0x0F
    return 0 if sw in (0x6983, 0x6984) else None


def certificate_length(head: bytes) -> int:
    """Return a certificate's length (bytes) from the first four bytes of its file; what follows it is padding."""
    if len(head) < 4 or head[:2] != b"\x30\x82":
        raise AnswerMalformed("the file does not begin with a certificate of 256 bytes or more")
    return int.from_bytes(head[2:4], "big") + 4


def public_key_from_7f49(data: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo (DER) of a 7F49 answer; refuses anything but RSA-2048 with e=65537."""
    parts = _only(data, TAG_PUBLIC_KEY)
    try:
        inner = {item.tag: item.value for item in tlv.parse(parts)}
    except TlvMalformed as error:
        raise AnswerMalformed("public key: not TLV") from error
    modulus, exponent = inner.get(TAG_MODULUS, b""), inner.get(TAG_EXPONENT, b"")
    if len(modulus) != MODULUS_LENGTH or not modulus[0] & 0x80 or not modulus[-1] & 1:
        raise AnswerMalformed("public key: not an RSA-2048 modulus")
    if int.from_bytes(exponent, "big") != PUBLIC_EXPONENT:
        raise AnswerMalformed("public key: exponent is not 65537")
    key = rsa.RSAPublicNumbers(PUBLIC_EXPONENT, int.from_bytes(modulus, "big")).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def parse_status(data: bytes) -> ApplicationStatus:
    """Read the answer to `status`: DF40 05 [keys][certificates][PIN state][password state][tries, nibble each]."""
    value = _only(data, TAG_STATUS)
    if len(value) != 5:
        raise AnswerMalformed("status: not five bytes")
    try:
        passwords = {Key.AUTHENTICATION: PasswordState(value[2]), Key.SIGNATURE: PasswordState(value[3])}
    except ValueError as error:
        raise AnswerMalformed("status: unknown password state") from error
    return ApplicationStatus(
        keys=frozenset(key for key in Key if value[0] & key.status_bit),
        certificates=frozenset(key for key in Key if value[1] & key.status_bit),
        passwords=MappingProxyType(passwords),
        tries_left=MappingProxyType({Key.AUTHENTICATION: value[4] >> 4, Key.SIGNATURE: value[4] & 0x0F}),
    )


def token_label(token_info: bytes) -> str:
    """Return the label (first 32 bytes of EF 0006) that tells a card from a phone."""
    return token_info[:32].decode("ascii", "replace").rstrip(" ")


def _only(data: bytes, tag: int) -> bytes:
    try:
        items = tlv.parse(data)
    except TlvMalformed as error:
        raise AnswerMalformed(f"{tag:X}: not TLV") from error
    if len(items) != 1 or items[0].tag != tag:
        raise AnswerMalformed(f"{tag:X} expected")
    return items[0].value
