"""The second check: which trusted authority signed a certificate, and whether it is in its time and for its purpose."""

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from jpki_client.trust import SIGNATURE, Trust
from jpki_client.verdict import Check, Line, Outcome

# Critical extensions that are looked at here. A certificate with any other must not be accepted (RFC 5280 §4.2).
UNDERSTOOD = {ExtensionOID.KEY_USAGE, ExtensionOID.CERTIFICATE_POLICIES, ExtensionOID.BASIC_CONSTRAINTS}


def issuer_of(certificate: x509.Certificate, purpose: str, trust: Trust) -> x509.Certificate | None:
    """Return the authority that signed the certificate.

    All generations of an authority have one name: which it was, the signature says.
    """
    for authority in trust.authorities:
        if authority.purpose == purpose and is_issued_by(certificate, authority.certificate):
            return authority.certificate
    return None


def check_chain(
    certificate: x509.Certificate,
    extensions: x509.Extensions,
    issuer: x509.Certificate | None,
    purpose: str,
    now: datetime,
) -> Line:
    """Check that a trusted authority signed the certificate, that both are in their time, and what the key is for."""
    if issuer is None:
        return Line(Check.CHAIN, Outcome.FAILS, "issuer_not_trusted", {"issuer": certificate.issuer.rfc4514_string()})
    facts = {
        "issuer": issuer.subject.rfc4514_string(),
        "serial_number": serial_number(certificate),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
    }
    if not _is_authority(issuer) or not is_in_its_time(issuer, now):
        return Line(Check.CHAIN, Outcome.FAILS, "issuer_not_trusted", facts)
    if now < certificate.not_valid_before_utc:
        return Line(Check.CHAIN, Outcome.FAILS, "not_yet_valid", facts)
    if now > certificate.not_valid_after_utc:
        return Line(Check.CHAIN, Outcome.FAILS, "expired", facts)
    if any(extension.critical and extension.oid not in UNDERSTOOD for extension in extensions):
        return Line(Check.CHAIN, Outcome.FAILS, "extension_not_understood", facts)
    if _is_authority(certificate) or not _is_for(extensions, purpose):
        return Line(Check.CHAIN, Outcome.FAILS, "wrong_purpose", facts)
    return Line(Check.CHAIN, Outcome.HOLDS, "chain_right", facts)


def serial_number(certificate: x509.Certificate) -> str:
    """Return a serial number as the authorities write it: whole bytes, upper-case hex."""
    number = certificate.serial_number
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big").hex().upper()


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether the issuer's name and key are on the certificate."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def is_in_its_time(certificate: x509.Certificate, now: datetime) -> bool:
    """Return whether `now` is between the certificate's two times."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return constraints.ca and usage.key_cert_sign


def _is_for(extensions: x509.Extensions, purpose: str) -> bool:
    """Return whether the key may be used so: a signature key commits, an authentication key is a TLS client's."""
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        if purpose == SIGNATURE:
            return usage.digital_signature and usage.content_commitment
        extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature and not usage.content_commitment and ExtendedKeyUsageOID.CLIENT_AUTH in extended
