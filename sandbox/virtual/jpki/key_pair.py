"""A key pair of the application: made inside, never read out, signing in six ways."""

from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from sandbox.virtual.applet import Refusal
from tsm import jpki
from tsm.globalplatform import tlv
from tsm.globalplatform.status import SW_WRONG_LENGTH, SW_WRONG_P1_P2

# PKCS#1 v1.5 needs 11 bytes of the 256 for itself (RFC 8017 9.2).
LONGEST_RAW = jpki.MODULUS_LENGTH - 11


class Mode(IntEnum):
    """P1 of the signing command (jpki-facts 3.3)."""

    AS_GIVEN = 0
    HASH_BARE = 1
    DIGEST = 2
    HASH = 3
    DIGEST_PSS = 4
    HASH_PSS = 5


class KeyPair:
    """An RSA-2048 key pair with exponent 65537."""

    def __init__(self, private: rsa.RSAPrivateKey) -> None:
        if private.key_size != jpki.MODULUS_LENGTH * 8 or private.public_key().public_numbers().e != 65537:
            raise ValueError("the application holds RSA-2048 keys with exponent 65537")
        self._private = private

    @classmethod
    def generate(cls) -> "KeyPair":
        return cls(rsa.generate_private_key(jpki.PUBLIC_EXPONENT, jpki.MODULUS_LENGTH * 8))

    @classmethod
    def load(cls, private: bytes) -> "KeyPair":
        """Read an unencrypted private key, PEM or DER; raises ValueError for anything but RSA-2048, e=65537."""
        load = load_pem_private_key if private.lstrip().startswith(b"-----") else load_der_private_key
        return cls._of(load(private, None))

    @classmethod
    def restore(cls, state: str) -> "KeyPair":
        """Read what `state` returned. Skips the key check (35 ms): these bytes never left the card."""
        return cls._of(load_der_private_key(bytes.fromhex(state), None, unsafe_skip_rsa_key_validation=True))

    @classmethod
    def _of(cls, private: object) -> "KeyPair":
        if not isinstance(private, rsa.RSAPrivateKey):
            raise ValueError("the application holds RSA keys only")
        return cls(private)

    def state(self) -> str:
        return self._private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex()

    @property
    def public_key(self) -> bytes:
        """Return the SubjectPublicKeyInfo (DER)."""
        return self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def modulus(self) -> bytes:
        return self._private.public_key().public_numbers().n.to_bytes(jpki.MODULUS_LENGTH, "big")

    def template(self) -> bytes:
        """Return 7F49{81 modulus, 82 exponent} (ISO 7816-8 5.3.3)."""
        exponent = jpki.PUBLIC_EXPONENT.to_bytes(3, "big")
        parts = tlv.encode(jpki.TAG_MODULUS, self.modulus) + tlv.encode(jpki.TAG_EXPONENT, exponent)
        return tlv.encode(jpki.TAG_PUBLIC_KEY, parts)

    def sign(self, mode: int, data: bytes) -> bytes:
        """Sign as P1 says; raises Refusal 6A86 for an unknown mode and 6700 for data of a wrong length."""
        if mode not in Mode._value2member_map_:
            raise Refusal(SW_WRONG_P1_P2)
        longest = LONGEST_RAW if mode == Mode.AS_GIVEN else len(data)
        shortest = 32 if mode in (Mode.DIGEST, Mode.DIGEST_PSS) else 1
        if not shortest <= len(data) <= longest or (shortest == 32 and len(data) != 32):
            raise Refusal(SW_WRONG_LENGTH)
        if mode in (Mode.DIGEST_PSS, Mode.HASH_PSS):
            digest = data if mode == Mode.DIGEST_PSS else _sha256(data)
            pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
            return self._private.sign(digest, pss, Prehashed(SHA256()))
        block = {
            Mode.AS_GIVEN: lambda: data,
            Mode.HASH_BARE: lambda: _sha256(data),
            Mode.DIGEST: lambda: jpki.digest_info(data),
            Mode.HASH: lambda: jpki.digest_info(_sha256(data)),
        }[Mode(mode)]()
        return self._private.sign(block, padding.PKCS1v15(), NoDigestInfo())


def _sha256(data: bytes) -> bytes:
    digest = Hash(SHA256())
    digest.update(data)
    return digest.finalize()
