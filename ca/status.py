"""Status: the verdict on a certificate, or on a signature made with it, with every reason.

The path is validated by cryptography's verifier (`ca.path`); whether it was revoked is read from our own records, one
query for all that is asked together, or from a CRL or an OCSP answer that is handed in instead (`ca.evidence`). The
issuing generation is found by the authority key identifier, never by the name: all generations bear the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.db import DatabaseError

from ca import der as encoding
from ca import evidence, history, issuance, path, records, verdict
from ca.errors import StatusUnknown
from ca.models import Certificate, Realm
from ca.profiles import PROFILES, Medium, Purpose
from ca.verdict import Reason, Standing, Verdict

# Beside what stands here: the words of the answer.
__all__ = [
    "Evidence",
    "Question",
    "Reason",
    "Signed",
    "Standing",
    "Verdict",
    "check_all",
    "check_certificate",
    "check_signature",
]


@dataclass(frozen=True)
class Evidence:
    """What is handed in to be asked instead of our records, DER; None for what is not."""

    crl: bytes | None = None
    ocsp: bytes | None = None

    def __bool__(self) -> bool:
        return self.crl is not None or self.ocsp is not None


@dataclass(frozen=True)
class Signed:
    """A message and its signature: RSA PKCS#1 v1.5 with SHA-256."""

    message: bytes
    signature: bytes


@dataclass(frozen=True)
class Question:
    """One certificate to be judged, DER; purpose, medium and signature are checked when given."""

    der: bytes
    purpose: Purpose | None = None
    medium: Medium | None = None
    signed: Signed | None = None
    evidence: Evidence = Evidence()


def check_certificate(
    realm: Realm,
    der: bytes,
    *,
    now: datetime,
    at: datetime | None = None,
    purpose: Purpose | None = None,
    medium: Medium | None = None,
    crl: bytes | None = None,
    ocsp: bytes | None = None,
) -> Verdict:
    """Judge a certificate, DER, at `now`; purpose and medium are checked when given. Raises StatusUnknown.

    With `at`, it is judged as of that moment, which is past. With `crl` or `ocsp`, DER, those say whether it was
    revoked, and our records are not asked: UNDECIDED when neither covers the certificate at the moment that is judged.
    Of the two, one that says "not good" decides.
    """
    return check_all(realm, [Question(der, purpose, medium, evidence=Evidence(crl, ocsp))], now=now, at=at)[0]


def check_signature(
    realm: Realm,
    der: bytes,
    message: bytes,
    signature: bytes,
    *,
    now: datetime,
    at: datetime | None = None,
    purpose: Purpose,
    medium: Medium | None = None,
) -> Verdict:
    """Judge a signature (RSA PKCS#1 v1.5 with SHA-256 over `message`) and its certificate. Raises StatusUnknown.

    `at` is the moment at which it was made, where that is known from elsewhere: its certificate is judged as of then.
    """
    question = Question(der, purpose, medium, Signed(message, signature))
    return check_all(realm, [question], now=now, at=at)[0]


def check_all(
    realm: Realm, questions: Sequence[Question], *, now: datetime, at: datetime | None = None
) -> list[Verdict]:
    """Answer questions together, in their order: our records are read once for all. Raises StatusUnknown.

    `now` is the realm's time. Without `at` a status counts whatever the clock says: what was revoked stays so when a
    sandbox's clock is set back. With `at` the verdict is as of that moment, by the history of the status; ValueError
    when it is still to come.
    """
    if at is not None and at > now:
        raise ValueError(f"{at} is still to come at {now}: what will be valid then nobody knows")
    if realm.halted_at is not None and not all(question.evidence for question in questions):
        raise StatusUnknown("our own records may lack what was revoked: the realm is halted")
    presented = [_read(question.der) for question in questions]
    try:
        asked = zip(questions, presented, strict=True)
        found = records.of(realm, {one.serial_number for question, one in asked if one and not question.evidence})
        past = history.statuses({record.pk for record in found.values()}, at) if at is not None else {}
        judge = _Judge(realm, now if at is None else at, found, past)
        return [judge.verdict(question, one) for question, one in zip(questions, presented, strict=True)]
    except DatabaseError as error:
        raise StatusUnknown("our own records can't be read") from error


class _Presented(NamedTuple):
    """A certificate as it was handed in, read as far as every verdict needs it."""

    certificate: x509.Certificate
    serial_number: str
    begin: datetime
    end: datetime
    key: object


def _read(der: bytes) -> _Presented | None:
    try:
        read = x509.load_der_x509_certificate(der)
        begin, end = read.not_valid_before_utc, read.not_valid_after_utc
        return _Presented(read, encoding.integer_hex(read.serial_number), begin, end, read.public_key())
    except Exception:  # any bytes may come in, and the parser raises more than one kind of error
        return None


_PADDING, _DIGEST = padding.PKCS1v15(), hashes.SHA256()
_PURPOSES = {str(purpose): purpose for purpose in Purpose}
_MEDIA = {str(medium): medium for medium in Medium}
_STANDING = {
    Certificate.Status.REVOKED.value: Reason.REVOKED,
    Certificate.Status.ON_HOLD.value: Reason.ON_HOLD,
    Certificate.Status.PENDING.value: Reason.ON_HOLD,
}


class _Judge:
    """Gives verdicts as of one moment, in one realm."""

    def __init__(
        self, realm: Realm, moment: datetime, found: Mapping[bytes, records.Record], past: Mapping[int, str]
    ) -> None:
        self._realm, self._moment, self._records, self._past = realm, moment, found, past
        self._validators: dict[str | None, path.Validator | None] = {None: None}

    def verdict(self, question: Question, presented: _Presented | None) -> Verdict:
        """Answer one question about a certificate, None when its octets are none."""
        if presented is None:
            return verdict.of([Reason.MALFORMED], None, None, None)
        certificate, _, begin, end, key = presented
        record = self._records.get(records.digest(question.der)) if not question.evidence else None
        purpose: Purpose | None
        medium: Medium | None
        if record is not None:
            # Who signed our own octets, and under which profile, the record says: lint held them to it. Reading all
            # extensions costs as much as checking two signatures.
            signer: str | None = record.signer
            purpose, medium = _PURPOSES[record.purpose], _MEDIA[record.medium]
        else:
            try:
                signer = path.signer(certificate.extensions)
                purpose, medium = self._kind(certificate.extensions)
            except Exception:  # as in reading it
                return verdict.of([Reason.MALFORMED], None, None, None)
        reasons: list[Reason] = []
        validator = self._validator(signer)
        kind = (purpose, medium) if record is not None else None
        within = begin <= self._moment <= end
        if validator is None or not validator.holds(certificate, within=within, kind=kind):
            reasons.append(Reason.CHAIN_BROKEN)
            validator = record = None
        elif record is None and not question.evidence:
            reasons.append(Reason.UNKNOWN_CERTIFICATE)
        if self._moment < begin:
            reasons.append(Reason.NOT_YET_VALID)
        if self._moment > end:
            reasons.append(Reason.EXPIRED)
        if record is not None:
            standing = _STANDING.get(self._past.get(record.pk, record.status))
            reasons += [standing] if standing else []
        if question.evidence and validator is not None:
            reasons += _by_evidence(certificate, validator.authority, question.evidence, self._moment)
        if purpose is None or (question.purpose is not None and question.purpose != purpose):
            reasons.append(Reason.WRONG_PURPOSE)
        if medium is None or (question.medium is not None and question.medium != medium):
            reasons.append(Reason.WRONG_MEDIUM)
        if question.signed is not None and not _signature_holds(key, question.signed):
            reasons.append(Reason.SIGNATURE_WRONG)
        return verdict.of(reasons, record.pk if record is not None else None, medium, purpose)

    def _validator(self, signer: str | None) -> path.Validator | None:
        if signer not in self._validators:
            anchor = path.anchor(self._realm, str(signer))
            self._validators[signer] = path.Validator(anchor, self._moment) if anchor is not None else None
        return self._validators[signer]

    def _kind(self, extensions: x509.Extensions) -> tuple[Purpose | None, Medium | None]:
        """Return which of our profiles the certificate claims, by policy and key usage."""
        try:
            claimed = extensions.get_extension_for_class(x509.CertificatePolicies).value
            usage = extensions.get_extension_for_class(x509.KeyUsage).value
        except x509.ExtensionNotFound:
            return None, None
        policies = {information.policy_identifier for information in claimed}
        for profile in PROFILES.values():
            if issuance.policy(self._realm, profile) in policies:
                commits = "content_commitment" in profile.key_usage
                signs = usage.digital_signature and usage.content_commitment == commits
                return (profile.purpose if signs else None), profile.medium
        return None, None


def _by_evidence(
    certificate: x509.Certificate, authority: x509.Certificate, handed_in: Evidence, moment: datetime
) -> list[Reason]:
    said = set()
    if handed_in.crl is not None:
        said.add(evidence.by_crl(certificate, authority, handed_in.crl, moment))
    if handed_in.ocsp is not None:
        said.add(evidence.by_ocsp(certificate, authority, handed_in.ocsp, moment))
    if evidence.Said.REVOKED in said:
        return [Reason.REVOKED]
    if evidence.Said.ON_HOLD in said:
        return [Reason.ON_HOLD]
    return [] if evidence.Said.GOOD in said else [Reason.REVOCATION_UNKNOWN]


def _signature_holds(key: object, signed: Signed) -> bool:
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signed.signature, signed.message, _PADDING, _DIGEST)
    except InvalidSignature:
        return False
    return True
