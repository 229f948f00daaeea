"""How a service verifies what the phone signed: signature, chain, status, phone or card.

It needs what the API gave (`result`, `trust`), and what the service itself knows: what it asked for. Each of the four
checks says whether it holds, doesn't hold, or couldn't be found out, which is another thing than a no; only four times
"holds" is accepted.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from jpki_client import cms, pades
from jpki_client.chain import check_chain, issuer_of
from jpki_client.cms import NotOurs
from jpki_client.documents import Original
from jpki_client.status import Question, Status, by_ocsp
from jpki_client.trust import PHONE, SIGNATURE, Trust
from jpki_client.verdict import Check, Line, Outcome, Verdict

RAW, CADES, PADES = "raw", "cades", "pades"


def authentication_text(client_id: str, handoff_id: str, nonce: str) -> str:
    """Return the text that the phone signs to authenticate its holder.

    It names us and this hand-off, so that a signature given to another service, or at another time, is worth nothing.
    """
    return f"JPKI-HANDOFF-1\n{client_id}\n{handoff_id}\n{nonce}\n"


@dataclass(frozen=True)
class Expected:
    """What we asked for, by what we kept ourselves, never by what came back.

    `original` is what is to be signed: the text or PDF, or an authentication's text. `nonce` is the hand-off's; empty
    where there is none to compare with (the text of an authentication holds it in any case). `media` are those that may
    have answered.
    """

    purpose: str
    original: Original
    format: str = RAW
    nonce: str = ""
    media: tuple[str, ...] = (PHONE,)


def verify(
    result: Mapping[str, Any], expected: Expected, *, trust: Trust, now: datetime, status: Status | None = None
) -> Verdict:
    """Return the verdict on `result`, the member of that name in the API's answer, at `now`.

    `now` is our own clock; against a sandbox realm whose clock was moved it is the trust list's `time`. `status` finds
    out how the certificate stands: by OCSP, where nothing else is given.
    """
    try:
        certificate = x509.load_der_x509_certificate(_octets(result, "certificate"))
        signature = _octets(result, "signature")
        key = certificate.public_key()
        extensions = certificate.extensions
    except (KeyError, TypeError, ValueError, x509.DuplicateExtension, x509.InvalidVersion, UnsupportedAlgorithm):
        return _malformed()
    if not isinstance(key, rsa.RSAPublicKey):
        return _malformed()
    issuer = issuer_of(certificate, expected.purpose, trust)
    policies = _policies(extensions)
    medium = trust.medium(expected.purpose, policies)
    url = trust.ocsp(expected.purpose, medium)
    return Verdict(
        (
            _check_signature(key, signature, result, expected, certificate),
            check_chain(certificate, extensions, issuer, expected.purpose, now),
            (status or by_ocsp())(Question(certificate, issuer, expected.purpose, medium, url, now)),
            _check_medium(policies, medium, expected.media),
        ),
        certificate,
    )


def _check_signature(
    key: rsa.RSAPublicKey,
    signature: bytes,
    result: Mapping[str, Any],
    expected: Expected,
    certificate: x509.Certificate,
) -> Line:
    """Check the signature with the certificate's key over what we asked for: PKCS#1 v1.5, SHA-256, nothing else."""
    facts = {"key_bits": str(key.key_size)}
    if _answers_another(result, expected):
        return Line(Check.SIGNATURE, Outcome.FAILS, "not_what_was_asked", facts)
    try:
        digest = _digest(result, expected, certificate.public_bytes(serialization.Encoding.DER), signature)
    except (NotOurs, KeyError, TypeError, ValueError):
        return Line(Check.SIGNATURE, Outcome.FAILS, "not_our_document", facts)
    facts["digest"] = digest.hex()
    try:
        key.verify(signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    except InvalidSignature:
        return Line(Check.SIGNATURE, Outcome.FAILS, "signature_wrong", facts)
    return Line(Check.SIGNATURE, Outcome.HOLDS, "signature_right", facts)


def _answers_another(result: Mapping[str, Any], expected: Expected) -> bool:
    """Return whether the result itself says that it answers something else than we asked."""
    wanted = {"purpose": expected.purpose, "format": expected.format}
    if expected.nonce:
        wanted["nonce"] = expected.nonce
    if any(result.get(name) not in (None, value) for name, value in wanted.items()):
        return True
    # What it calls the signed text or document must be ours, too: somebody may keep it as evidence.
    text, digest = result.get("signed_text"), result.get("document_digest")
    if text is not None and not (isinstance(text, str) and expected.original.is_(text.encode("utf-8", "replace"))):
        return True
    return expected.purpose == SIGNATURE and digest not in (None, expected.original.digest)


def _digest(result: Mapping[str, Any], expected: Expected, certificate: bytes, signature: bytes) -> bytes:
    """Return the SHA-256 of what the key must have signed. Raises `NotOurs` where that isn't about our document."""
    if expected.format == PADES:
        in_pdf = pades.read(_octets(result, "pdf"), expected.original)
        if (in_pdf.certificate, in_pdf.signature) != (certificate, signature):
            raise NotOurs("another signature stands in the PDF")
        return hashlib.sha256(in_pdf.message).digest()
    ours = bytes.fromhex(expected.original.digest)
    if result.get("cms") is None and expected.format == RAW:
        return ours
    # Who keeps the CMS as evidence must find the same signature in it.
    signed = cms.read(_octets(result, "cms"))
    if signed.signature != signature or certificate not in signed.certificates:
        raise NotOurs("another signature stands in the CMS")
    if expected.format == RAW:
        if signed.attributes is not None:
            raise NotOurs("signed attributes, where the text itself was to be signed")
        return ours
    if signed.attributes is None:
        raise NotOurs("no signed attributes")
    cms.check_attributes(signed.attributes, digest=ours, certificate=certificate)
    return hashlib.sha256(signed.attributes).digest()


def _octets(result: Mapping[str, Any], member: str) -> bytes:
    """Return a member in base64. Raises `KeyError`, `TypeError`, `ValueError`."""
    return base64.b64decode(result[member], validate=True)


def _policies(extensions: x509.Extensions) -> list[str]:
    try:
        policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return []
    return [policy.policy_identifier.dotted_string for policy in policies]


def _check_medium(policies: list[str], medium: str | None, media: tuple[str, ...]) -> Line:
    """Check that the certificate is of a kind that may answer: by its policy, not by what came beside it."""
    facts = {"policy": ", ".join(policies), "medium": medium or ""}
    if medium is None:
        return Line(Check.MEDIUM, Outcome.FAILS, "policy_unknown", facts)
    if medium not in media:
        return Line(Check.MEDIUM, Outcome.FAILS, "not_the_phone" if medium != PHONE else "not_the_card", facts)
    return Line(Check.MEDIUM, Outcome.HOLDS, medium, facts)


def _malformed() -> Verdict:
    return Verdict(tuple(Line(check, Outcome.FAILS, "malformed") for check in Check))
