"""Bytes to be signed, taken apart for the rules. It knows nothing of how they were put together."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Self

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.x509.oid import NameOID

from ca import der

# extnID of what differs from one holder to the next: subjectAltName, subjectKeyIdentifier
SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER = bytes.fromhex("0603551d11"), bytes.fromhex("0603551d0e")
CRL_POINTS = bytes.fromhex("0603551d1f")
_COMMON_NAME = b"\x31%c\x30%c\x06\x03\x55\x04\x03\x0c%c"


@asn1.sequence
class _Attribute:
    kind: x509.ObjectIdentifier
    value: asn1.TLV


@asn1.sequence
class _Name:
    relative: list[asn1.SetOf[_Attribute]]


@asn1.sequence
class _OtherName:
    kind: x509.ObjectIdentifier
    text: Annotated[str, asn1.Explicit(0)]


@asn1.sequence
class _OtherNames:
    names: list[Annotated[_OtherName, asn1.Implicit(0)]]


@asn1.sequence
class _Octets:
    octets: bytes


@dataclass(slots=True)
class Reading:
    """One TBSCertificate (RFC 5280 4.1), in parts."""

    validity: list[int]  # the tags of its two times
    subject: bytes  # content of the RDNSequence
    public_key: bytes  # SubjectPublicKeyInfo, whole
    holder_extensions: dict[bytes, bytes]  # extnID: extnValue, of the two that differ from one holder to the next
    shape: tuple[bytes, ...]  # all that a generation's holders have in common, but for the CRL distribution point
    crl_point: bytes  # that extension's content

    @classmethod
    def of(cls, tbs: bytes) -> Self:
        """Take apart what a library has decoded before: then lengths hold, and the structure is RFC 5280's.

        Raises ValueError.
        """
        ((_, content, end),) = der.walk(tbs, 0, len(tbs))
        version, _, algorithm, issuer, validity, subject, public_key, extensions = der.walk(tbs, content, end)
        begin = validity[1]  # of two times, each with a length of one octet
        of_holder: dict[bytes, bytes] = {}
        shape = [tbs[at:end] for _, at, end in (version, algorithm, issuer)]
        crl_point = b""
        ((_, content, end),) = der.walk(tbs, *extensions[1:])
        for _, at, following in der.walk(tbs, content, end):
            common = tbs[at:following]
            name = common[:5]
            if name in (SUBJECT_ALT_NAME, SUBJECT_KEY_IDENTIFIER):
                value = 8 if common[5:6] == b"\x01" else 5  # behind critical, a BOOLEAN, where there is one
                of_holder[name], common = common[value:], common[:value]
            elif name == CRL_POINTS:
                crl_point, common = common, name
            shape.append(common)
        return cls(
            validity=[tbs[begin], tbs[begin + 2 + tbs[begin + 1]]],
            subject=tbs[subject[1] : subject[2]],
            public_key=tbs[public_key[0] : public_key[2]],
            holder_extensions=of_holder,
            shape=tuple(shape),
            crl_point=crl_point,
        )

    def shape_digest(self) -> str:
        """Return the SHA-256, hex, of the shape, element by element."""
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in self.shape)).hexdigest()

    def attributes(self) -> list[tuple[x509.ObjectIdentifier, bytes, bytes]]:
        """Return type, string tag and octets of the subject's attributes, one to a relative name. Raises ValueError."""
        relatives = der.walk(self.subject, 0, len(self.subject))
        if not relatives:
            raise ValueError("the subject is empty")
        last = relatives[-1][0]  # the holder's own; those before it name a place, and thousands live there
        return [*_attributes(self.subject[:last]), *_read_common_name(self.subject[last:])]

    def other_names(self) -> list[tuple[x509.ObjectIdentifier, str]]:
        """Return type and text of the names in subjectAltName. Raises ValueError when one is no such otherName."""
        value = self.holder_extensions.get(SUBJECT_ALT_NAME, b"")
        names = asn1.decode_der(_Octets, der.tlv(der.SEQUENCE, value)).octets
        found = asn1.decode_der(_OtherNames, der.tlv(der.SEQUENCE, names)).names
        return [(name.kind, name.text) for name in found]


def _read_attributes(relatives: bytes) -> tuple[tuple[x509.ObjectIdentifier, bytes, bytes], ...]:
    # The library decodes named structures: the sequence becomes the only field of one.
    name = asn1.decode_der(_Name, der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, relatives)))
    found = []
    for relative in name.relative:
        (attribute,) = relative.as_list()
        found.append((attribute.kind, attribute.value.tag_bytes, bytes(attribute.value.data)))
    return tuple(found)


def _read_common_name(relative: bytes) -> tuple[tuple[x509.ObjectIdentifier, bytes, bytes], ...]:
    # SET { SEQUENCE { commonName, UTF8String } }: with one text there is one way to write it. All else is decoded.
    text = relative[11:]
    size = len(text)
    if size < 0x70 and relative[:-size] == _COMMON_NAME % (size + 9, size + 7, size):
        return ((NameOID.COMMON_NAME, b"\x0c", text),)
    return _read_attributes(relative)


_attributes = lru_cache(maxsize=4096)(_read_attributes)
