"""What the answers of the management commands say; all parsers raise AnswerMalformed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from tsm.globalplatform import tlv
from tsm.globalplatform.errors import AnswerMalformed, TlvMalformed
from tsm.globalplatform.scp03 import KeySet, key_check_value

OID_GLOBALPLATFORM_VERSION: Final = bytes.fromhex("2A864886FC6B02")
OID_SECURE_CHANNEL: Final = bytes.fromhex("2A864886FC6B04")

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _parser(parse: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    @wraps(parse)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return parse(*args, **kwargs)
        except (TlvMalformed, IndexError, ValueError) as error:
            raise AnswerMalformed(f"{parse.__name__}: {error}") from error

    return guarded


@dataclass(frozen=True)
class RegistryEntry:
    """One entry of GET STATUS; what the card did not tell is None or empty (GPCS table 11-36)."""

    aid: bytes
    life_cycle: int
    privileges: bytes = b""
    package: bytes | None = None
    domain: bytes | None = None
    version: tuple[int, int] | None = None
    modules: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class KeyInformation:
    """One component of a key in tag E0: identifier, version, type (88 is AES), length in bytes."""

    identifier: int
    version: int
    type: int
    length: int


@dataclass(frozen=True)
class CardData:
    """Card recognition data: GlobalPlatform version and the secure channel protocols with their i."""

    version: tuple[int, ...]
    protocols: tuple[tuple[int, int], ...]


def _entry(data: bytes) -> RegistryEntry:
    objects = tlv.parse(data)
    values = {item.tag: item.value for item in objects}
    if 0x4F not in values or not values.get(0x9F70):
        raise AnswerMalformed("a registry entry has AID and life cycle")
    version = values.get(0xCE)
    return RegistryEntry(
        aid=values[0x4F],
        life_cycle=values[0x9F70][0],  # some cards answer two bytes
        privileges=values.get(0xC5, b""),
        package=values.get(0xC4),
        domain=values.get(0xCC),
        version=(version[0], version[1]) if version else None,
        modules=tuple(item.value for item in objects if item.tag == 0x84),
    )


@_parser
def parse_status(data: bytes) -> list[RegistryEntry]:
    """Return the entries of one answer of GET STATUS, or of several joined."""
    objects = tlv.parse(data)
    if any(item.tag != 0xE3 for item in objects):
        raise AnswerMalformed("registry entries have tag E3")
    return [_entry(item.value) for item in objects]


@_parser
def parse_key_information(data: bytes) -> list[KeyInformation]:
    """Return the keys of the key information template E0, in basic or extended form (GPCS 11.3.3.1)."""
    template = tlv.find(data, 0xE0)
    if template is None:
        raise AnswerMalformed("no key information template")
    found = []
    for item in template.children():
        if item.tag != 0xC0:
            continue
        identifier, version, first = item.value[0], item.value[1], item.value[2]
        if first == 0xFF:
            kind, length = item.value[3], int.from_bytes(item.value[4:6], "big")
        else:
            kind, length = first, item.value[3] or 256
        found.append(KeyInformation(identifier, version, kind, length))
    return found


@_parser
def parse_sequence_counter(data: bytes) -> int:
    """Return the sequence counter of tag C1: the value used last, 0 when none was."""
    counter = tlv.find(data, 0xC1)
    if counter is None or len(counter.value) != 3:
        raise AnswerMalformed("no sequence counter")
    return int.from_bytes(counter.value, "big")


@_parser
def parse_identification(data: bytes) -> bytes:
    """Return the value of a single object, such as 42 (IIN), 45 (CIN) or CF (key diversification data)."""
    (item,) = tlv.parse(data)
    return item.value


@_parser
def parse_card_data(data: bytes) -> CardData:
    """Return what the card data 66 says of version and protocols (GPCS H.2)."""
    recognition = tlv.find(data, 0x66, 0x73)
    if recognition is None:
        raise AnswerMalformed("no card recognition data")
    version: tuple[int, ...] = ()
    protocols = []
    for item in recognition.children():
        oid = tlv.find(item.value, 0x06) if item.tag in (0x60, 0x64) else None
        if oid is None:
            continue
        if item.tag == 0x60 and oid.value.startswith(OID_GLOBALPLATFORM_VERSION):
            version = tuple(oid.value[len(OID_GLOBALPLATFORM_VERSION) :])
        if item.tag == 0x64 and oid.value.startswith(OID_SECURE_CHANNEL):
            protocol, parameter = oid.value[len(OID_SECURE_CHANNEL) :][:2]
            protocols.append((protocol, parameter))
    return CardData(version, tuple(protocols))


@_parser
def check_put_key(data: bytes, new: KeySet) -> None:
    """Check that PUT KEY's answer names the version and the key check values of the set that was sent."""
    if data != bytes((new.version,)) + b"".join(key_check_value(key) for key in new.keys):
        raise AnswerMalformed("the card confirms other keys")
