"""As much of DER (ITU-T X.690) as it takes to look into a CMS: tag, length, value; definite lengths only."""

from dataclasses import dataclass

SEQUENCE, SET, OCTET_STRING, OBJECT_IDENTIFIER = 0x30, 0x31, 0x04, 0x06
# [0], constructed: what a CMS leaves implicit or puts around its content.
CONTEXT_0 = 0xA0
# More than any signature's parts are deep or long.
LONGEST_LENGTH = 4


@dataclass(frozen=True)
class Value:
    """One value: its tag (one octet), what is in it, and all of its octets."""

    tag: int
    content: bytes
    whole: bytes

    def inner(self) -> list["Value"]:
        """Return the values in it, in their order. Raises `ValueError`."""
        found, rest = [], self.content
        while rest:
            value, rest = _first(rest)
            found.append(value)
        return found

    def of(self, tag: int) -> "Value":
        """Return the value itself where it has that tag. Raises `ValueError`."""
        if self.tag != tag:
            raise ValueError(f"tag {self.tag:#04x} where {tag:#04x} should be")
        return self


def read(octets: bytes) -> Value:
    """Return the one value that the octets are. Raises `ValueError`."""
    value, rest = _first(octets)
    if rest:
        raise ValueError("octets after the value")
    return value


def _first(octets: bytes) -> tuple[Value, bytes]:
    if len(octets) < 2 or octets[0] & 0x1F == 0x1F:
        raise ValueError("no tag of one octet and length")
    length, begin = octets[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= LONGEST_LENGTH or len(octets) < 2 + count:
            raise ValueError("no definite length")
        length, begin = int.from_bytes(octets[2 : 2 + count], "big"), 2 + count
    end = begin + length
    if len(octets) < end:
        raise ValueError("shorter than it says")
    return Value(octets[0], octets[begin:end], octets[:end]), octets[end:]
