"""Data groups, as STORE DATA carries them: identifier of two bytes, length of one byte or FF and two, value."""

from collections.abc import Iterator

from sandbox.virtual.applet import Refusal
from tsm.globalplatform.status import SW_WRONG_DATA


def encode(group: int, value: bytes) -> bytes:
    """Return one data group."""
    length = bytes((len(value),)) if len(value) < 0xFF else b"\xff" + len(value).to_bytes(2, "big")
    return group.to_bytes(2, "big") + length + value


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return identifier and value of each whole data group, and what is left: a group of which more is to come."""
    found = []
    while (head := _head(data)) is not None:
        start, end = head
        if end > len(data):
            break
        found.append((int.from_bytes(data[:2], "big"), data[start:end]))
        data = data[end:]
    return found, data


def parse(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield identifier and value of each data group; raises Refusal 6A80 where the last is cut off."""
    found, rest = split(data)
    if rest:
        raise Refusal(SW_WRONG_DATA)
    yield from found


def _head(data: bytes) -> tuple[int, int] | None:
    if len(data) < 3 or (data[2] == 0xFF and len(data) < 5):
        return None
    if data[2] == 0xFF:
        return 5, 5 + int.from_bytes(data[3:5], "big")
    return 3, 3 + data[2]
