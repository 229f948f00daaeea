"""Evidence: what a CRL or an OCSP answer that somebody hands in says of a certificate at a given time.

Our own records are not asked. What does not cover the certificate at that time, or is not signed by who may say it,
says nothing: None, which is another thing than "good".
"""

import hashlib
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from ca import assembly


class Said(StrEnum):
    """What evidence says."""

    GOOD = "good"
    ON_HOLD = "on_hold"
    REVOKED = "revoked"


# RFC 5280 6.3.3: of a list with a critical extension that is not understood, nothing may be taken.
_UNDERSTOOD = {
    ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.CRL_NUMBER,
}


def by_crl(certificate: x509.Certificate, authority: x509.Certificate, data: bytes, now: datetime) -> Said | None:
    """Return what a DER CRL says (RFC 5280 6.3): the authority's own, of the certificate's point, of its time."""
    try:
        crl = x509.load_der_x509_crl(data)
        if not _covers(crl, certificate, authority, now):
            return None
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is None:
            return Said.GOOD
        try:
            reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        except x509.ExtensionNotFound:
            reason = None
    except Exception:  # any bytes may come in, and the parser raises more than one kind of error
        return None
    return _not_good(reason)


def _covers(
    crl: x509.CertificateRevocationList, certificate: x509.Certificate, authority: x509.Certificate, now: datetime
) -> bool:
    key = authority.public_key()
    until = crl.next_update_utc
    if crl.issuer != certificate.issuer or not isinstance(key, rsa.RSAPublicKey) or not crl.is_signature_valid(key):
        return False
    if until is None or not crl.last_update_utc <= now <= until:
        return False
    if any(one.critical and one.oid not in _UNDERSTOOD for one in crl.extensions):
        return False  # deltas among them
    point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    if point.only_some_reasons or point.indirect_crl or point.only_contains_ca_certs:
        return False
    if point.only_contains_attribute_certs or not point.full_name:
        return False
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    return any(name in point.full_name for one in points for name in one.full_name or ())


def by_ocsp(certificate: x509.Certificate, authority: x509.Certificate, data: bytes, now: datetime) -> Said | None:
    """Return what a DER OCSPResponse says (RFC 6960 3.2), signed by the authority or its delegated responder."""
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return None
        if not any(_signed(response, one) for one in _speakers(response, authority, now)):
            return None
        for single in response.responses:
            until = single.next_update_utc
            if not _is_about(single, certificate, authority):
                continue
            if until is None or not single.this_update_utc <= now <= until:
                continue
            if single.certificate_status is ocsp.OCSPCertStatus.GOOD:
                return Said.GOOD
            if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
                return _not_good(single.revocation_reason)
    except Exception:  # as above
        return None
    return None


def _not_good(reason: x509.ReasonFlags | None) -> Said:
    return Said.ON_HOLD if reason is x509.ReasonFlags.certificate_hold else Said.REVOKED


def _speakers(response: ocsp.OCSPResponse, authority: x509.Certificate, now: datetime) -> list[x509.Certificate]:
    """Return who may have signed: the authority, and those that it delegated and that hold at `now`."""
    speakers = [authority]
    for one in response.certificates:
        try:
            one.verify_directly_issued_by(authority)
            usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            continue
        if ExtendedKeyUsageOID.OCSP_SIGNING in usage and one.not_valid_before_utc <= now <= one.not_valid_after_utc:
            speakers.append(one)
    return speakers


def _signed(response: ocsp.OCSPResponse, speaker: x509.Certificate) -> bool:
    bits = hashlib.sha1(assembly.public_key_bits(speaker), usedforsecurity=False).digest()
    if response.responder_key_hash != bits and response.responder_name != speaker.subject:
        return False
    key = speaker.public_key()
    algorithm = response.signature_hash_algorithm
    if not isinstance(key, rsa.RSAPublicKey) or not isinstance(
        algorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512
    ):
        return False
    try:
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _is_about(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    digest = single.hash_algorithm.name
    name, bits = authority.subject.public_bytes(), assembly.public_key_bits(authority)
    return (
        single.serial_number == certificate.serial_number
        and single.issuer_name_hash == hashlib.new(digest, name).digest()
        and single.issuer_key_hash == hashlib.new(digest, bits).digest()
    )
