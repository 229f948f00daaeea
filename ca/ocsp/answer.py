"""The OCSP answer: looked up in the database when it is made, signed by a delegated responder.

Bytes in, bytes out. The CertIDs of a request go back as they came, so a client that asked with SHA-1 is answered with
SHA-1.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from ca import clock, der, keys, revocation
from ca.der import context, tlv
from ca.models import Certificate, Realm
from ca.ocsp import view as views
from ca.ocsp.request import Malformed, Question, parse
from ca.ocsp.view import House, Issuer, Speaker, View
from ca.profiles import OCSP_BASIC, OCSP_NONCE, Medium, Purpose

# Until when an answer may be kept by who asked. Providers refresh theirs every 15 minutes (facts 2).
VALIDITY = timedelta(minutes=15)
# A signer that was held up for so long looks again: seconds between reading a status and having signed it.
_PATIENCE = 0.4
_TRIES = 5


class ResponseStatus(IntEnum):
    """OCSPResponseStatus, RFC 6960 4.2.1."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


@dataclass(frozen=True)
class Answer:
    """An OCSPResponse, and what decides whether and for how long it may be given again."""

    der: bytes
    status: ResponseStatus
    made_at: float = 0.0  # seconds of the monotonic clock
    house: House | None = None
    revisions: tuple[tuple[int, int], ...] = ()  # (partition's id, revision that the answer shows)
    asked: tuple[str, ...] = ()  # serial numbers
    said: tuple[str, ...] = ()  # good, revoked, unknown
    nonce: bool = False

    @property
    def can_be_kept(self) -> bool:
        """Tell whether the same question may get it again: one known certificate, no nonce (RFC 5019 2.1.1)."""
        return len(self.said) == 1 and self.said != ("unknown",) and not self.nonce


def answer(realm: Realm, purpose: Purpose, medium: Medium, data: bytes) -> bytes:
    """Return the DER OCSPResponse to a DER OCSPRequest at the URL of purpose and medium. Needs the responder's key."""
    return make(views.current(), realm, purpose, medium, data).der


def make(view: View, realm: Realm, purpose: Purpose, medium: Medium, data: bytes) -> Answer:
    """Return the answer, of statuses that are read now and are not older than a moment when it is signed."""
    try:
        request = parse(data)
    except Malformed:
        return refused(ResponseStatus.MALFORMED_REQUEST)
    issuers = views.issuers(view, realm, purpose)
    asked = [_issuer(question, issuers) for question in request.questions]
    named = {issuer.pk: issuer for issuer in asked if issuer is not None}
    if not issuers or len(named) > 1:
        # One delegated responder speaks for one key of the authority (RFC 6960 4.2.2.2).
        return refused(ResponseStatus.UNAUTHORIZED)
    for _ in range(_TRIES):
        now = clock.now(realm)
        speaker = next(iter(named.values()), issuers[0]).speaker(now)
        if speaker is None:
            break
        begun = time.monotonic()
        found = [_find(issuer, one, medium) for one, issuer in zip(request.questions, asked, strict=True)]
        standings = [_standing(certificate) for certificate in found]
        singles = [_single(one, said, now) for one, (_, said) in zip(request.questions, standings, strict=True)]
        signed = _successful(speaker, singles, request.nonce, now)
        if time.monotonic() - begun > _PATIENCE:
            continue
        # The revisions are the view's, older than the rows: a change in between makes the answer look old, never new.
        partitions = {certificate.partition_id for certificate in found if certificate is not None}
        return Answer(
            signed,
            ResponseStatus.SUCCESSFUL,
            made_at=begun,
            house=view.house,
            revisions=tuple((partition, view.revision(partition)) for partition in sorted(partitions)),
            asked=tuple(der.integer_hex(max(one.serial_number, 0)) for one in request.questions),
            said=tuple(name for name, _ in standings),
            nonce=request.nonce is not None,
        )
    return refused(ResponseStatus.TRY_LATER)


def refusal(status: ResponseStatus) -> bytes:
    """Return an OCSPResponse without an answer."""
    return tlv(der.SEQUENCE, tlv(der.ENUMERATED, bytes((status,))))


def refused(status: ResponseStatus) -> Answer:
    """Return the same with what it is."""
    return Answer(refusal(status), status)


def _issuer(question: Question, issuers: tuple[Issuer, ...]) -> Issuer | None:
    """Return the generation that a CertID names by the hashes of its name and key."""
    return next((issuer for issuer in issuers if issuer.is_named_by(question)), None)


def _find(issuer: Issuer | None, question: Question, medium: Medium) -> Certificate | None:
    if issuer is None or question.serial_number <= 0:
        return None
    return (
        Certificate.objects.filter(
            generation_id=issuer.pk, medium=medium, serial_number=der.integer_hex(question.serial_number)
        )
        .only("status", "cause", "revoked_at", "changed_at", "partition_id")
        .first()
    )


def _single(question: Question, standing: bytes, now: datetime) -> bytes:
    # SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] }
    return tlv(
        der.SEQUENCE,
        question.encoded,
        standing,
        der.generalized_time(now),
        context(0, der.generalized_time(now + VALIDITY)),
    )


def _standing(certificate: Certificate | None) -> tuple[str, bytes]:
    # CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
    if certificate is None:
        return "unknown", tlv(0x82)
    reason = revocation.reason(certificate)
    if reason is None:
        return "good", tlv(0x80)
    at = certificate.revoked_at or certificate.changed_at
    code = tlv(der.ENUMERATED, bytes((revocation.REASON_CODES[reason],)))
    return "revoked", context(1, der.generalized_time(at), context(0, code))


def _successful(speaker: Speaker, singles: list[bytes], nonce: bytes | None, now: datetime) -> bytes:
    signer = keys.responder_store().open(speaker.key_label)
    extensions = b""
    if nonce is not None:
        extension = tlv(der.SEQUENCE, der.object_identifier(OCSP_NONCE), tlv(der.OCTET_STRING, nonce))
        extensions = context(1, tlv(der.SEQUENCE, extension))
    # ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID, producedAt, responses, responseExtensions [1] }
    data = tlv(
        der.SEQUENCE,
        context(2, tlv(der.OCTET_STRING, speaker.identifier)),  # byKey
        der.generalized_time(now),
        tlv(der.SEQUENCE, *singles),
        extensions,
    )
    basic = tlv(
        der.SEQUENCE,
        data,
        der.SHA256_WITH_RSA,
        tlv(der.BIT_STRING, b"\0", signer.sign(data)),
        context(0, tlv(der.SEQUENCE, speaker.certificate)),
    )
    response = tlv(der.SEQUENCE, der.object_identifier(OCSP_BASIC), tlv(der.OCTET_STRING, basic))
    return tlv(der.SEQUENCE, tlv(der.ENUMERATED, bytes((ResponseStatus.SUCCESSFUL,))), context(0, response))
