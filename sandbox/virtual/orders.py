"""What INSTALL and DELETE order, taken apart: fields, token, and the bytes that the token signs (GPCS C.4)."""

from dataclasses import dataclass
from typing import Final

from sandbox.virtual.applet import Refusal
from tsm.globalplatform import commands, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.errors import TlvMalformed
from tsm.globalplatform.status import SW_WRONG_DATA

TAG_AID: Final = 0x4F
TAG_CONTROL_REFERENCE: Final = 0xB6
TAG_TOKEN: Final = 0x9E
# Fields with the token: for load there are five, for everything else six (GPCS tables 11-40 to 11-47).
LOAD_FIELDS: Final = 5
OTHER_FIELDS: Final = 6
DELETION: Final = 0x01  # as a right; the others are INSTALL's P1 bits


@dataclass(frozen=True)
class Order:
    """One order to manage content.

    `right` are the bits of tag D9 that would forbid it; `control` is the value of the control reference template B6,
    which says what the token is bound to; `before` are the signed bytes of a first part.
    """

    p1: int
    p2: int
    clear: bytes
    fields: tuple[bytes, ...]
    token: bytes
    control: bytes
    right: int
    before: bytes = b""

    @property
    def signed(self) -> bytes:
        """Return what a token for this order signs: P1, P2, length and data without the token."""
        size = len(self.clear)
        length = bytes((size,)) if size <= 0xFF else b"\x00" + size.to_bytes(2, "big")
        return self.before + bytes((self.p1, self.p2)) + length + self.clear


def installation(command: Command) -> Order:
    """Return the order of an INSTALL command; raises Refusal 6A80, TlvMalformed."""
    *fields, token = tlv.parse_fields(command.data) or [b""]
    is_load = command.p1 & commands.INSTALL_FOR_LOAD and command.p2 != commands.COMBINED_LAST
    if len(fields) + 1 != (LOAD_FIELDS if is_load else OTHER_FIELDS):
        raise Refusal(SW_WRONG_DATA)
    control = tlv.find(fields[-1], TAG_CONTROL_REFERENCE)
    return Order(
        command.p1,
        command.p2,
        _without_last(command.data, fields, token),
        tuple(fields),
        token,
        control.value if control else b"",
        command.p1 & 0x7E,
    )


def deletion(command: Command) -> Order:
    """Return the order of a DELETE command, its one field being the AID; raises Refusal 6A80, TlvMalformed."""
    objects = tlv.parse(command.data)
    if {item.tag for item in objects} - {TAG_AID, TAG_CONTROL_REFERENCE, TAG_TOKEN}:
        raise Refusal(SW_WRONG_DATA)
    name, control, token = (tlv.find(objects, tag) for tag in (TAG_AID, TAG_CONTROL_REFERENCE, TAG_TOKEN))
    clear = b"".join(item.encode() for item in objects if item.tag != TAG_TOKEN)
    return Order(
        command.p1,
        command.p2,
        clear,
        (name.value if name else b"",),
        token.value if token else b"",
        control.value if control else b"",
        DELETION,
    )


def _without_last(data: bytes, fields: list[bytes], token: bytes) -> bytes:
    # How long the token's own length is shows by what is left: the fields before it, to the last byte.
    for size in (1, 2, 3):
        clear = data[: len(data) - len(token) - size]
        try:
            if tlv.parse_fields(clear) == fields:
                return clear
        except TlvMalformed:
            continue
    raise Refusal(SW_WRONG_DATA)
