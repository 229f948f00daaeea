"""Command and response APDUs, short and extended (ISO/IEC 7816-4 clause 5)."""

from dataclasses import dataclass
from typing import Self

from tsm.globalplatform.errors import ApduMalformed

SHORT_LE_MAX = 256
EXTENDED_LE_MAX = 65536


@dataclass(frozen=True)
class Command:
    """A command APDU.

    `le` is the number of bytes expected: None for none, 1 to 256 for the short form, up to 65536 for the extended one.
    0 is taken as 256, as the byte 00 on the wire means. Data longer than 255 bytes makes the encoding extended.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def __post_init__(self) -> None:
        """Normalise Le and refuse what no APDU can carry."""
        if self.le == 0:
            object.__setattr__(self, "le", SHORT_LE_MAX)
        if (self.cla | self.ins | self.p1 | self.p2) & ~0xFF:  # a negative number has all high bits set
            raise ApduMalformed("a header byte is out of range")
        if len(self.data) > 0xFFFF or not 0 <= (self.le or 0) <= EXTENDED_LE_MAX:
            raise ApduMalformed("too long for an APDU")

    @property
    def header(self) -> bytes:
        """Return CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def encode(self) -> bytes:
        """Return the bytes of the APDU, in the short form whenever it fits."""
        if len(self.data) <= 0xFF and (self.le or 0) <= SHORT_LE_MAX:
            lc = bytes((len(self.data),)) if self.data else b""
            le = bytes((self.le % 256,)) if self.le is not None else b""
            return self.header + lc + self.data + le
        lc = len(self.data).to_bytes(2, "big") if self.data else b""
        le = (self.le % 65536).to_bytes(2, "big") if self.le is not None else b""
        return self.header + b"\x00" + lc + self.data + le

    @classmethod
    def parse(cls, apdu: bytes) -> Self:
        """Return the command that these bytes encode; raises ApduMalformed."""
        if len(apdu) < 4:
            raise ApduMalformed("shorter than a header")
        data, le = _parse_body(apdu[4:])
        return cls(apdu[0], apdu[1], apdu[2], apdu[3], data, le)


def _parse_body(body: bytes) -> tuple[bytes, int | None]:
    if len(body) <= 1:
        return b"", (body[0] or SHORT_LE_MAX) if body else None
    if body[0] == 0:
        return _parse_extended_body(body[1:])
    data, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
    if len(data) != body[0] or len(rest) > 1:
        raise ApduMalformed("Lc does not fit the length")
    return data, (rest[0] or SHORT_LE_MAX) if rest else None


def _parse_extended_body(body: bytes) -> tuple[bytes, int | None]:
    if len(body) < 2:
        raise ApduMalformed("extended length cut off")
    length = int.from_bytes(body[:2], "big")
    if len(body) == 2:
        return b"", length or EXTENDED_LE_MAX
    data, rest = body[2 : 2 + length], body[2 + length :]
    if not length or len(data) != length or len(rest) not in (0, 2):
        raise ApduMalformed("extended Lc does not fit the length")
    return data, (int.from_bytes(rest, "big") or EXTENDED_LE_MAX) if rest else None


@dataclass(frozen=True)
class Response:
    """A response APDU: data and the two status bytes as one number."""

    data: bytes
    sw: int

    @property
    def ok(self) -> bool:
        """Tell whether the status word is 9000."""
        return self.sw == 0x9000

    def encode(self) -> bytes:
        """Return the bytes of the APDU."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def parse(cls, apdu: bytes) -> Self:
        """Return the response that these bytes encode; raises ApduMalformed."""
        if len(apdu) < 2:
            raise ApduMalformed("shorter than a status word")
        return cls(data=apdu[:-2], sw=int.from_bytes(apdu[-2:], "big"))
