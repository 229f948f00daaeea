"""BER-TLV objects and length-value fields, strictly parsed (ISO/IEC 7816-4 5.2.2; GPCS 11.1.5).

Written here rather than taken from a library because a secure element must refuse padding, over-long lengths and
truncation, which the common parsers forgive.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tsm.globalplatform.errors import TlvMalformed


@dataclass(frozen=True)
class Tlv:
    """One object: the tag with its leading bytes as a number (0x9F70), and its value."""

    tag: int
    value: bytes

    def encode(self) -> bytes:
        """Return tag, length and value."""
        return encode(self.tag, self.value)

    def children(self) -> "list[Tlv]":
        """Return the objects inside; raises TlvMalformed when the value is no sequence of objects."""
        return parse(self.value)


def encode_length(length: int) -> bytes:
    """Return the shortest BER length of one to three bytes."""
    if length < 0x80:
        return bytes((length,))
    if length <= 0xFF:
        return bytes((0x81, length))
    if length <= 0xFFFF:
        return b"\x82" + length.to_bytes(2, "big")
    return b"\x83" + length.to_bytes(3, "big")


def encode(tag: int | bytes, value: bytes = b"") -> bytes:
    """Return tag, length and value."""
    if isinstance(tag, int):
        tag = tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")
    return tag + encode_length(len(value)) + value


def parse_length(data: bytes, offset: int) -> tuple[int, int]:
    """Return the BER length at `offset` and the offset behind it; raises TlvMalformed."""
    if offset >= len(data):
        raise TlvMalformed("length missing")
    first = data[offset]
    if first < 0x80:
        return first, offset + 1
    count = first & 0x7F
    end = offset + 1 + count
    if not 1 <= count <= 3 or end > len(data):
        raise TlvMalformed("length cut off or of no known form")
    length = int.from_bytes(data[offset + 1 : end], "big")
    if encode_length(length) != data[offset:end]:
        raise TlvMalformed("length not in its shortest form")
    return length, end


def _parse_tag(data: bytes, offset: int) -> tuple[int, int]:
    end = offset + 1
    if data[offset] & 0x1F == 0x1F:
        while True:
            if end >= len(data) or end - offset > 2:
                raise TlvMalformed("tag cut off or longer than three bytes")
            end += 1
            if not data[end - 1] & 0x80:
                break
    return int.from_bytes(data[offset:end], "big"), end


def parse_one(data: bytes, offset: int = 0) -> tuple[Tlv, int]:
    """Return the object at `offset` and the offset behind it; raises TlvMalformed."""
    if offset >= len(data):
        raise TlvMalformed("object missing")
    tag, offset = _parse_tag(data, offset)
    length, offset = parse_length(data, offset)
    if offset + length > len(data):
        raise TlvMalformed("value cut off")
    return Tlv(tag, data[offset : offset + length]), offset + length


def parse(data: bytes) -> list[Tlv]:
    """Return the objects that the bytes consist of, to the last byte; raises TlvMalformed."""
    objects = []
    offset = 0
    while offset < len(data):
        item, offset = parse_one(data, offset)
        objects.append(item)
    return objects


def find(source: bytes | Iterable[Tlv], *path: int) -> Tlv | None:
    """Return the first object on the path of tags, None when there is none; raises TlvMalformed."""
    objects = parse(source) if isinstance(source, bytes) else list(source)
    found: Tlv | None = None
    for tag in path:
        found = next((item for item in objects if item.tag == tag), None)
        if found is None:
            return None
        if tag != path[-1]:
            objects = found.children()
    return found


def encode_fields(*fields: bytes) -> bytes:
    """Return length-value fields one after another, as INSTALL takes them (GPCS 11.5.2.3)."""
    return b"".join(encode_length(len(field)) + field for field in fields)


def parse_fields(data: bytes) -> list[bytes]:
    """Return the length-value fields that the bytes consist of; raises TlvMalformed.

    A length of 128 may also be the single byte 80 (GPCS 11.1.5).
    """
    fields = []
    offset = 0
    while offset < len(data):
        if data[offset] == 0x80:
            length, offset = 0x80, offset + 1
        else:
            length, offset = parse_length(data, offset)
        if offset + length > len(data):
            raise TlvMalformed("field cut off")
        fields.append(data[offset : offset + length])
        offset += length
    return fields
