"""The OCSP answer: looked up in the database when it is made, signed by a delegated responder.

Bytes in, bytes out. The CertIDs of a request go back as they came, so a client that asked with SHA-1 is answered with
SHA-1.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cached_property, lru_cache

from cryptography.x509 import ReasonFlags

from ca import clock, der, keys, revocation
from ca.der import context, tlv
from ca.models import Certificate, Realm
from ca.ocsp import house as houses
from ca.ocsp import standing, uses
from ca.ocsp.house import House, Issuer, Speaker
from ca.ocsp.request import Malformed, Question, Request, parse
from ca.ocsp.standing import Look, Mark, Name, Reading, Standing
from ca.profiles import OCSP_BASIC, OCSP_NONCE, Medium, Purpose
from ca.reply import NO_STORE, OCSP, Reply

# Until when an answer may be kept by who asked. Providers refresh theirs every 15 minutes (facts 2).
VALIDITY = timedelta(minutes=15)
# A signer that was held up for so long looks again: seconds between reading a status and having signed it.
_PATIENCE = 0.4
_TRIES = 5
_BASIC, _NONCE = der.object_identifier(OCSP_BASIC), der.object_identifier(OCSP_NONCE)


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
    asked = understood(house, realm, purpose, medium, data)
    if isinstance(asked, Answer):
        return asked
    for _ in range(_TRIES):
        begun = time.monotonic()
        draft = drafted(asked, standing.seen(standing.read(asked.reading)), begun)
        if draft is None:
            break
        made = draft.signed(sign(draft.key_label, draft.data))
        if made is not None:
            return made
    return refused(ResponseStatus.TRY_LATER)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of one generation, and in which house it was found."""

    house: House
    realm: Realm
    medium: Medium
    issuer: Issuer
    request: Request
    names: tuple[Name | None, ...]  # of each question; None for what can't be ours

    @property
    def reading(self) -> Reading:
        """Return what has to be read to answer."""
        return standing.reading_of_look([one for one in self.names if one], [self.realm.pk])


def understood(house: House, realm: Realm, purpose: Purpose, medium: Medium, data: bytes) -> Asked | Answer:
    """Return what DER asks, or the refusal of it. No database."""
    try:
        request = parse(data)
    except Malformed:
        return refused(ResponseStatus.MALFORMED_REQUEST)
    issuers = house.generations(realm, purpose)
    named = [_issuer(one, issuers) for one in request.questions]
    different = {issuer.pk: issuer for issuer in named if issuer is not None}
    if not issuers or len(different) > 1:
        # One delegated responder speaks for one key of the authority (RFC 6960 4.2.2.2).
        return refused(ResponseStatus.UNAUTHORIZED)
    names = tuple(_name(one, issuer) for one, issuer in zip(request.questions, named, strict=True))
    return Asked(house, realm, medium, next(iter(different.values()), issuers[0]), request, names)


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before its signature."""

    asked: Asked
    speaker: Speaker
    data: bytes  # ResponseData, DER: what is to be signed
    found: tuple[Standing | None, ...]
    offset: int  # of the realm's clock, microseconds
    begun: float  # seconds of the monotonic clock, before the standings were read

    @property
    def key_label(self) -> str:
        """Return which key signs it."""
        return self.speaker.key_label

    @property
    def is_known(self) -> bool:
        """Tell whether every certificate in it is one of ours."""
        return None not in self.found

    def signed(self, signature: bytes) -> Answer | None:
        """Return the answer; None when signing took so long that the standings have to be read again."""
        if time.monotonic() - self.begun > _PATIENCE:
            return None
        questions, found = self.asked.request.questions, self.found
        return Answer(
            _response(self, signature),
            ResponseStatus.SUCCESSFUL,
            self.begun,
            self.asked.house.issuers,
            marks=((-self.asked.realm.pk, self.offset), *{one.mark for one in found if one is not None}),
            asked=tuple(der.integer_hex(max(one.serial_number, 0)) for one in questions),
            said=tuple("unknown" if one is None else "good" if _reason(one) is None else "revoked" for one in found),
            nonce=self.asked.request.nonce is not None,
        )


def drafted(asked: Asked, seen: Look, begun: float) -> Draft | None:
    """Return the answer as it is to be signed, `seen` read after `begun`; None when nobody may speak now."""
    offset = seen.offsets.get(asked.realm.pk)
    if offset is None:
        return None  # the realm is halted: its records may lack a revocation
    now = (clock.machine() + timedelta(microseconds=offset)).replace(microsecond=0)
    speaker = asked.issuer.speaker(now)
    if speaker is None:
        return None
    found = tuple(_standing(asked, name, seen) for name in asked.names)
    return Draft(asked, speaker, response_data(asked.request, speaker, found, now), found, offset, begun)


def sign(key_label: str, data: bytes) -> bytes:
    """Return a responder's signature. Raises KeysUnavailable, KeyNotFound."""
    uses.count(key_label)
    return keys.responder_store().open(key_label).sign(data)


def refusal(status: ResponseStatus) -> bytes:
    """Return an OCSPResponse without an answer."""
    return tlv(der.SEQUENCE, tlv(der.ENUMERATED, bytes((status,))))


def refused(status: ResponseStatus) -> Answer:
    """Return the same with what it is."""
    return Answer(refusal(status), status)


def _issuer(question: Question, issuers: tuple[Issuer, ...]) -> Issuer | None:
    """Return the generation that a CertID names by the hashes of its name and key."""
    return next((issuer for issuer in issuers if issuer.is_named_by(question)), None)


def _name(question: Question, issuer: Issuer | None) -> Name | None:
    """Return what a certificate is looked up by, None when it can't be one of ours."""
    if issuer is None or question.serial_number <= 0:
        return None
    return issuer.authority, der.integer_hex(question.serial_number)


def _standing(asked: Asked, name: Name | None, seen: Look) -> Standing | None:
    """Return the standing of what was asked for, if it is of the generation and the medium that were asked about."""
    found = seen.standings.get(name) if name else None
    if found is None or (found.generation, found.medium) != (asked.issuer.pk, asked.medium.value):
        return None
    return found


# Thousands of answers are of the same second.
_time = lru_cache(maxsize=64)(der.generalized_time)


def _single(question: Question, found: Standing | None, now: datetime) -> bytes:
    # SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] }
    return tlv(der.SEQUENCE, question.encoded, _status(found), _time(now), context(0, _time(now + VALIDITY)))


def _status(found: Standing | None) -> bytes:
    # CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
    if found is None:
        return tlv(0x82)
    reason = _reason(found)
    if reason is None:
        return tlv(0x80)
    code = tlv(der.ENUMERATED, bytes((revocation.REASON_CODES[reason],)))
    return context(1, der.generalized_time(datetime.fromtimestamp(found.since, UTC)), context(0, code))


def _reason(found: Standing) -> ReasonFlags | None:
    return None if found.status == Certificate.Status.VALID else revocation.RULES[found.cause].reason


def response_data(request: Request, speaker: Speaker, found: tuple[Standing | None, ...], now: datetime) -> bytes:
    """Return the ResponseData, DER: what is signed."""
    singles = [_single(one, each, now) for one, each in zip(request.questions, found, strict=True)]
    extensions = b""
    if request.nonce is not None:
        extension = tlv(der.SEQUENCE, _NONCE, tlv(der.OCTET_STRING, request.nonce))
        extensions = context(1, tlv(der.SEQUENCE, extension))
    # ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID, producedAt, responses, responseExtensions [1] }
    return tlv(
        der.SEQUENCE,
        context(2, tlv(der.OCTET_STRING, speaker.identifier)),  # byKey
        _time(now),
        tlv(der.SEQUENCE, *singles),
        extensions,
    )


def _response(draft: Draft, signature: bytes) -> bytes:
    basic = tlv(
        der.SEQUENCE,
        draft.data,
        der.SHA256_WITH_RSA,
        tlv(der.BIT_STRING, b"\0", signature),
        context(0, tlv(der.SEQUENCE, draft.speaker.certificate)),
    )
    response = tlv(der.SEQUENCE, _BASIC, tlv(der.OCTET_STRING, basic))
    return tlv(der.SEQUENCE, tlv(der.ENUMERATED, bytes((ResponseStatus.SUCCESSFUL,))), context(0, response))
