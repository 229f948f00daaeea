"""Load files: the concatenated CAP components of a Java Card package (GPCS 11.6.2.3; JCVM specification 6).

Only what names things is read: the Header component (package AID and version) and the Applet component (module AIDs).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tsm.globalplatform import tlv
from tsm.globalplatform.errors import LoadFileMalformed, TlvMalformed

COMPONENT_HEADER: Final = 1
COMPONENT_APPLET: Final = 3
COMPONENT_METHOD: Final = 7
MAGIC: Final = bytes.fromhex("DECAFFED")
CAP_FORMAT: Final = (2, 1)
FLAG_APPLET: Final = 0x04
TAG_LOAD_FILE_DATA_BLOCK: Final = 0xC4
DIGESTS_BY_LENGTH: Final = {20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}


@dataclass(frozen=True)
class LoadFile:
    """What a load file says of itself; `version` is (major, minor)."""

    package_aid: bytes
    version: tuple[int, int]
    modules: tuple[bytes, ...]


def _component(tag: int, body: bytes) -> bytes:
    return bytes((tag,)) + len(body).to_bytes(2, "big") + body


def build(package_aid: bytes, *, version: tuple[int, int], modules: Sequence[bytes], code: bytes = b"") -> bytes:
    """Return a load file data block for a package; `code` fills the Method component."""
    major, minor = version
    header = MAGIC + bytes((CAP_FORMAT[1], CAP_FORMAT[0], FLAG_APPLET, minor, major, len(package_aid))) + package_aid
    applets = bytes((len(modules),)) + b"".join(bytes((len(aid),)) + aid + b"\x00\x00" for aid in modules)
    return (
        _component(COMPONENT_HEADER, header)
        + _component(COMPONENT_APPLET, applets)
        + _component(COMPONENT_METHOD, code)
    )


def _components(lfdb: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    offset = 0
    while offset < len(lfdb):
        size = int.from_bytes(lfdb[offset + 1 : offset + 3], "big")
        body = lfdb[offset + 3 : offset + 3 + size]
        if offset + 3 > len(lfdb) or len(body) != size or lfdb[offset] in found:
            raise LoadFileMalformed("component cut off or repeated")
        found[lfdb[offset]] = body
        offset += 3 + size
    return found


def _aid(body: bytes, offset: int) -> tuple[bytes, int]:
    if offset >= len(body):
        raise LoadFileMalformed("AID missing")
    aid = body[offset + 1 : offset + 1 + body[offset]]
    if len(aid) != body[offset] or not 5 <= len(aid) <= 16:
        raise LoadFileMalformed("AID cut off or of no legal length")
    return aid, offset + 1 + len(aid)


def parse(lfdb: bytes) -> LoadFile:
    """Return what the load file data block names; raises LoadFileMalformed."""
    components = _components(lfdb)
    header = components.get(COMPONENT_HEADER, b"")
    if header[:4] != MAGIC or len(header) < 10:
        raise LoadFileMalformed("no Header component")
    package_aid, _ = _aid(header, 9)
    modules = []
    applets = components.get(COMPONENT_APPLET, b"\x00")
    offset = 1
    for _ in range(applets[0] if applets else 0):
        module, offset = _aid(applets, offset)
        modules.append(module)
        offset += 2  # install method offset
    return LoadFile(package_aid, (header[8], header[7]), tuple(modules))


def digest(lfdb: bytes, algorithm: str = "sha256") -> bytes:
    """Return the load file data block hash, over the block without tag C4 and length (GPCS C.2)."""
    return hashlib.new(algorithm, lfdb).digest()


def digest_matches(lfdb: bytes, expected: bytes) -> bool:
    """Tell whether the hash is that of the block; its length names the algorithm, an unknown length never matches."""
    algorithm = DIGESTS_BY_LENGTH.get(len(expected))
    return algorithm is not None and digest(lfdb, algorithm) == expected


def blocks(lfdb: bytes, size: int = 239) -> list[bytes]:
    """Return the data fields of the LOAD commands, at most `size` bytes each, the block wrapped in tag C4."""
    wrapped = tlv.encode(TAG_LOAD_FILE_DATA_BLOCK, lfdb)
    return [wrapped[start : start + size] for start in range(0, len(wrapped), size)]


def unwrap(load_file: bytes) -> bytes:
    """Return the load file data block out of the concatenated LOAD data; raises LoadFileMalformed.

    Signed (E2) and ciphered (D4) load files are refused: nothing here checks them yet.
    """
    try:
        objects = tlv.parse(load_file)
    except TlvMalformed as error:
        raise LoadFileMalformed(str(error)) from error
    if [item.tag for item in objects] != [TAG_LOAD_FILE_DATA_BLOCK]:
        raise LoadFileMalformed("no plain load file data block")
    return objects[0].value
