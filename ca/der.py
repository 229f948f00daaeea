"""DER by hand, where the builders of `cryptography` sign only with keys they hold, or cost more than to sign does."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

# Universal tags, X.680 8.4
INTEGER, BIT_STRING, OCTET_STRING, ENUMERATED, UTF8_STRING = 0x02, 0x03, 0x04, 0x0A, 0x0C
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31
# sha256WithRSAEncryption with NULL parameters, RFC 4055 5
SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return one tag, length and value; `tag` is a single octet, the parts are joined."""
    value = parts[0] if len(parts) == 1 else b"".join(parts)
    size = len(value)
    # Short, or long as a certificate is: nearly all that is written, in half the time.
    if size < 0x80:
        return b"%c%c%b" % (tag, size, value)
    if 0x100 <= size < 0x10000:
        return b"%c\x82%c%c%b" % (tag, size >> 8, size & 0xFF, value)
    return header(tag, size) + value


def header(tag: int, length: int) -> bytes:
    """Return the tag and the length of an element whose value has that many octets."""
    if length < 0x80:
        return bytes((tag, length))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size


def context(number: int, *parts: bytes) -> bytes:
    """Return a constructed context-specific element [number]."""
    return tlv(0xA0 | number, *parts)


def generalized_time(at: datetime) -> bytes:
    """Return `at`, aware and in UTC, to the second (RFC 5280 4.1.2.5.2)."""
    return tlv(GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").encode("ascii"))


def time(at: datetime) -> bytes:
    """Return a Time to the second, `at` in UTC: UTCTime through 2049, GeneralizedTime after (RFC 5280 4.1.2.5)."""
    if at.year < 2050:
        return tlv(UTC_TIME, at.strftime("%y%m%d%H%M%SZ").encode("ascii"))
    return generalized_time(at)


def integer(value: int) -> bytes:
    """Return an INTEGER that is not negative."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@dataclass(frozen=True)
class Span:
    """Where an element stands in the octets around it."""

    tag: int
    content: int  # where its content begins
    end: int


def span(data: bytes, at: int) -> Span:
    """Return where the element that begins at `at` stands; nothing is copied. Raises ValueError."""
    first = data[at + 1] if at + 1 < len(data) else 0x80
    content = at + 2 + (first & 0x7F if first >= 0x80 else 0)
    if first == 0x80 or content > len(data):
        raise ValueError(f"no DER element at octet {at}")
    end = content + (first if first < 0x80 else int.from_bytes(data[at + 2 : content], "big"))
    if end > len(data):
        raise ValueError(f"the DER element at octet {at} is cut")
    return Span(data[at], content, end)


def walk(data: bytes, at: int, end: int) -> list[tuple[int, int, int]]:
    """Return where each element between two octets begins, where its content does, and where it ends.

    For octets that were decoded once: one octet of tag, whatever it is. Raises ValueError where an element is cut.
    """
    found = []
    while at < end:
        length = data[at + 1] if at + 1 < end else 0x80
        content = at + 2
        if length >= 0x80:
            content += length & 0x7F
            if length == 0x80 or content > end:
                raise ValueError(f"no DER element at octet {at}")
            length = int.from_bytes(data[at + 2 : content], "big")
        following = content + length
        if following > end:
            raise ValueError(f"the DER element at octet {at} is cut")
        found.append((at, content, following))
        at = following
    return found


@asn1.sequence
class _Elements:
    items: list[asn1.TLV]


def elements(sequence: bytes) -> list[asn1.TLV]:
    """Return the elements of a DER SEQUENCE, of whatever types. Raises ValueError."""
    # The library decodes named structures: the sequence becomes the only field of one.
    return asn1.decode_der(_Elements, tlv(SEQUENCE, sequence)).items


def inner(element: asn1.TLV) -> list[asn1.TLV]:
    """Return the elements of an element that is itself a SEQUENCE. Raises ValueError."""
    return elements(whole(element))


def whole(element: asn1.TLV) -> bytes:
    """Return an element's DER with tag and length."""
    return tlv(element.tag_bytes[0], bytes(element.data))


def object_identifier(oid: ObjectIdentifier) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    return asn1.encode_der(oid)


def signed(tbs: bytes, signature: bytes) -> bytes:
    """Return the signed envelope of a certificate, a CRL or a BasicOCSPResponse without certificates."""
    return tlv(SEQUENCE, tbs, SHA256_WITH_RSA, tlv(BIT_STRING, b"\0", signature))


def integer_hex(number: int) -> str:
    """Return a serial number as the project writes it: upper-case hex, whole octets, no separators."""
    digits = f"{number:X}"
    return digits if len(digits) % 2 == 0 else "0" + digits
