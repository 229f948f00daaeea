"""Status: the verdict on a certificate, or on a signature made with it, with every reason.

The path is validated by cryptography's verifier under this PKI's own extension policy; whether it was revoked is read
from our own records, or from a CRL or an OCSP answer that is handed in instead (`ca.evidence`). The issuing generation
is found by the authority key identifier, never by the name: all generations bear the same one.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import verification
from cryptography.x509.verification import Criticality, ExtensionPolicy
from django.db import DatabaseError

from ca import der as encoding
from ca import evidence, issuance
from ca.errors import StatusUnknown
from ca.models import Certificate, Generation, Realm
from ca.profiles import PROFILES, Medium, Purpose


class Standing(StrEnum):
    """What a verdict comes to. Only VALID is a yes."""

    VALID = "valid"
    INVALID = "invalid"
    UNDECIDED = "undecided"  # rightly signed by the authority, but nothing says whether it was revoked


class Reason(StrEnum):
    """Why a verdict is not VALID."""

    MALFORMED = "malformed"
    CHAIN_BROKEN = "chain_broken"
    UNKNOWN_CERTIFICATE = "unknown_certificate"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ON_HOLD = "on_hold"
    WRONG_PURPOSE = "wrong_purpose"
    WRONG_MEDIUM = "wrong_medium"
    SIGNATURE_WRONG = "signature_wrong"
    REVOCATION_UNKNOWN = "revocation_unknown"  # what was handed in does not cover it


_UNDECIDED = [[Reason.UNKNOWN_CERTIFICATE], [Reason.REVOCATION_UNKNOWN]]


@dataclass(frozen=True)
class Verdict:
    """The answer: `reasons` is empty if and only if `standing` is VALID.

    `certificate` is our record, None when there is none of exactly these octets, or when none was asked; `purpose` and
    `medium` are what the certificate itself says, None when it says none of ours.
    """

    standing: Standing
    reasons: tuple[Reason, ...]
    certificate: Certificate | None
    medium: Medium | None
    purpose: Purpose | None


@dataclass(frozen=True)
class Evidence:
    """What is handed in to be asked instead of our records, DER; None for what is not."""

    crl: bytes | None = None
    ocsp: bytes | None = None

    def __bool__(self) -> bool:
        return self.crl is not None or self.ocsp is not None


_RECORDS = Evidence()


def check_certificate(
    realm: Realm,
    der: bytes,
    *,
    now: datetime,
    purpose: Purpose | None = None,
    medium: Medium | None = None,
    crl: bytes | None = None,
    ocsp: bytes | None = None,
) -> Verdict:
    """Judge a certificate, DER, at `now`; purpose and medium are checked when given. Raises StatusUnknown.

    With `crl` or `ocsp`, DER, those say whether it was revoked, and our records are not asked: UNDECIDED when neither
    covers the certificate at `now`. Of the two, one that says "not good" decides.
    """
    try:
        verdict, _ = _judge(realm, der, now, purpose, medium, Evidence(crl, ocsp))
    except DatabaseError as error:
        raise StatusUnknown("our own records can't be read") from error
    return verdict


def check_signature(
    realm: Realm,
    der: bytes,
    message: bytes,
    signature: bytes,
    *,
    now: datetime,
    purpose: Purpose,
    medium: Medium | None = None,
) -> Verdict:
    """Judge a signature (RSA PKCS#1 v1.5 with SHA-256 over `message`) and its certificate. Raises StatusUnknown."""
    try:
        verdict, parsed = _judge(realm, der, now, purpose, medium)
    except DatabaseError as error:
        raise StatusUnknown("our own records can't be read") from error
    if parsed is None or _signature_holds(parsed, message, signature):
        return verdict
    return _verdict([*verdict.reasons, Reason.SIGNATURE_WRONG], verdict.certificate, verdict.medium, verdict.purpose)


def _judge(
    realm: Realm,
    der: bytes,
    now: datetime,
    purpose: Purpose | None,
    medium: Medium | None,
    handed_in: Evidence = _RECORDS,
) -> tuple[Verdict, x509.Certificate | None]:
    try:
        parsed = x509.load_der_x509_certificate(der)
        extensions = parsed.extensions
        begin, end = parsed.not_valid_before_utc, parsed.not_valid_after_utc
        parsed.public_key()
    except Exception:  # any bytes may come in, and the parser raises more than one kind of error
        return _verdict([Reason.MALFORMED], None, None, None), None
    reasons: list[Reason] = []
    said_purpose, said_medium = _kind(realm, extensions)
    generation = _generation(realm, extensions)
    record = None
    if generation is None or not _chain_holds(parsed, generation, now, within=begin <= now <= end):
        reasons.append(Reason.CHAIN_BROKEN)
    elif not handed_in:
        record = Certificate.objects.filter(
            generation=generation, serial_number=encoding.integer_hex(parsed.serial_number)
        ).first()
        if record is not None and bytes(record.der) != der:
            record = None
        if record is None:
            reasons.append(Reason.UNKNOWN_CERTIFICATE)
    if now < begin:
        reasons.append(Reason.NOT_YET_VALID)
    if now > end:
        reasons.append(Reason.EXPIRED)
    if record is not None:
        # Whatever the clock says: it was revoked, and a clock that was set back does not undo that.
        if record.status == Certificate.Status.REVOKED:
            reasons.append(Reason.REVOKED)
        elif record.status in {Certificate.Status.ON_HOLD, Certificate.Status.PENDING}:
            reasons.append(Reason.ON_HOLD)
    if handed_in and generation is not None and Reason.CHAIN_BROKEN not in reasons:
        reasons += _by_evidence(parsed, generation, handed_in, now)
    if said_purpose is None or (purpose is not None and said_purpose != purpose):
        reasons.append(Reason.WRONG_PURPOSE)
    if said_medium is None or (medium is not None and said_medium != medium):
        reasons.append(Reason.WRONG_MEDIUM)
    return _verdict(reasons, record, said_medium, said_purpose), parsed


def _verdict(
    reasons: list[Reason], certificate: Certificate | None, medium: Medium | None, purpose: Purpose | None
) -> Verdict:
    if not reasons:
        standing = Standing.VALID
    elif reasons in _UNDECIDED:
        standing = Standing.UNDECIDED
    else:
        standing = Standing.INVALID
    return Verdict(standing, tuple(reasons), certificate, medium, purpose)


def _by_evidence(
    certificate: x509.Certificate, generation: Generation, handed_in: Evidence, now: datetime
) -> list[Reason]:
    authority = x509.load_der_x509_certificate(bytes(generation.certificate))
    said = set()
    if handed_in.crl is not None:
        said.add(evidence.by_crl(certificate, authority, handed_in.crl, now))
    if handed_in.ocsp is not None:
        said.add(evidence.by_ocsp(certificate, authority, handed_in.ocsp, now))
    if evidence.Said.REVOKED in said:
        return [Reason.REVOKED]
    if evidence.Said.ON_HOLD in said:
        return [Reason.ON_HOLD]
    return [] if evidence.Said.GOOD in said else [Reason.REVOCATION_UNKNOWN]


def _kind(realm: Realm, extensions: x509.Extensions) -> tuple[Purpose | None, Medium | None]:
    """Return which of our profiles the certificate claims, by policy and key usage."""
    try:
        policies = {
            information.policy_identifier
            for information in extensions.get_extension_for_class(x509.CertificatePolicies).value
        }
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None, None
    for profile in PROFILES.values():
        if issuance.policy(realm, profile) in policies:
            signs = usage.digital_signature and usage.content_commitment == ("content_commitment" in profile.key_usage)
            return (profile.purpose if signs else None), profile.medium
    return None, None


def _generation(realm: Realm, extensions: x509.Extensions) -> Generation | None:
    try:
        identifier = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None
    if identifier is None:
        return None
    return Generation.objects.filter(authority__realm=realm, subject_key_identifier=identifier.hex().upper()).first()


_AUTHORITY_POLICY = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.CRITICAL, None)
    .require_present(x509.KeyUsage, Criticality.CRITICAL, None)
    .require_present(x509.SubjectKeyIdentifier, Criticality.NON_CRITICAL, None)
)
_END_ENTITY_POLICY = (
    ExtensionPolicy.permit_all()
    .require_present(x509.KeyUsage, Criticality.CRITICAL, None)
    .require_present(x509.CertificatePolicies, Criticality.CRITICAL, None)
    .require_present(x509.AuthorityKeyIdentifier, Criticality.NON_CRITICAL, None)
    .require_present(x509.SubjectKeyIdentifier, Criticality.NON_CRITICAL, None)
    .require_not_present(x509.BasicConstraints)
)


def _chain_holds(certificate: x509.Certificate, generation: Generation, now: datetime, *, within: bool) -> bool:
    authority = x509.load_der_x509_certificate(bytes(generation.certificate))
    if not within:
        # Outside its validity the verifier stops at the date, which is a reason of its own: the signature alone.
        try:
            certificate.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store([authority]))
        .time(now)
        .max_chain_depth(0)
        .extension_policies(ca_policy=_AUTHORITY_POLICY, ee_policy=_END_ENTITY_POLICY)
        .build_client_verifier()
    )
    try:
        verifier.verify(certificate, [])
    except verification.VerificationError:
        return False
    return True


def _signature_holds(certificate: x509.Certificate, message: bytes, signature: bytes) -> bool:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
