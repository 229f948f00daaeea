"""A camera for tests: reads the QR codes that our screens show, back from the picture to the text.

Only what ours are: bytes, digits and letters, one block or more, no damage. So a picture that a phone couldn't read
fails here too: the format's own checksum, the mask and the error correction's arithmetic are those of ISO/IEC 18004.
"""

import base64
import re

from qrcode import base, util

_FORMAT_MASK = 0b101010000010010
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def read(address: str) -> str:
    """Return the text of a QR code, given as a data address of an SVG with one path of dark runs."""
    svg = base64.b64decode(address.partition("base64,")[2]).decode()
    frame = re.search(r'viewBox="0 0 (\d+) \d+"', svg)
    assert frame is not None
    quiet = 4
    size = int(frame[1]) - 2 * quiet
    grid = [[False] * size for _ in range(size)]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        for at in range(int(x), int(x) + int(width)):
            grid[int(y) - quiet][at - quiet] = True
    return _decode(grid)


def _decode(grid: list[list[bool]]) -> str:
    size = len(grid)
    version = (size - 17) // 4
    bits = [grid[8][x] for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [grid[y][8] for y in (7, 5, 4, 3, 2, 1, 0)]
    format = int("".join("1" if bit else "0" for bit in bits), 2) ^ _FORMAT_MASK
    data = format >> 10
    assert util.BCH_type_info(data) == format ^ _FORMAT_MASK, "the format's checksum"
    level, masked = data >> 3, util.mask_func(data & 7)
    taken = _function_modules(version, size)
    stream: list[int] = []
    rows = range(size - 1, -1, -1)
    for column in [*range(size - 1, 6, -2), *range(5, 0, -2)]:
        for y in rows:
            for x in (column, column - 1):
                if not taken[y][x]:
                    stream.append(grid[y][x] ^ masked(y, x))
        rows = range(size) if rows.step == -1 else range(size - 1, -1, -1)
    octets = [int("".join(str(int(bit)) for bit in stream[at : at + 8]), 2) for at in range(0, len(stream) - 7, 8)]
    blocks = base.rs_blocks(version, level)
    longest = max(block.data_count for block in blocks)
    parts: list[list[int]] = [[] for _ in blocks]
    following = iter(octets)
    for at in range(longest):
        for part, block in zip(parts, blocks, strict=True):
            if at < block.data_count:
                part.append(next(following))
    corrections: list[list[int]] = [[] for _ in blocks]
    for at in range(max(block.total_count - block.data_count for block in blocks)):
        for correction, block in zip(corrections, blocks, strict=True):
            if at < block.total_count - block.data_count:
                correction.append(next(following))
    for part, correction in zip(parts, corrections, strict=True):
        assert _is_code_word([*part, *correction], len(correction)), "the error correction"
    whole = "".join(f"{one:08b}" for part in parts for one in part)
    return _text(whole, long=version >= 10)


def _text(bits: str, *, long: bool) -> str:
    """Return what the segments say, one after the other (ISO/IEC 18004, 7.4)."""
    said, at = "", 0

    def number(width: int) -> int:
        nonlocal at
        at += width
        return int(bits[at - width : at], 2)

    while mode := number(4):
        if mode == 0b0100:
            said += bytes(number(8) for _ in range(number(16 if long else 8))).decode()
            continue
        if mode == 0b0001:
            count = number(12 if long else 10)
            for left in range(count, 0, -3):
                said += f"{number((4, 7, 10)[min(left, 3) - 1]):0{min(left, 3)}}"
            continue
        assert mode == 0b0010, "bytes, digits or letters"
        count = number(11 if long else 9)
        for _ in range(count // 2):
            pair = number(11)
            said += _LETTERS[pair // 45] + _LETTERS[pair % 45]
        if count % 2:
            said += _LETTERS[number(6)]
    return said


def _is_code_word(octets: list[int], corrections: int) -> bool:
    """Return whether the polynomial is zero at every root of the generator."""
    for power in range(corrections):
        total = 0
        for octet in octets:
            total = octet ^ (base.gexp((base.glog(total) + power) % 255) if total else 0)
        if total:
            return False
    return True


def _function_modules(version: int, size: int) -> list[list[bool]]:
    """Return which modules hold no data: finders, timing, alignment, format and version."""
    taken = [[False] * size for _ in range(size)]

    def take(rows: range, columns: range) -> None:
        for y in rows:
            for x in columns:
                taken[y][x] = True

    take(range(9), range(9))
    take(range(9), range(size - 8, size))
    take(range(size - 8, size), range(9))
    take(range(6, 7), range(size))
    take(range(size), range(6, 7))
    centres = util.pattern_position(version)
    for y in centres:
        for x in centres:
            if (y, x) not in {(6, 6), (6, size - 7), (size - 7, 6)}:
                take(range(y - 2, y + 3), range(x - 2, x + 3))
    if version >= 7:
        take(range(6), range(size - 11, size - 8))
        take(range(size - 11, size - 8), range(6))
    return taken
