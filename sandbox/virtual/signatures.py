"""What the keys of a security domain sign and verify: tokens, receipts, DAP (GPCS B.1 to B.4, C.4 to C.6).

AES gives a CMAC, RSA-1024 PKCS#1 v1.5 with SHA-1, longer RSA keys PSS with SHA-256, ECC plain r and s with the hash
that fits the curve.
"""

from hmac import compare_digest
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from sandbox.virtual.registry import KEY_TYPE_AES, Key
from tsm.globalplatform.scp03.messaging import cmac

# Key types (GPCS table 11-16).
RSA_EXPONENT, RSA_MODULUS, RSA_PRIVATE_EXPONENT = 0xA0, 0xA1, 0xA3
ECC_PUBLIC, ECC_PRIVATE, ECC_CURVE = 0xB0, 0xB1, 0xF0
PUBLIC_KEY_TYPES: Final = (RSA_EXPONENT, RSA_MODULUS, ECC_PUBLIC, ECC_CURVE)
# Key parameter reference (GPCS table B-2) -> curve and hash.
CURVES: Final[dict[int, tuple[ec.EllipticCurve, HashAlgorithm]]] = {
    0x00: (ec.SECP256R1(), SHA256()),
    0x01: (ec.SECP384R1(), SHA384()),
    0x02: (ec.SECP521R1(), SHA512()),
}
PSS_SALT: Final = 32
SHORT_RSA: Final = 1024


def is_usable(key: Key) -> bool:
    """Tell whether the components make a key that can verify or sign."""
    parts = dict(key.components)
    try:
        if key.type == KEY_TYPE_AES:
            return True
        if key.type in (RSA_MODULUS, RSA_EXPONENT):
            return _rsa_public(parts).key_size >= SHORT_RSA
        curve, _ = _curve(parts)
        if ECC_PUBLIC in parts:
            ec.EllipticCurvePublicKey.from_encoded_point(curve, parts[ECC_PUBLIC])
            return True
        return ECC_PRIVATE in parts
    except (KeyError, ValueError):
        return False


def verifies(key: Key, message: bytes, signature: bytes) -> bool:
    """Tell whether the signature over the message is this key's; a private key verifies nothing."""
    parts = dict(key.components)
    try:
        if key.type == KEY_TYPE_AES:
            return compare_digest(cmac(key.value, message), signature)
        if RSA_MODULUS in parts:
            _verify_rsa(_rsa_public(parts), message, signature)
        else:
            _verify_ecc(parts, message, signature)
    except (InvalidSignature, KeyError, ValueError):
        return False
    return True


def signed(key: Key, message: bytes) -> bytes:
    """Return the signature of an AES, private RSA or private ECC key; raises ValueError for a public one."""
    parts = dict(key.components)
    if key.type == KEY_TYPE_AES:
        return cmac(key.value, message)
    if RSA_PRIVATE_EXPONENT in parts:
        private = _rsa_private(parts)
        if private.key_size <= SHORT_RSA:
            return private.sign(message, padding.PKCS1v15(), SHA1())  # noqa: S303 - GPCS B.3.1.1
        return private.sign(message, padding.PSS(padding.MGF1(SHA256()), PSS_SALT), SHA256())
    if ECC_PRIVATE in parts:
        curve, digest = _curve(parts)
        r, s = decode_dss_signature(
            ec.derive_private_key(int.from_bytes(parts[ECC_PRIVATE], "big"), curve).sign(message, ec.ECDSA(digest))
        )
        size = (curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    raise ValueError("a public key signs nothing")


def _verify_rsa(public: rsa.RSAPublicKey, message: bytes, signature: bytes) -> None:
    if public.key_size > SHORT_RSA:
        public.verify(signature, message, padding.PSS(padding.MGF1(SHA256()), PSS_SALT), SHA256())
        return
    try:
        public.verify(signature, message, padding.PKCS1v15(), SHA1())  # noqa: S303 - GPCS B.3.1.1
    except InvalidSignature:
        # The card specification says SHA-1; tools sign a SHA-256 load file hash with SHA-256.
        public.verify(signature, message, padding.PKCS1v15(), SHA256())


def _verify_ecc(parts: dict[int, bytes], message: bytes, signature: bytes) -> None:
    curve, digest = _curve(parts)
    size = (curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        raise InvalidSignature
    numbers = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, parts[ECC_PUBLIC])
    public.verify(encode_dss_signature(*numbers), message, ec.ECDSA(digest))


def _curve(parts: dict[int, bytes]) -> tuple[ec.EllipticCurve, HashAlgorithm]:
    return CURVES[int.from_bytes(parts[ECC_CURVE], "big")]


def _rsa_public(parts: dict[int, bytes]) -> rsa.RSAPublicKey:
    numbers = (int.from_bytes(parts[kind], "big") for kind in (RSA_EXPONENT, RSA_MODULUS))
    return rsa.RSAPublicNumbers(*numbers).public_key()


def _rsa_private(parts: dict[int, bytes]) -> rsa.RSAPrivateKey:
    public = _rsa_public(parts).public_numbers()
    d = int.from_bytes(parts[RSA_PRIVATE_EXPONENT], "big")
    p, q = rsa.rsa_recover_prime_factors(public.n, public.e, d)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key()
