"""The OCSP request: DER to what it asks, after RFC 6960 4.1. No database, no keys."""

from dataclasses import dataclass
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from ca import der
from ca.profiles import OCSP_NONCE

MAX_REQUEST = 10_000  # octets
MAX_QUESTIONS = 50
MIN_NONCE, MAX_NONCE = 1, 128  # octets, RFC 9654 2.1

# The digests that CertIDs may be made with.
_DIGESTS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
HASHES = tuple(_DIGESTS.values())


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
        hash_name=_DIGESTS.get(certificate.algorithm.oid.dotted_string, ""),
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
