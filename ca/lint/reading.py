"""A twin's bytes, taken apart for the rules. It knows nothing of how they were put together."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from cryptography import x509

from ca import der

Element = tuple[int, bytes]  # tag, content
# extnID of what differs from one holder to the next: subjectAltName, subjectKeyIdentifier
SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER = bytes.fromhex("0603551d11"), bytes.fromhex("0603551d0e")
CRL_POINTS = bytes.fromhex("0603551d1f")


@dataclass(frozen=True, slots=True)
class Reading:
    """One TBSCertificate (RFC 5280 4.1), in parts."""

    validity: bytes  # content of the SEQUENCE
    subject: bytes  # content of the RDNSequence
    public_key: bytes  # SubjectPublicKeyInfo, whole
    holder_extensions: dict[bytes, bytes]  # extnID: extnValue, of the two that differ from one holder to the next
    shape: tuple[bytes, ...]  # all that a generation's holders have in common, but for the CRL distribution point
    crl_point: bytes  # that extension's content

    @classmethod
    def of(cls, twin: x509.Certificate) -> Self:
        """Take a certificate apart. Raises ValueError."""
        version, _, algorithm, issuer, validity, subject, public_key, extensions = der.elements(
            twin.tbs_certificate_bytes
        )
        of_holder: dict[bytes, bytes] = {}
        shape = [bytes(version.data), bytes(algorithm.data), bytes(issuer.data)]
        crl_point = b""
        for extension in der.elements(bytes(extensions.data)):
            content = bytes(extension.data)
            name = content[:5]
            if name in (SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER):
                value = 8 if content[5:6] == b"\x01" else 5  # behind critical, a BOOLEAN, where there is one
                of_holder[name], content = content[value:], content[:value]
            elif name == CRL_POINTS:
                crl_point, content = content, name
            shape.append(content)
        return cls(
            validity=bytes(validity.data),
            subject=bytes(subject.data),
            public_key=der.whole(public_key),
            holder_extensions=of_holder,
            shape=tuple(shape),
            crl_point=crl_point,
        )

    def shape_digest(self) -> str:
        """Return the SHA-256, hex, of the shape, element by element."""
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in self.shape)).hexdigest()


def read(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the tag of the DER element at an offset, and where its content begins and ends. Raises ValueError."""
    try:
        tag, length, begin = data[at], data[at + 1], at + 2
        if length >= 0x80:
            size = length - 0x80
            length = int.from_bytes(data[begin : begin + size], "big")
            begin += size
            if not 0 < size < 3 or length < (0x80, 0x100)[size - 1]:
                raise ValueError("a length that is not DER, or beyond any certificate")
    except IndexError:
        raise ValueError("cut short") from None
    end = begin + length
    if end > len(data):
        raise ValueError("cut short")
    return tag, begin, end


def contents(data: bytes) -> Iterator[Element]:
    """Yield tag and content of the DER elements that stand one after the other. Raises ValueError."""
    at = 0
    while at < len(data):
        tag, begin, end = read(data, at)
        yield tag, data[begin:end]
        at = end


def only(data: bytes, tag: int) -> bytes:
    """Return the content of the one element that there must be, of that tag. Raises ValueError."""
    found, begin, end = read(data, 0)
    if found != tag or end != len(data):
        raise ValueError("not that element alone")
    return data[begin:end]
