"""What the application's keys sign: a digest for the relying party, a proof for the TSM."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tsm.jpki.application import MODULUS_LENGTH, PROOF_DOMAIN, Key
from tsm.jpki.errors import AnswerMalformed, ProofWrong

# RFC 8017 9.2, note 1: DigestInfo of SHA-256 without the digest.
SHA256_DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")


def digest_info(digest: bytes) -> bytes:
    """Return the DigestInfo (51 bytes) of a SHA-256 digest (32 bytes), as `sign` wants it."""
    if len(digest) != 32:
        raise ValueError("a SHA-256 digest has 32 bytes")
    return SHA256_DIGEST_INFO + digest


def modulus_of(public_key: bytes) -> bytes:
    """Return the modulus (256 bytes) of an RSA-2048 SubjectPublicKeyInfo (DER)."""
    return _rsa(public_key).public_numbers().n.to_bytes(MODULUS_LENGTH, "big")


def proof_message(ref: Key, modulus: bytes, challenge: bytes) -> bytes:
    """Return what PROVE POSSESSION signs.

    Begins with its own name and holds the key itself, so the TSM can never obtain a signature over a text
    of its choice, nor pass a proof of one key off as that of another.
    """
    return PROOF_DOMAIN + bytes([ref]) + modulus + challenge


def check_proof(ref: Key, public_key: bytes, challenge: bytes, signature: bytes) -> None:
    """Check a PROVE POSSESSION answer against a SubjectPublicKeyInfo (DER); raises ProofWrong."""
    message = proof_message(ref, modulus_of(public_key), challenge)
    try:
        _rsa(public_key).verify(signature, message, padding.PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise ProofWrong("the phone did not prove that it holds the key") from error


def _rsa(public_key: bytes) -> rsa.RSAPublicKey:
    key = load_der_public_key(public_key)
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != MODULUS_LENGTH * 8:
        raise AnswerMalformed("not an RSA-2048 key")
    return key
