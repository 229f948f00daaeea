"""The OCSP answer: looked up in the database when it is made, signed by a delegated responder.

Bytes in, bytes out. The CertIDs of a request go back as they came, so a client that asked with SHA-1 is answered with
SHA-1.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cached_property, lru_cache

from cryptography.x509 import ReasonFlags

from ca import clock, der, keys, revocation
from ca.der import context, tlv
from ca.models import Certificate, Realm
from ca.ocsp import house as houses
from ca.ocsp.house import House, Issuer, Speaker
from ca.ocsp.request import Malformed, Question, Request, parse
from ca.ocsp.standing import Look, Mark, Standing, look
from ca.profiles import OCSP_BASIC, OCSP_NONCE, Medium, Purpose
from ca.reply import NO_STORE, OCSP, Reply

# Until when an answer may be kept by who asked. Providers refresh theirs every 15 minutes (facts 2).
VALIDITY = timedelta(minutes=15)
# A signer that was held up for so long looks again: seconds between reading a status and having signed it.
_PATIENCE = 0.4
_TRIES = 5


_tally: Counter[str] = Counter()
_tally_lock = threading.Lock()


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
    issuers: Mapping[tuple[int, str], tuple[Issuer, ...]] | None = None  # the house's, when it was made
    marks: tuple[Mark, ...] = ()  # as long as these stand, it is right
    asked: tuple[str, ...] = ()  # serial numbers
    said: tuple[str, ...] = ()  # good, revoked, unknown
    nonce: bool = False

    @property
    def can_be_kept(self) -> bool:
        """Tell whether the same question may get it again: one known certificate, no nonce (RFC 5019 2.1.1)."""
        return len(self.said) == 1 and self.said != ("unknown",) and not self.nonce

    def holds(self, marks: Mapping[int, int]) -> bool:
        """Tell whether its marks are among those just read, unchanged."""
        for one, number in self.marks:  # noqa: SIM110  (a generator costs more than what it would run)
            if marks.get(one) != number:
                return False
        return True

    @cached_property
    def etag(self) -> str:
        """Return what names these octets (RFC 9110 8.8.3)."""
        return f'"{hashlib.sha256(self.der).hexdigest()}"'

    @cached_property
    def uncached(self) -> Reply:
        """Return the HTTP answer that nobody between us and who asks may keep."""
        return Reply("200 OK", OCSP, self.der, NO_STORE)


def answer(realm: Realm, purpose: Purpose, medium: Medium, data: bytes) -> bytes:
    """Return the DER OCSPResponse to a DER OCSPRequest at the URL of purpose and medium. Needs the responder's key."""
    return latest(realm, purpose, medium, data).der


def latest(realm: Realm, purpose: Purpose, medium: Medium, data: bytes) -> Answer:
    """Return the same with what decides on it. What the house as known does not answer, it is asked as it is now."""
    house = houses.current()
    made = make(house, realm, purpose, medium, data)
    if made.status in {ResponseStatus.UNAUTHORIZED, ResponseStatus.TRY_LATER} or "unknown" in made.said:
        now = houses.anew()
        if now.issuers is not house.issuers:
            return make(now, realm, purpose, medium, data)
    return made


def make(house: House, realm: Realm, purpose: Purpose, medium: Medium, data: bytes) -> Answer:
    """Return the answer, of statuses that are read now and are not older than a moment when it is signed."""
    try:
        request = parse(data)
    except Malformed:
        return refused(ResponseStatus.MALFORMED_REQUEST)
    issuers = house.generations(realm, purpose)
    named = {issuer.pk: issuer for one in request.questions if (issuer := _issuer(one, issuers)) is not None}
    if not issuers or len(named) > 1:
        # One delegated responder speaks for one key of the authority (RFC 6960 4.2.2.2).
        return refused(ResponseStatus.UNAUTHORIZED)
    issuer = next(iter(named.values()), issuers[0])
    for _ in range(_TRIES):
        begun = time.monotonic()
        asked = {one: _serial_number(one, issuers) for one in request.questions}
        seen = look(realm.pk, issuer, medium, [serial for serial in asked.values() if serial])
        now = (clock.machine() + seen.offset).replace(microsecond=0)
        speaker = issuer.speaker(now)
        if speaker is None:
            break
        found = [seen.standings.get(asked[one]) for one in request.questions]
        signed = _successful(speaker, request, found, now)
        if time.monotonic() - begun <= _PATIENCE:
            return _answer(house, request, seen, found, signed, begun)
    return refused(ResponseStatus.TRY_LATER)


def _answer(
    house: House, request: Request, seen: Look, found: list[Standing | None], signed: bytes, made_at: float
) -> Answer:
    return Answer(
        signed,
        ResponseStatus.SUCCESSFUL,
        made_at,
        house.issuers,
        marks=(seen.mark, *{one.mark for one in found if one is not None}),
        asked=tuple(der.integer_hex(max(one.serial_number, 0)) for one in request.questions),
        said=tuple("unknown" if one is None else "good" if _reason(one) is None else "revoked" for one in found),
        nonce=request.nonce is not None,
    )


def tally() -> dict[str, int]:
    """Return how many answers each responder's key signed in this process since this was last asked."""
    with _tally_lock:
        told = dict(_tally)
        _tally.clear()
    return told


def refusal(status: ResponseStatus) -> bytes:
    """Return an OCSPResponse without an answer."""
    return tlv(der.SEQUENCE, tlv(der.ENUMERATED, bytes((status,))))


def refused(status: ResponseStatus) -> Answer:
    """Return the same with what it is."""
    return Answer(refusal(status), status)


def _issuer(question: Question, issuers: tuple[Issuer, ...]) -> Issuer | None:
    """Return the generation that a CertID names by the hashes of its name and key."""
    return next((issuer for issuer in issuers if issuer.is_named_by(question)), None)


def _serial_number(question: Question, issuers: tuple[Issuer, ...]) -> str:
    """Return the serial number that is asked for, empty when it can't be one of ours."""
    if question.serial_number <= 0 or _issuer(question, issuers) is None:
        return ""
    return der.integer_hex(question.serial_number)


# Thousands of answers are of the same second.
_time = lru_cache(maxsize=64)(der.generalized_time)


def _single(question: Question, standing: Standing | None, now: datetime) -> bytes:
    # SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] }
    return tlv(
        der.SEQUENCE,
        question.encoded,
        _status(standing),
        _time(now),
        context(0, _time(now + VALIDITY)),
    )


def _status(standing: Standing | None) -> bytes:
    # CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
    if standing is None:
        return tlv(0x82)
    reason = _reason(standing)
    if reason is None:
        return tlv(0x80)
    code = tlv(der.ENUMERATED, bytes((revocation.REASON_CODES[reason],)))
    return context(1, der.generalized_time(standing.since), context(0, code))


def _reason(standing: Standing) -> ReasonFlags | None:
    return None if standing.status == Certificate.Status.VALID else revocation.RULES[standing.cause].reason


def _successful(speaker: Speaker, request: Request, found: list[Standing | None], now: datetime) -> bytes:
    singles = [_single(one, standing, now) for one, standing in zip(request.questions, found, strict=True)]
    signer = keys.responder_store().open(speaker.key_label)
    extensions = b""
    if request.nonce is not None:
        extension = tlv(der.SEQUENCE, der.object_identifier(OCSP_NONCE), tlv(der.OCTET_STRING, request.nonce))
        extensions = context(1, tlv(der.SEQUENCE, extension))
    with _tally_lock:
        _tally[speaker.key_label] += 1
    # ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID, producedAt, responses, responseExtensions [1] }
    data = tlv(
        der.SEQUENCE,
        context(2, tlv(der.OCTET_STRING, speaker.identifier)),  # byKey
        _time(now),
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
