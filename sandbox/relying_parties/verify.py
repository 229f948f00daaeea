"""How a service verifies what the phone signed: signature, chain, status by OCSP, phone or card.

Written to be copied. It needs `cryptography` and `httpx`, what the API gave (`result`, `trust`), and what the service
itself knows: which text it asked to have signed. Each of the four checks says whether it holds, doesn't hold, or
couldn't be found out, which is another thing than a no; only four times "holds" is accepted.
"""

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

SIGNATURE = "signature"
USER_AUTHENTICATION = "user_authentication"
PHONE = "phone"

# How far the responder's clock may be ahead of, or behind, the one we go by.
SKEW = timedelta(minutes=5)
# Critical extensions that are looked at here. A certificate with any other must not be accepted (RFC 5280 §4.2).
UNDERSTOOD = {ExtensionOID.KEY_USAGE, ExtensionOID.CERTIFICATE_POLICIES, ExtensionOID.BASIC_CONSTRAINTS}


class Check(StrEnum):
    SIGNATURE = "signature"
    CHAIN = "chain"
    STATUS = "status"
    MEDIUM = "medium"


class Outcome(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Line:
    """One check: how it came out, why (a code), and what it was checked with."""

    check: Check
    outcome: Outcome
    why: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """The four lines, and the certificate when it could be read."""

    lines: tuple[Line, ...]
    certificate: x509.Certificate | None = None

    @property
    def accepted(self) -> bool:
        """Return whether all four hold."""
        return len(self.lines) == len(Check) and all(line.outcome == Outcome.HOLDS for line in self.lines)

    def line(self, check: Check) -> Line:
        """Return the line of one check."""
        return next(line for line in self.lines if line.check == check)


# Sends an OCSP request (DER) to an address and returns the response (DER); raises `httpx.HTTPError`.
Post = Callable[[str, bytes], bytes]


def post(url: str, request: bytes) -> bytes:
    """Send an OCSP request by HTTP POST (RFC 6960 appendix A)."""
    response = httpx.post(
        url, content=request, headers={"Content-Type": "application/ocsp-request"}, timeout=10.0
    ).raise_for_status()
    return response.content


def authentication_text(client_id: str, handoff_id: str, nonce: str) -> str:
    """Return the text that the phone signs to authenticate its holder.

    It names us and this hand-off, so that a signature given to another service, or at another time, is worth nothing.
    """
    return f"JPKI-HANDOFF-1\n{client_id}\n{handoff_id}\n{nonce}\n"


def verify(
    result: Mapping[str, Any],
    *,
    text: str,
    purpose: str,
    trust: Mapping[str, Any],
    now: datetime,
    post: Post = post,
) -> Verdict:
    """Return the verdict on `result` ({"certificate", "signature"}, base64), signed over `text` for `purpose`.

    `text` is what we asked for, never what came back. `now` is our own clock; against a sandbox realm whose clock was
    moved it is the trust list's `time`.
    """
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(result["certificate"], validate=True))
        signature = base64.b64decode(result["signature"], validate=True)
        key = certificate.public_key()
        extensions = certificate.extensions
    except (KeyError, TypeError, ValueError, x509.DuplicateExtension):
        return Verdict(tuple(Line(check, Outcome.FAILS, "malformed") for check in Check))
    if not isinstance(key, rsa.RSAPublicKey):
        return Verdict(tuple(Line(check, Outcome.FAILS, "malformed") for check in Check))
    issuer = _issuer(certificate, purpose, trust)
    policies = _policies(extensions)
    medium = _medium(policies, purpose, trust)
    return Verdict(
        (
            _check_signature(key, signature, text),
            _check_chain(certificate, extensions, issuer, purpose, now),
            _check_status(certificate, issuer, _ocsp_address(purpose, medium, trust), now, post),
            _check_medium(policies, medium),
        ),
        certificate,
    )


# --- 1. the signature --------------------------------------------------------------------------------------


def _check_signature(key: rsa.RSAPublicKey, signature: bytes, text: str) -> Line:
    """Check the signature with the certificate's key over the text that we asked for: PKCS#1 v1.5, SHA-256."""
    message = text.encode()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(message)
    facts = {"digest": digest.finalize().hex(), "key_bits": str(key.key_size)}
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return Line(Check.SIGNATURE, Outcome.FAILS, "signature_wrong", facts)
    return Line(Check.SIGNATURE, Outcome.HOLDS, "signature_right", facts)


# --- 2. the chain ------------------------------------------------------------------------------------------


def _issuer(certificate: x509.Certificate, purpose: str, trust: Mapping[str, Any]) -> x509.Certificate | None:
    """Return the authority that signed the certificate.

    All generations of an authority have one name: which it was, the signature says.
    """
    for authority in trust["authorities"]:
        if authority["purpose"] != purpose:
            continue
        candidate = x509.load_der_x509_certificate(base64.b64decode(authority["certificate"]))
        if _issued_by(certificate, candidate):
            return candidate
    return None


def _check_chain(
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
        "serial_number": _hex(certificate.serial_number),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
    }
    if not _is_authority(issuer) or not _in_its_time(issuer, now):
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


def _hex(number: int) -> str:
    """Return a serial number as the authorities write it: whole bytes, upper-case."""
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big").hex().upper()


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return constraints.ca and usage.key_cert_sign


def _in_its_time(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


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


# --- 3. the status -----------------------------------------------------------------------------------------


def _ocsp_address(purpose: str, medium: str | None, trust: Mapping[str, Any]) -> str | None:
    """Return where to ask: from the trust list, never from the certificate, which somebody else handed us."""
    for profile in trust["profiles"]:
        if (profile["purpose"], profile["medium"]) == (purpose, medium):
            return str(profile["ocsp"])
    return None


def _check_status(
    certificate: x509.Certificate, issuer: x509.Certificate | None, url: str | None, now: datetime, post: Post
) -> Line:
    """Ask the responder by OCSP, with a nonce, and check who answered before what was answered."""
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
        response = ocsp.load_der_ocsp_response(post(url, request.public_bytes(serialization.Encoding.DER)))
    except httpx.HTTPError:
        return Line(Check.STATUS, Outcome.UNKNOWN, "responder_unreachable", facts)
    except ValueError:
        return Line(Check.STATUS, Outcome.UNKNOWN, "answer_malformed", facts)
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
    key, algorithm = candidate.public_key(), response.signature_hash_algorithm
    strong = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
    if not isinstance(key, rsa.RSAPublicKey) or not isinstance(algorithm, strong):
        return False
    try:
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _is_delegated(candidate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    """Return whether the authority itself made it a responder; no-check spares us asking about the one we ask."""
    try:
        usage = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        candidate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage and _in_its_time(candidate, now) and _issued_by(candidate, issuer)


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


# --- 4. phone or card --------------------------------------------------------------------------------------


def _policies(extensions: x509.Extensions) -> list[str]:
    try:
        policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return []
    return [policy.policy_identifier.dotted_string for policy in policies]


def _medium(policies: list[str], purpose: str, trust: Mapping[str, Any]) -> str | None:
    for profile in trust["profiles"]:
        if profile["purpose"] == purpose and profile["policy"] in policies:
            return str(profile["medium"])
    return None


def _check_medium(policies: list[str], medium: str | None) -> Line:
    """Check that the certificate's policy is the phone's: what the certificate says, not what came beside it."""
    facts = {"policy": ", ".join(policies), "medium": medium or ""}
    if medium is None:
        return Line(Check.MEDIUM, Outcome.FAILS, "policy_unknown", facts)
    if medium != PHONE:
        return Line(Check.MEDIUM, Outcome.FAILS, "not_the_phone", facts)
    return Line(Check.MEDIUM, Outcome.HOLDS, "phone", facts)
