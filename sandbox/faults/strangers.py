"""A look-alike authority: the same names as the realm's, another key; and whom it issues certificates to.

Its keys are made in each process when they are first needed, and stand for nothing: a verifier that holds a certificate
to the trust list's keys, and not to names, never takes one of them.
"""

import functools
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ca.profiles import RSA_BITS, RSA_EXPONENT


@functools.cache
def authority_key() -> rsa.RSAPrivateKey:
    """Return the look-alike authority's key."""
    return rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)


@functools.cache
def holder_key() -> rsa.RSAPrivateKey:
    """Return the key of whoever it issues a certificate to."""
    return rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)


@functools.cache
def responder_key() -> rsa.RSAPrivateKey:
    """Return the key of the responder that it delegates OCSP to."""
    return rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)


def copy_of(
    certificate: bytes,
    *,
    key: rsa.RSAPrivateKey,
    signed_by: rsa.RSAPrivateKey,
    issuer: x509.Name | None = None,
    subject: x509.Name | None = None,
) -> bytes:
    """Return a certificate (DER) that says all that `certificate` does, for another key and signed by another."""
    true = x509.load_der_x509_certificate(certificate)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or true.subject)
        .issuer_name(issuer or true.issuer)
        .public_key(key.public_key())
        .serial_number(true.serial_number)
        .not_valid_before(true.not_valid_before_utc)
        .not_valid_after(true.not_valid_after_utc)
    )
    for extension in true.extensions:
        value = extension.value
        if isinstance(value, x509.SubjectKeyIdentifier):
            value = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        if isinstance(value, x509.AuthorityKeyIdentifier) and issuer is None:
            value = x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key())
        builder = builder.add_extension(value, critical=extension.critical)
    return builder.sign(signed_by, hashes.SHA256()).public_bytes(Encoding.DER)


def authority(certificate: bytes) -> bytes:
    """Return the look-alike of an authority's certificate (DER): it signs itself."""
    return copy_of(certificate, key=authority_key(), signed_by=authority_key())


def elsewhere(name: x509.Name) -> x509.Name:
    """Return the name of the same authority of another environment."""
    kept = [one for one in name if one.oid != NameOID.ORGANIZATION_NAME]
    return x509.Name([*kept, x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI-TEST-ELSEWHERE")])


def with_other_key(certificate: bytes) -> bytes:
    """Return a certificate (DER) in which the public key was changed; the authority's signature is as it was."""
    from asn1crypto import keys
    from asn1crypto import x509 as asn1

    changed = asn1.Certificate.load(certificate)
    numbers = holder_key().public_key().public_numbers()
    changed["tbs_certificate"]["subject_public_key_info"] = keys.PublicKeyInfo.wrap(
        keys.RSAPublicKey({"modulus": numbers.n, "public_exponent": numbers.e}), "rsa"
    )
    return bytes(changed.dump(force=True))


def empty_list(der: bytes, extensions: Iterable[x509.Extension] | None = None) -> bytes:
    """Return a list (DER) of the same name and point as a true one, without an entry, signed by the look-alike."""
    true = x509.load_der_x509_crl(der)
    until = true.next_update_utc or true.last_update_utc + timedelta(days=1)
    builder = _list_builder(true.issuer, true.last_update_utc, until)
    for extension in extensions or true.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(authority_key(), hashes.SHA256()).public_bytes(Encoding.DER)


def _list_builder(issuer: x509.Name, since: datetime, until: datetime) -> x509.CertificateRevocationListBuilder:
    return x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(since).next_update(until)
