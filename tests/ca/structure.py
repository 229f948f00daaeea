"""A certificate as text, extension by extension, so that a checked-in expectation can be read and compared."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat import asn1

from ca import der

_STRINGS = {b"\x0c": "UTF8String", b"\x13": "PrintableString", b"\x16": "IA5String"}
_TIMES = {b"\x17": "UTCTime", b"\x18": "GeneralizedTime"}
_CONSTRUCTED = {b"\x30": "SEQUENCE", b"\x31": "SET"}


def dump(certificate: x509.Certificate) -> str:
    """Return the TBSCertificate element by element; an extension's octets are opened."""
    elements = der.elements(certificate.tbs_certificate_bytes)
    names = ["version", "serialNumber", "signature", "issuer", "validity", "subject", "subjectPublicKeyInfo"]
    lines: list[str] = []
    for name, element in zip(names, elements, strict=False):
        lines.append(f"{name}:")
        lines += _element(element, 1) if name != "subjectPublicKeyInfo" else [f"  {len(element.data)} octets"]
    for extension in der.elements(bytes(elements[7].data)):
        oid, *critical, value = der.inner(extension)
        lines.append(f"extension {_oid(oid)} {'critical' if critical else 'not critical'}:")
        lines += _octets(bytes(value.data), 1)
    return "\n".join(lines) + "\n"


def _octets(data: bytes, depth: int) -> Iterator[str]:
    for element in _several(data):
        yield from _element(element, depth)


def _several(data: bytes) -> list[asn1.TLV]:
    return der.elements(der.tlv(der.SEQUENCE, data))


def _element(element: asn1.TLV, depth: int) -> Iterator[str]:
    indent, tag, data = "  " * depth, element.tag_bytes, bytes(element.data)
    if tag in _CONSTRUCTED or tag[0] & 0xE0 == 0xA0:
        yield f"{indent}{_CONSTRUCTED.get(tag) or f'[{tag[0] & 0x1F}]'}"
        yield from _octets(data, depth + 1)
    elif tag in _STRINGS:
        yield f"{indent}{_STRINGS[tag]} {data.decode()}"
    elif tag in _TIMES:
        yield f"{indent}{_TIMES[tag]} {data.decode()}"
    elif tag == b"\x06":
        yield f"{indent}OID {_oid(element)}"
    elif tag[0] & 0xE0 == 0x80 and data.isascii() and data.startswith(b"http"):
        yield f"{indent}[{tag[0] & 0x1F}] {data.decode()}"
    else:
        yield f"{indent}{tag.hex()} {data.hex()}"


def _oid(element: asn1.TLV) -> str:
    return element.parse(x509.ObjectIdentifier).dotted_string
