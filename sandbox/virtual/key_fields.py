"""The keys in the data of PUT KEY (GPCS 11.8.2.3; Amendment D 7.2): AES in both encodings, RSA, ECC."""

from typing import Final

from sandbox.virtual import signatures
from sandbox.virtual.applet import Refusal
from sandbox.virtual.registry import KEY_TYPE_AES, Key
from tsm.globalplatform import tlv
from tsm.globalplatform.scp03 import decrypt_sensitive, key_check_value
from tsm.globalplatform.scp03.keys import KEY_LENGTHS
from tsm.globalplatform.status import SW_SECURITY_STATUS, SW_WRONG_DATA

BLOCK: Final = 16
FIRST_TYPE: Final = 0x80  # a smaller byte after a component is the length of the check value
TYPES: Final = frozenset(
    (KEY_TYPE_AES, *signatures.PUBLIC_KEY_TYPES, signatures.RSA_PRIVATE_EXPONENT, signatures.ECC_PRIVATE)
)


def parsed(data: bytes, dek: bytes) -> list[Key]:
    """Return the keys one after another; raises Refusal 6A80, 6982 (wrong check value); TlvMalformed."""
    keys = []
    offset = 0
    while offset < len(data):
        components = []
        while offset < len(data) and data[offset] >= FIRST_TYPE:
            kind = data[offset]
            length, offset = tlv.parse_length(data, offset + 1)
            components.append((kind, _clear(kind, _taken(data, offset, length), dek)))
            offset += length
        check_length = _taken(data, offset, 1)[0]
        check_value = _taken(data, offset + 1, check_length)
        offset += 1 + check_length
        if not components:
            raise Refusal(SW_WRONG_DATA)
        (kind, value), *more = components
        key = Key(kind, value, tuple(more))
        _require_check_value(key, check_value)
        keys.append(key)
    return keys


def check_values(keys: list[Key]) -> bytes:
    """Return the check values that PUT KEY answers: three bytes an AES key, none for the others."""
    return b"".join(key_check_value(key.value) for key in keys if key.type == KEY_TYPE_AES)


def _require_check_value(key: Key, check_value: bytes) -> None:
    is_aes = key.type == KEY_TYPE_AES
    if is_aes == bool(key.more) or not signatures.is_usable(key) or len(check_value) != (3 if is_aes else 0):
        raise Refusal(SW_WRONG_DATA)
    if is_aes and key_check_value(key.value) != check_value:
        raise Refusal(SW_SECURITY_STATUS)


def _taken(data: bytes, offset: int, length: int) -> bytes:
    if offset + length > len(data):
        raise Refusal(SW_WRONG_DATA)
    return data[offset : offset + length]


def _clear(kind: int, block: bytes, dek: bytes) -> bytes:
    if kind not in TYPES:
        raise Refusal(SW_WRONG_DATA)
    if kind in signatures.PUBLIC_KEY_TYPES:
        return block
    # Amendment D table 7-10 puts the clear length first; GPCS table 11-71 leaves it out. Blocks are multiples of 16.
    length = len(block)
    if length % BLOCK:
        length, start = tlv.parse_length(block, 0)
        block = block[start:]
    if not block or len(block) % BLOCK or not len(block) - BLOCK < length <= len(block):
        raise Refusal(SW_WRONG_DATA)
    if kind == KEY_TYPE_AES and length not in KEY_LENGTHS:
        raise Refusal(SW_WRONG_DATA)
    return decrypt_sensitive(dek, block)[:length]
