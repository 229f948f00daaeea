"""Keys of every kind that an element takes for tokens, receipts and DAP: whoever holds the other half of them."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import encrypt_sensitive


class Aes:
    """A shared AES key: CMAC."""

    def __init__(self, size: int = 16) -> None:
        self.key = bytes(range(size))

    def public_field(self, dek: bytes) -> bytes:
        return commands.aes_key_field(self.key, dek)

    private_field = public_field

    def sign(self, message: bytes) -> bytes:
        context = CMAC(AES(self.key))
        context.update(message)
        return context.finalize()

    def check(self, message: bytes, signature: bytes) -> None:
        assert self.sign(message) == signature


class Rsa:
    """RSA: PKCS#1 v1.5 with SHA-1 up to 1024 bits, PSS with SHA-256 above."""

    def __init__(self, size: int) -> None:
        self.key = rsa.generate_private_key(65537, size)
        short = size <= 1024
        self.hash = SHA1() if short else SHA256()  # noqa: S303
        self.padding = padding.PKCS1v15() if short else padding.PSS(padding.MGF1(SHA256()), 32)

    def _modulus(self) -> bytes:
        number = self.key.public_key().public_numbers().n
        return tlv.encode(0xA1, number.to_bytes(self.key.key_size // 8, "big"))

    def public_field(self, dek: bytes) -> bytes:
        return self._modulus() + tlv.encode(0xA0, b"\x01\x00\x01") + b"\x00"

    def private_field(self, dek: bytes) -> bytes:
        d = self.key.private_numbers().d.to_bytes(self.key.key_size // 8, "big")
        public = self._modulus() + tlv.encode(0xA0, b"\x01\x00\x01")
        return public + tlv.encode(0xA3, encrypt_sensitive(dek, d)) + b"\x00"

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message, self.padding, self.hash)

    def check(self, message: bytes, signature: bytes) -> None:
        self.key.public_key().verify(signature, message, self.padding, self.hash)


class Ecc:
    """ECDSA with plain r and s, on P-256, P-384 or P-521."""

    KINDS: Final = {
        0: (ec.SECP256R1(), SHA256(), 32),
        1: (ec.SECP384R1(), SHA384(), 48),
        2: (ec.SECP521R1(), SHA512(), 66),
    }

    def __init__(self, reference: int) -> None:
        curve, self.hash, self.size = self.KINDS[reference]
        self.reference = tlv.encode(0xF0, bytes((reference,)))
        self.key = ec.generate_private_key(curve)

    def public_field(self, dek: bytes) -> bytes:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return tlv.encode(0xB0, point) + self.reference + b"\x00"

    def private_field(self, dek: bytes) -> bytes:
        value = self.key.private_numbers().private_value.to_bytes(self.size, "big")
        block = encrypt_sensitive(dek, value + bytes(-self.size % 16))
        if self.size % 16:
            block = bytes((self.size,)) + block
        return tlv.encode(0xB1, block) + self.reference + b"\x00"

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(self.hash)))
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def check(self, message: bytes, signature: bytes) -> None:
        assert len(signature) == 2 * self.size
        r, s = (int.from_bytes(half, "big") for half in (signature[: self.size], signature[self.size :]))
        self.key.public_key().verify(encode_dss_signature(r, s), message, ec.ECDSA(self.hash))


Signer = Aes | Rsa | Ecc
SIGNERS: Final[dict[str, Signer]] = {
    "AES-128": Aes(16),
    "AES-192": Aes(24),
    "AES-256": Aes(32),
    "RSA-1024": Rsa(1024),
    "RSA-2048": Rsa(2048),
    "P-256": Ecc(0),
    "P-384": Ecc(1),
    "P-521": Ecc(2),
}


def put(signer: Signer, version: int, dek: bytes, *, private: bool = False) -> Command:
    """Return PUT KEY of this key as identifier 1 of a version: 70 for tokens, 71 for receipts, 73 for DAP."""
    field = signer.private_field(dek) if private else signer.public_field(dek)
    return Command(0x80, 0xD8, 0x00, 0x01, bytes((version,)) + field, 256)


def signed_order(command: Command) -> bytes:
    """Return what the token of an INSTALL without one, or of a DELETE, signs."""
    data = command.data if command.ins == commands.INS_DELETE else command.data[:-1]
    length = bytes((len(data),)) if len(data) < 256 else b"\x00" + len(data).to_bytes(2, "big")
    return bytes((command.p1, command.p2)) + length + data


def with_token(command: Command, signer: Signer, *, before: bytes = b"") -> Command:
    """Return an order with its token in place."""
    token = signer.sign(before + signed_order(command))
    if command.ins == commands.INS_DELETE:
        data = command.data + tlv.encode(0x9E, token)
    else:
        data = command.data[:-1] + tlv.encode_fields(token)
    return Command(command.cla, command.ins, command.p1, command.p2, data, command.le)
