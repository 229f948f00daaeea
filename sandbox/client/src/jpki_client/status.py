"""The third check: how a certificate stands now, by OCSP at the authorities' responder.

Who may ask the authorities' records instead (`Client.by_api`) says so with another `Status`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from jpki_client.chain import is_in_its_time, is_issued_by
from jpki_client.verdict import Check, Line, Outcome

# How far the responder's clock may be ahead of, or behind, the one we go by.
SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Question:
    """What is asked: how `certificate` stands at `now`. `url` is the responder's, from the trust list."""

    certificate: x509.Certificate
    issuer: x509.Certificate | None
    purpose: str
    medium: str | None
    url: str | None
    now: datetime


# Answers the third check.
Status = Callable[[Question], Line]
# Sends an OCSP request (DER) to an address and returns the response (DER); raises `httpx.HTTPError`.
Post = Callable[[str, bytes], bytes]


def post(url: str, request: bytes) -> bytes:
    """Send an OCSP request by HTTP POST (RFC 6960 appendix A)."""
    response = httpx.post(
        url, content=request, headers={"Content-Type": "application/ocsp-request"}, timeout=10.0
    ).raise_for_status()
    return response.content


def by_ocsp(post: Post = post) -> Status:
    """Return how status is found out by OCSP; `post` sends what is asked."""
    return lambda question: check_status(question, post)


def check_status(question: Question, post: Post = post) -> Line:
    """Ask the responder by OCSP, with a nonce, and check who answered before what was answered."""
    certificate, issuer, url, now = question.certificate, question.issuer, question.url, question.now
    if issuer is None or url is None:
        return Line(Check.STATUS, Outcome.UNKNOWN, "nobody_to_ask")
    facts = {"url": url}
    nonce = os.urandom(32)
    request = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(certificate, issuer, hashes.SHA256())
        .add_extension(x509.OCSPNonce(nonce), critical=False)
        .build()
    )
    try:
        answer = post(url, request.public_bytes(serialization.Encoding.DER))
        response = ocsp.load_der_ocsp_response(answer)
        return _read(response, request, issuer, nonce, now, facts)
    except httpx.HTTPError:
        return Line(Check.STATUS, Outcome.UNKNOWN, "responder_unreachable", facts)
    except (ValueError, TypeError, x509.DuplicateExtension, x509.InvalidVersion, UnsupportedAlgorithm):
        return Line(Check.STATUS, Outcome.UNKNOWN, "answer_malformed", facts)


def _read(
    response: ocsp.OCSPResponse,
    request: ocsp.OCSPRequest,
    issuer: x509.Certificate,
    nonce: bytes,
    now: datetime,
    facts: dict[str, str],
) -> Line:
    if response.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
        facts["answer"] = response.response_status.name
        return Line(Check.STATUS, Outcome.UNKNOWN, "responder_refused", facts)
    responder = _responder(response, issuer, now)
    if responder is None:
        return Line(Check.STATUS, Outcome.UNKNOWN, "responder_not_trusted", facts)
    facts["responder"] = responder.subject.rfc4514_string()
    if not _answers_nonce(response, nonce):
        return Line(Check.STATUS, Outcome.UNKNOWN, "nonce_missing", facts)
    single = _single(response, request)
    if single is None:
        return Line(Check.STATUS, Outcome.UNKNOWN, "answer_about_another", facts)
    facts["this_update"] = single.this_update_utc.isoformat()
    if single.this_update_utc > now + SKEW or (single.next_update_utc and single.next_update_utc < now - SKEW):
        return Line(Check.STATUS, Outcome.UNKNOWN, "answer_not_fresh", facts)
    if single.certificate_status == ocsp.OCSPCertStatus.GOOD:
        return Line(Check.STATUS, Outcome.HOLDS, "good", facts)
    if single.certificate_status == ocsp.OCSPCertStatus.REVOKED:
        reason = single.revocation_reason
        facts["reason"] = reason.value if reason else "unspecified"
        if single.revocation_time_utc:
            facts["revoked_at"] = single.revocation_time_utc.isoformat()
        on_hold = reason == x509.ReasonFlags.certificate_hold
        return Line(Check.STATUS, Outcome.FAILS, "on_hold" if on_hold else "revoked", facts)
    return Line(Check.STATUS, Outcome.FAILS, "unknown_certificate", facts)


def _responder(response: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> x509.Certificate | None:
    """Return whose signature is on the response: the authority's own, or one it delegated (RFC 6960 §4.2.2.2)."""
    for candidate in (issuer, *response.certificates):
        if not _is_named(response, candidate) or not _signed(response, candidate):
            continue
        if candidate == issuer or _is_delegated(candidate, issuer, now):
            return candidate
    return None


def _is_named(response: ocsp.OCSPResponse, candidate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == candidate.subject
    return response.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(candidate.public_key()).digest


def _signed(response: ocsp.OCSPResponse, candidate: x509.Certificate) -> bool:
    try:
        key, algorithm = candidate.public_key(), response.signature_hash_algorithm
        strong = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
        if not isinstance(key, rsa.RSAPublicKey) or not isinstance(algorithm, strong):
            return False
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_delegated(candidate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    """Return whether the authority itself made it a responder; no-check spares us asking about the one we ask."""
    try:
        usage = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        candidate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    return (
        ExtendedKeyUsageOID.OCSP_SIGNING in usage and is_in_its_time(candidate, now) and is_issued_by(candidate, issuer)
    )


def _answers_nonce(response: ocsp.OCSPResponse, nonce: bytes) -> bool:
    try:
        return response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
    except x509.ExtensionNotFound:
        return False


def _single(response: ocsp.OCSPResponse, request: ocsp.OCSPRequest) -> ocsp.OCSPSingleResponse | None:
    for single in response.responses:
        if (
            single.serial_number == request.serial_number
            and single.hash_algorithm.name == request.hash_algorithm.name
            and single.issuer_key_hash == request.issuer_key_hash
            and single.issuer_name_hash == request.issuer_name_hash
        ):
            return single
    return None
