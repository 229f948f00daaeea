"""How a service verifies what the phone signed: signature, chain, status by OCSP, phone or card.

Written to be copied, with `chain`, `status`, `pades` and `verdict` beside it. It needs `cryptography` and `httpx`, and
`pyHanko` for a signed PDF; what the API gave (`result`, `trust`); and what the service itself knows: which text or PDF
it asked to have signed. Each of the four checks says whether it holds, doesn't hold, or couldn't be found out, which is
another thing than a no; only four times "holds" is accepted.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.relying_parties.chain import check_chain, issuer_of
from sandbox.relying_parties.contract import Original
from sandbox.relying_parties.pades import NotOurs, read
from sandbox.relying_parties.status import Post, check_status, ocsp_address, post
from sandbox.relying_parties.verdict import Check, Line, Outcome, Verdict

PHONE = "phone"


def authentication_text(client_id: str, handoff_id: str, nonce: str) -> str:
    """Return the text that the phone signs to authenticate its holder.

    It names us and this hand-off, so that a signature given to another service, or at another time, is worth nothing.
    """
    return f"JPKI-HANDOFF-1\n{client_id}\n{handoff_id}\n{nonce}\n"


def verify(
    result: Mapping[str, Any],
    *,
    text: str = "",
    original: Original | None = None,
    purpose: str,
    trust: Mapping[str, Any],
    now: datetime,
    post: Post = post,
) -> Verdict:
    """Return the verdict on `result` ({"certificate", "signature"}, base64), signed over `text` for `purpose`.

    `text` is what we asked for, never what came back; where it was a PDF, `original` is what it is known by, and what
    came back is `result["pdf"]`. `now` is our own clock; against a sandbox realm whose clock was
    moved it is the trust list's `time`.
    """
    message: bytes | None = text.encode()
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(result["certificate"], validate=True))
        signature = base64.b64decode(result["signature"], validate=True)
        key = certificate.public_key()
        extensions = certificate.extensions
        if original is not None:
            message = _signed_in_pdf(base64.b64decode(result["pdf"], validate=True), original, certificate, signature)
    except (KeyError, TypeError, ValueError, x509.DuplicateExtension):
        return Verdict(tuple(Line(check, Outcome.FAILS, "malformed") for check in Check))
    if not isinstance(key, rsa.RSAPublicKey):
        return Verdict(tuple(Line(check, Outcome.FAILS, "malformed") for check in Check))
    issuer = issuer_of(certificate, purpose, trust)
    policies = _policies(extensions)
    medium = _medium(policies, purpose, trust)
    return Verdict(
        (
            _check_signature(key, signature, message),
            check_chain(certificate, extensions, issuer, purpose, now),
            check_status(certificate, issuer, ocsp_address(purpose, medium, trust), now, post),
            _check_medium(policies, medium),
        ),
        certificate,
    )


def _signed_in_pdf(pdf: bytes, original: Original, certificate: x509.Certificate, signature: bytes) -> bytes | None:
    """Return what the signature in the PDF is over; None where it isn't our PDF, or not the same signature in it."""
    try:
        signed = read(pdf, original)
    except NotOurs:
        return None
    same = (certificate.public_bytes(serialization.Encoding.DER), signature) == (signed.certificate, signed.signature)
    return signed.message if same else None


def _check_signature(key: rsa.RSAPublicKey, signature: bytes, message: bytes | None) -> Line:
    """Check the signature with the certificate's key over what we asked for: PKCS#1 v1.5, SHA-256."""
    if message is None:
        return Line(Check.SIGNATURE, Outcome.FAILS, "not_our_document", {"key_bits": str(key.key_size)})
    digest = hashes.Hash(hashes.SHA256())
    digest.update(message)
    facts = {"digest": digest.finalize().hex(), "key_bits": str(key.key_size)}
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return Line(Check.SIGNATURE, Outcome.FAILS, "signature_wrong", facts)
    return Line(Check.SIGNATURE, Outcome.HOLDS, "signature_right", facts)


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
