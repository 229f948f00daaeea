"""Throw-away certificates for virtual cards: the right size and key, no JPKI profile."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key


@cache
def issuer_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate(public_key: bytes, name: str) -> bytes:
    """Return a certificate (DER, about 800 bytes) of a SubjectPublicKeyInfo."""
    key = load_der_public_key(public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    return _certificate(key, name)


def ca_certificate(name: str) -> bytes:
    return _certificate(issuer_key().public_key(), name)


def _certificate(key: rsa.RSAPublicKey, name: str) -> bytes:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "throw-away issuer")]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(issuer_key(), SHA256())
        .public_bytes(Encoding.DER)
    )
