"""Delegated management from the host's side: tokens for orders, and receipts for what was done (GPCS C.4, C.5)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.errors import AnswerMalformed, TlvMalformed
from tsm.globalplatform.scp03.messaging import cmac

TAG_AID: Final = 0x4F
TAG_TOKEN: Final = 0x9E
TAG_CONTROL_REFERENCE: Final = 0xB6
# Of the control reference template (GPCS table 11-50): what binds a token to one element, and to one use.
TAG_IIN: Final = 0x42
TAG_CIN: Final = 0x45
TAG_TOKEN_NUMBER: Final = 0x93
# Versions of the issuer's token and receipt keys, identifier 1 (GPC_GUI_010).
TOKEN_KEY_VERSION: Final = 0x70
RECEIPT_KEY_VERSION: Final = 0x71
KEY_TYPE_ECC_PUBLIC: Final = 0xB0
KEY_TYPE_ECC_CURVE: Final = 0xF0
P_256: Final = b"\x00"
LOAD_FIELDS: Final = 5
OTHER_FIELDS: Final = 6
# GPCS 11.1.6: the confirmation counter has two bytes, after its length.
COUNTER_LENGTH: Final = 2

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | bytes
Check = Callable[[bytes, bytes], bool]


@dataclass(frozen=True)
class Confirmation:
    """What an element says to have done: its receipt, how many it has given, its number, and the token's."""

    receipt: bytes
    data: bytes
    counter: int
    element: bytes
    token_number: bytes


def bound(command: Command, *, iin: bytes, cin: bytes, number: int) -> Command:
    """Return an order without a token whose token will be good for one element, and once.

    The order's parameters get a control reference template with the element's numbers and the token's.
    Raises `TlvMalformed` where it is no order that takes a token.
    """
    template = tlv.encode(
        TAG_CONTROL_REFERENCE,
        tlv.encode(TAG_IIN, iin) + tlv.encode(TAG_CIN, cin) + tlv.encode(TAG_TOKEN_NUMBER, number.to_bytes(4, "big")),
    )
    if command.ins == commands.INS_DELETE:
        return replace(command, data=command.data + template)
    *fields, token = _fields(command)
    return replace(command, data=tlv.encode_fields(*fields[:-1], fields[-1] + template, token))


def signed_text(command: Command) -> bytes:
    """Return what the token of an order signs: P1, P2, length and data, without a token (GPCS C.4.1 to C.4.7)."""
    if command.ins == commands.INS_DELETE:
        data = b"".join(item.encode() for item in tlv.parse(command.data) if item.tag != TAG_TOKEN)
    else:
        data = tlv.encode_fields(*_fields(command)[:-1])
    size = len(data)
    length = bytes((size,)) if size <= 0xFF else b"\x00" + size.to_bytes(2, "big")
    return bytes((command.p1, command.p2)) + length + data


def with_token(command: Command, token: bytes) -> Command:
    """Return the order with its token in place."""
    if command.ins == commands.INS_DELETE:
        return replace(command, data=command.data + tlv.encode(TAG_TOKEN, token))
    return replace(command, data=tlv.encode_fields(*_fields(command)[:-1], token))


def sign(key: SigningKey, message: bytes) -> bytes:
    """Return the signature of a token: AES CMAC, RSA PSS with SHA-256, or ECDSA as plain r and s (GPCS B.1 to B.4)."""
    if isinstance(key, bytes):
        return cmac(key, message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    size = (key.curve.key_size + 7) // 8
    digest = {256: SHA256(), 384: SHA384(), 521: SHA512()}[key.curve.key_size]
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def put_token_key(public: ec.EllipticCurvePublicKey) -> Command:
    """Return PUT KEY of the issuer's public token key, a point on P-256, as 70/01."""
    numbers = public.public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    field = tlv.encode(KEY_TYPE_ECC_PUBLIC, point) + tlv.encode(KEY_TYPE_ECC_CURVE, P_256) + b"\x00"
    data = bytes((TOKEN_KEY_VERSION,)) + field
    return Command(0x80, commands.INS_PUT_KEY, 0x00, 0x01, data, 256)


def put_receipt_key(key: bytes, dek: bytes) -> Command:
    """Return PUT KEY of the element's AES receipt key as 71/01."""
    return commands.put_keys([key], version=RECEIPT_KEY_VERSION, first_identifier=1, dek=dek)


def confirmation(answer: bytes) -> Confirmation | None:
    """Return the confirmation in an order's answer, None where the element gives none. Raises `AnswerMalformed`."""
    try:
        if answer in (b"", b"\x00"):
            return None
        (content,) = tlv.parse_fields(answer)
        length, start = tlv.parse_length(content, 0)
        receipt, data = content[start : start + length], content[start + length :]
        counter, element, *rest = tlv.parse_fields(data)
        if len(counter) != COUNTER_LENGTH:
            raise AnswerMalformed("the confirmation counter has two bytes")
        number = rest[0] if rest else b""
    except (TlvMalformed, ValueError) as error:
        raise AnswerMalformed(f"no confirmation: {error}") from error
    return Confirmation(receipt, data, int.from_bytes(counter, "big"), element, number)


def done_by(command: Command, domain: bytes) -> bytes:
    """Return what a receipt signs of an order that `domain` gave, after the confirmation data (GPCS C.5.1 to C.5.6)."""
    if command.ins == commands.INS_DELETE:
        name = tlv.find(command.data, TAG_AID)
        return tlv.encode_fields(name.value if name else b"")
    fields = _fields(command)
    if command.p1 == commands.INSTALL_FOR_LOAD:
        return tlv.encode_fields(fields[0], fields[1] or domain)
    return tlv.encode_fields(fields[0], fields[2])


def is_genuine(found: Confirmation, done: bytes, receipt_key: bytes) -> bool:
    """Tell whether the element's AES receipt key made this receipt for what was done."""
    return compare_digest(cmac(receipt_key, found.data + done), found.receipt)


def _fields(command: Command) -> list[bytes]:
    fields = tlv.parse_fields(command.data)
    if len(fields) != (LOAD_FIELDS if command.p1 == commands.INSTALL_FOR_LOAD else OTHER_FIELDS):
        raise TlvMalformed("not the fields of this INSTALL")
    return fields
