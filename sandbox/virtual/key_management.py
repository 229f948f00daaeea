"""PUT KEY and DELETE [key]: a security domain's keys, all of a command or none (GPCS 11.8, 11.2; Amendment D 7.2)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sandbox.virtual import key_fields
from sandbox.virtual.applet import Refusal
from sandbox.virtual.registry import SCP03_KEY_IDENTIFIERS, Key, KeyUse, SecurityDomain
from tsm.globalplatform import tlv
from tsm.globalplatform.status import (
    SW_CONDITIONS_OF_USE,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_DATA,
    SW_WRONG_P1_P2,
)

MULTIPLE_KEYS: Final = 0x80
MORE_COMMANDS: Final = 0x80
MAX_VERSION: Final = 0x7F
MAX_IDENTIFIER: Final = 0x7F


def _shape(key: Key) -> list[tuple[int, int]]:
    return [(kind, len(value)) for kind, value in key.components]


def _checked(domain: SecurityDomain, new: Mapping[tuple[int, int], Key], *, version: int, replaces: int) -> None:
    for (_, identifier), key in new.items():
        if replaces:
            old = domain.keys.get((replaces, identifier))
            if old is None:
                raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
            if _shape(old) != _shape(key):
                raise Refusal(SW_WRONG_DATA)
        if replaces != version and (version, identifier) in domain.keys:
            raise Refusal(SW_WRONG_DATA)


def put_key(
    domain: SecurityDomain, *, p1: int, p2: int, data: bytes, dek: bytes, key_tries: int
) -> tuple[SecurityDomain, bytes]:
    """Return the domain with the keys of a PUT KEY command, and the answer: version and key check values.

    `dek` is the DEK of the session's static keys. Raises Refusal 6A80, 6A86, 6A88, 6982 (wrong check value), 6985
    (no complete set would be left).
    """
    first, version = p2 & ~MULTIPLE_KEYS, data[0] if data else 0
    if p1 & MORE_COMMANDS or not first:
        raise Refusal(SW_WRONG_P1_P2)
    if not 1 <= version <= MAX_VERSION:
        raise Refusal(SW_WRONG_DATA)
    keys = key_fields.parsed(data[1:], dek)
    if not keys or (len(keys) > 1 and not p2 & MULTIPLE_KEYS) or first + len(keys) - 1 > MAX_IDENTIFIER:
        raise Refusal(SW_WRONG_DATA)
    new = {(version, first + number): key for number, key in enumerate(keys)}
    _checked(domain, new, version=version, replaces=p1)
    replaced = {(p1, identifier) for _, identifier in new}
    merged = {name: key for name, key in domain.keys.items() if name not in replaced} | new
    whole = all((version, identifier) in new for identifier in SCP03_KEY_IDENTIFIERS)
    changed = _with_keys(domain, merged)
    if whole or version not in changed.uses:
        # Amendment D 4.1.3: a set that is created or wholly replaced counts its sessions from zero.
        changed = changed.with_use(version, KeyUse(sequence_counter=0, tries_left=key_tries))
    _require_channel(domain, changed)
    return changed, bytes((version,)) + key_fields.check_values(keys)


def with_key(domain: SecurityDomain, version: int, identifier: int, key: Key, *, key_tries: int) -> SecurityDomain:
    """Return the domain with one key added or replaced by one of its shape; raises Refusal 6A80."""
    name = version, identifier
    known = domain.keys.get(name)
    if not 1 <= version <= MAX_VERSION or not 1 <= identifier <= MAX_IDENTIFIER:
        raise Refusal(SW_WRONG_DATA)
    if known is not None and _shape(known) != _shape(key):
        raise Refusal(SW_WRONG_DATA)
    changed = _with_keys(domain, {**domain.keys, name: key})
    if version not in changed.uses:
        changed = changed.with_use(version, KeyUse(sequence_counter=0, tries_left=key_tries))
    return changed


def delete_key(domain: SecurityDomain, data: bytes) -> SecurityDomain:
    """Return the domain without the keys that D0 (identifier) and D2 (version) name.

    The last complete key set stays: nothing could open a channel any more. Raises Refusal 6A80, 6A88, 6985.
    """
    objects = tlv.parse(data)
    named = {item.tag: item.value for item in objects}
    if not named or len(named) != len(objects) or named.keys() - {0xD0, 0xD2}:
        raise Refusal(SW_WRONG_DATA)
    if any(len(value) != 1 for value in named.values()):
        raise Refusal(SW_WRONG_DATA)
    identifier, version = named.get(0xD0), named.get(0xD2)
    doomed = {
        name
        for name in domain.keys
        if (version is None or name[0] == version[0]) and (identifier is None or name[1] == identifier[0])
    }
    if not doomed:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    changed = _with_keys(domain, {name: key for name, key in domain.keys.items() if name not in doomed})
    _require_channel(domain, changed)
    return changed


def _require_channel(before: SecurityDomain, after: SecurityDomain) -> None:
    # Losing the last set would lock the domain for ever, or hand it back to the keys of the domain above.
    if before.default_version() is not None and after.default_version() is None:
        raise Refusal(SW_CONDITIONS_OF_USE)


def _with_keys(domain: SecurityDomain, keys: Mapping[tuple[int, int], Key]) -> SecurityDomain:
    versions = {version for version, _ in keys}
    return replace(
        domain, keys=keys, uses={version: use for version, use in domain.uses.items() if version in versions}
    )
