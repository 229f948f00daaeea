"""OCSP answers after RFC 6960: parsed, looked up in the database at that moment, signed by a delegated responder.

Bytes in, bytes out. The CertIDs of a request go back as they came, so a client that asked with SHA-1 is answered with
SHA-1. Nothing here is kept from one request to the next but the responder's key.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from ca import assembly, clock, der, keys, revocation
from ca.der import context, tlv
from ca.models import Certificate, Generation, Realm, ResponderKey
from ca.profiles import OCSP_BASIC, OCSP_NONCE, Medium, Purpose

MAX_REQUEST = 10_000  # octets
MAX_QUESTIONS = 50
# Until when an answer may be kept by who asked. Providers refresh theirs every 15 minutes (facts 2).
VALIDITY = timedelta(minutes=15)
MIN_NONCE, MAX_NONCE = 1, 128  # octets, RFC 9654 2.1

_HASHES = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


class ResponseStatus(IntEnum):
    """OCSPResponseStatus, RFC 6960 4.2.1."""

    SUCCESSFUL = 0
    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    UNAUTHORIZED = 6


class Malformed(ValueError):
    """Say that a request's bytes are not an OCSP request."""


@asn1.sequence
class _Algorithm:
    oid: ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _CertId:
    algorithm: _Algorithm
    name_hash: bytes
    key_hash: bytes
    serial_number: int


@asn1.sequence
class _Extension:
    oid: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(False)]
    value: bytes


@dataclass(frozen=True)
class Question:
    """One CertID: its octets as asked, and what they say."""

    encoded: bytes
    hash_name: str  # empty when unknown
    name_hash: bytes
    key_hash: bytes
    serial_number: int


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    questions: tuple[Question, ...]
    nonce: bytes | None  # the extension's value, as it came


def parse(data: bytes) -> Request:
    """Return what a DER OCSPRequest asks. Raises Malformed."""
    if len(data) > MAX_REQUEST:
        raise Malformed("the request is too long")
    try:
        return _parse(data)
    except Malformed:
        raise
    except (ValueError, TypeError, OverflowError) as error:
        raise Malformed(f"not an OCSPRequest: {error}") from None


def _parse(data: bytes) -> Request:
    # OCSPRequest ::= SEQUENCE { tbsRequest, optionalSignature [0] OPTIONAL }; we ask nobody to sign.
    outer = der.elements(data)
    if not 1 <= len(outer) <= 2 or any(part.tag_bytes != b"\xa0" for part in outer[1:]):
        raise Malformed("not an OCSPRequest")
    parts = der.inner(outer[0])
    # TBSRequest ::= SEQUENCE {
    #   version [0] DEFAULT v1, requestorName [1] OPTIONAL, requestList, requestExtensions [2] OPTIONAL }
    optional_before = [b"\xa0", b"\xa1"]
    while parts and parts[0].tag_bytes in optional_before:
        optional_before = optional_before[optional_before.index(parts[0].tag_bytes) + 1 :]
        if parts[0].tag_bytes == b"\xa0" and asn1.decode_der(int, bytes(parts[0].data)) != 0:
            raise Malformed("a version other than v1")
        parts.pop(0)
    if not parts or len(parts) > 2:
        raise Malformed("no list of requests")
    questions = tuple(_question(item) for item in der.inner(parts[0]))
    if not 1 <= len(questions) <= MAX_QUESTIONS:
        raise Malformed("no request, or too many")
    nonce = None
    if len(parts) == 2:
        if parts[1].tag_bytes != b"\xa2":
            raise Malformed("something after the list of requests")
        nonce = _nonce(_extensions(parts[1]))
    return Request(questions, nonce)


def _question(item: asn1.TLV) -> Question:
    # Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] OPTIONAL }
    members = der.inner(item)
    if not 1 <= len(members) <= 2 or any(member.tag_bytes != b"\xa0" for member in members[1:]):
        raise Malformed("not a Request")
    if len(members) == 2:
        for extension in _extensions(members[1]):
            _refuse_critical(extension)
    certificate = members[0].parse(_CertId)
    return Question(
        encoded=der.whole(members[0]),
        hash_name=_HASHES.get(certificate.algorithm.oid.dotted_string, ""),
        name_hash=certificate.name_hash,
        key_hash=certificate.key_hash,
        serial_number=certificate.serial_number,
    )


def _extensions(explicit: asn1.TLV) -> list[_Extension]:
    """Return the extensions inside an explicit tag."""
    return [item.parse(_Extension) for item in der.elements(bytes(explicit.data))]


def _nonce(extensions: list[_Extension]) -> bytes | None:
    nonce = None
    for extension in extensions:
        if extension.oid != OCSP_NONCE:
            _refuse_critical(extension)
            continue
        if not MIN_NONCE <= len(asn1.decode_der(bytes, extension.value)) <= MAX_NONCE:
            raise Malformed("a nonce must have 1 to 128 octets")
        nonce = extension.value
    return nonce


def _refuse_critical(extension: _Extension) -> None:
    # RFC 6960 4.4: a critical extension that is not understood must not be passed over.
    if extension.critical:
        raise Malformed(f"critical extension {extension.oid.dotted_string}")


def answer(realm: Realm, purpose: Purpose, medium: Medium, data: bytes) -> bytes:
    """Return the DER OCSPResponse to a DER OCSPRequest at the URL of purpose and medium. Needs the responder's key."""
    try:
        request = parse(data)
    except Malformed:
        return refusal(ResponseStatus.MALFORMED_REQUEST)
    now = clock.now(realm)
    generations = list(
        Generation.objects.filter(authority__realm=realm, authority__purpose=purpose).order_by("-number")
    )
    asked = [_generation(question, generations) for question in request.questions]
    named = {generation.pk: generation for generation in asked if generation is not None}
    if not generations or len(named) > 1:
        # One delegated responder speaks for one key of the authority (RFC 6960 4.2.2.2).
        return refusal(ResponseStatus.UNAUTHORIZED)
    speaker = next(iter(named.values()), generations[0])
    key = (
        ResponderKey.objects.filter(generation=speaker, not_before__lte=now, not_after__gte=now)
        .order_by("-not_before", "-pk")  # the newest: a successor begins before the one before it ends
        .first()
    )
    if key is None:
        return refusal(ResponseStatus.TRY_LATER)
    singles = [
        _single(question, _find(generation, question, medium), now)
        for question, generation in zip(request.questions, asked, strict=True)
    ]
    return _successful(key, singles, request.nonce, now)


def refusal(status: ResponseStatus) -> bytes:
    """Return an OCSPResponse without an answer."""
    return tlv(der.SEQUENCE, tlv(der.ENUMERATED, bytes((status,))))


def _generation(question: Question, generations: list[Generation]) -> Generation | None:
    """Return the generation that a CertID names by the hashes of its name and key."""
    if not question.hash_name:
        return None
    for generation in generations:
        certificate = x509.load_der_x509_certificate(bytes(generation.certificate))
        name = hashlib.new(question.hash_name, certificate.subject.public_bytes()).digest()
        if name == question.name_hash and _key_hash(certificate, question.hash_name) == question.key_hash:
            return generation
    return None


def _key_hash(certificate: x509.Certificate, hash_name: str) -> bytes:
    # Over the BIT STRING's value without its count of unused bits (RFC 6960 4.1.1).
    key = assembly.public_key_bits(certificate)
    return hashlib.new(hash_name, key).digest()


def _find(generation: Generation | None, question: Question, medium: Medium) -> Certificate | None:
    if generation is None or question.serial_number <= 0:
        return None
    return Certificate.objects.filter(
        generation=generation, medium=medium, serial_number=der.integer_hex(question.serial_number)
    ).first()


def _single(question: Question, certificate: Certificate | None, now: datetime) -> bytes:
    # SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] }
    return tlv(
        der.SEQUENCE,
        question.encoded,
        _status(certificate),
        der.generalized_time(now),
        context(0, der.generalized_time(now + VALIDITY)),
    )


def _status(certificate: Certificate | None) -> bytes:
    # CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
    if certificate is None:
        return tlv(0x82)
    reason = revocation.reason(certificate)
    if reason is None:
        return tlv(0x80)
    at = certificate.revoked_at or certificate.changed_at
    return context(
        1, der.generalized_time(at), context(0, tlv(der.ENUMERATED, bytes((revocation.REASON_CODES[reason],))))
    )


def _successful(key: ResponderKey, singles: list[bytes], nonce: bytes | None, now: datetime) -> bytes:
    signer = keys.responder_store().open(key.key_label)
    certificate = bytes(key.certificate)
    identifier = hashlib.sha1(
        assembly.public_key_bits(x509.load_der_x509_certificate(certificate)), usedforsecurity=False
    ).digest()
    extensions = b""
    if nonce is not None:
        extension = tlv(der.SEQUENCE, der.object_identifier(OCSP_NONCE), tlv(der.OCTET_STRING, nonce))
        extensions = context(1, tlv(der.SEQUENCE, extension))
    # ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID, producedAt, responses, responseExtensions [1] }
    data = tlv(
        der.SEQUENCE,
        context(2, tlv(der.OCTET_STRING, identifier)),  # byKey
        der.generalized_time(now),
        tlv(der.SEQUENCE, *singles),
        extensions,
    )
    basic = tlv(
        der.SEQUENCE,
        data,
        der.SHA256_WITH_RSA,
        tlv(der.BIT_STRING, b"\0", signer.sign(data)),
        context(0, tlv(der.SEQUENCE, certificate)),
    )
    response = tlv(der.SEQUENCE, der.object_identifier(OCSP_BASIC), tlv(der.OCTET_STRING, basic))
    return tlv(der.SEQUENCE, tlv(der.ENUMERATED, bytes((ResponseStatus.SUCCESSFUL,))), context(0, response))
