"""Signing: bytes to be signed into their envelope, by a generation's key, checked before they leave the house."""

from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ca import der, keys
from ca.models import Generation


def sign(generation: Generation, tbs: bytes) -> bytes:
    """Return `tbs` in its envelope, signed by the generation's key and checked with its certificate."""
    return signing(generation)(tbs)


def signing(generation: Generation) -> Callable[[bytes], bytes]:
    """Open the generation's key once; return what puts bytes to be signed into their envelope, as `sign` does."""
    signer = keys.store().open(generation.key_label)
    authority = x509.load_der_x509_certificate(bytes(generation.certificate)).public_key()
    assert isinstance(authority, rsa.RSAPublicKey)  # noqa: S101  (made by the ceremony)

    scheme, digest = padding.PKCS1v15(), hashes.SHA256()

    def sign_one(tbs: bytes) -> bytes:
        signature = signer.sign(tbs)
        # A wrong key, or a fault in the signing, must not leave the house (raises InvalidSignature).
        authority.verify(signature, tbs, scheme, digest)
        return der.signed(tbs, signature)

    return sign_one
