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
        # By offset: to cut off what was read would copy the rest as often as there are values.
        found, at = [], 0
        while at < len(self.content):
            value, at = _at(self.content, at)
            found.append(value)
        return found

    def of(self, tag: int) -> "Value":
        """Return the value itself where it has that tag. Raises `ValueError`."""
        if self.tag != tag:
            raise ValueError(f"tag {self.tag:#04x} where {tag:#04x} should be")
        return self


def read(octets: bytes) -> Value:
    """Return the one value that the octets are. Raises `ValueError`."""
    value, end = _at(octets, 0)
    if end != len(octets):
        raise ValueError("octets after the value")
    return value


def _at(octets: bytes, at: int) -> tuple[Value, int]:
    """Return the value that begins at `at`, and where it ends."""
    if len(octets) < at + 2 or octets[at] & 0x1F == 0x1F:
        raise ValueError("no tag of one octet and length")
    length, begin = octets[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        begin += count
        if not 1 <= count <= LONGEST_LENGTH or len(octets) < begin:
            raise ValueError("no definite length")
        length = int.from_bytes(octets[at + 2 : begin], "big")
    end = begin + length
    if len(octets) < end:
        raise ValueError("shorter than it says")
    return Value(octets[at], octets[begin:end], octets[at:end]), end
