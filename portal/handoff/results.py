"""What a service gets: certificate, signature, and the document signed, ready to be kept."""

import base64
from dataclasses import dataclass
from typing import Any

from ca.profiles import Purpose
from portal.handoff import signing
from portal.handoff.models import HandOff
from portal.handoff.states import State
from portal.handoff.ways import Format


@dataclass(frozen=True)
class Result:
    """An answer, bytes in DER. `signature` is PKCS#1 v1.5 with SHA-256: over `signed_text`, or `signed_attributes`."""

    certificate: bytes
    signature: bytes
    medium: str
    purpose: str
    format: str
    nonce: str
    # The text that was signed itself; in formats cades and pades empty.
    signed_text: str
    signed_attributes: bytes | None
    document_digest: str
    # Detached, over the text document.
    cms: bytes | None
    # The signed PDF.
    pdf: bytes | None


def of(hand_off: HandOff) -> Result | None:
    """Return the result of an answered hand-off once its code was redeemed; before that, and otherwise, None."""
    if hand_off.state != State.ANSWERED or hand_off.fetched_at is None:
        return None
    if hand_off.certificate is None or hand_off.signature is None:
        return None
    raw, pdf = hand_off.format == Format.RAW, hand_off.format == Format.PADES
    text_signed = hand_off.purpose == Purpose.SIGNATURE and not pdf
    return Result(
        certificate=bytes(hand_off.certificate),
        signature=bytes(hand_off.signature),
        medium=hand_off.medium,
        purpose=hand_off.purpose,
        format=hand_off.format,
        nonce=hand_off.nonce,
        signed_text=hand_off.signed_text if raw else "",
        signed_attributes=None if raw else bytes(hand_off.preparation.signed_attributes),
        document_digest=hand_off.document_digest,
        cms=signing.detached_cms(hand_off) if text_signed else None,
        pdf=signing.signed_pdf(hand_off) if pdf else None,
    )


def shape(hand_off: HandOff) -> dict[str, Any] | None:
    """Return the result as the API gives it: bytes in base64, what there isn't as null."""
    result = of(hand_off)
    if result is None:
        return None
    return {
        "certificate": _base64(result.certificate),
        "signature": _base64(result.signature),
        "medium": result.medium,
        "purpose": result.purpose,
        "format": result.format,
        "nonce": result.nonce,
        "signed_text": result.signed_text or None,
        "signed_attributes": _base64(result.signed_attributes),
        "document_digest": result.document_digest or None,
        "cms": _base64(result.cms),
        "pdf": _base64(result.pdf),
    }


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
