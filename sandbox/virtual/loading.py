"""INSTALL [for load] and LOAD: a load file comes block by block and is there only when the last one was right.

GPCS 9.3.5, 11.5.2.3.1, 11.6. Until then it is volatile: an error, another command or a reset leaves nothing.
"""

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final

from sandbox.virtual import authorisation
from sandbox.virtual.applet import Refusal
from sandbox.virtual.registry import LoadFileEntry, Registry, SecurityDomain
from tsm.globalplatform import loadfile, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.errors import LoadFileMalformed
from tsm.globalplatform.status import (
    SW_CONDITIONS_OF_USE,
    SW_NOT_ENOUGH_MEMORY,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_DATA,
    SW_WRONG_P1_P2,
)

LAST_BLOCK: Final = 0x80
FIELDS: Final = 5  # load file AID, security domain AID, hash, parameters, token
# The tag C4 and its length come with the first block and are not stored.
WRAPPING: Final = 5


@dataclass(frozen=True)
class Load:
    """A load under way: what INSTALL [for load] said and what came since."""

    package: bytes
    domain: bytes
    block_hash: bytes
    received: bytes = b""
    next_block: int = 0


def code_quota(parameters: bytes) -> int:
    """Return the non-volatile code space that load parameters ask for: EF{C6}, zero without (GPCS table 11-49)."""
    found = tlv.find(parameters, 0xEF, 0xC6)
    return int.from_bytes(found.value, "big") if found else 0


def begin(registry: Registry, requester: SecurityDomain, data: bytes, *, memory: int) -> Load:
    """Return the load that INSTALL [for load] opens; `memory` is the element's whole size in bytes.

    Raises Refusal 6985 (not allowed, AID taken, domain not personalised), 6A80, 6A84, 6A88; TlvMalformed.
    """
    fields = tlv.parse_fields(data)
    if len(fields) != FIELDS:
        raise Refusal(SW_WRONG_DATA)
    package, domain_aid, block_hash, parameters, token = fields
    authorisation.require_content_management(registry, requester, token)
    if not 5 <= len(package) <= 16:
        raise Refusal(SW_WRONG_DATA)
    if registry.find(package) is not None:
        raise Refusal(SW_CONDITIONS_OF_USE)
    domain = registry.domain(domain_aid or requester.aid)
    if domain is None or not registry.is_within(domain, requester.aid):
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    authorisation.require_services(registry, domain)
    if registry.memory_used() + code_quota(parameters) > memory:
        raise Refusal(SW_NOT_ENOUGH_MEMORY)
    return Load(package, domain.aid, block_hash)


def add_block(
    registry: Registry, load: Load, command: Command, *, natives: Container[bytes], memory: int
) -> tuple[Registry, Load | None]:
    """Return registry and load after one LOAD command; the load is None when this was the last block.

    Raises Refusal 6985 (out of sequence), 6A80 (hash, form, unknown code), 6A84, 6A86.
    """
    if command.p1 not in (0x00, LAST_BLOCK):
        raise Refusal(SW_WRONG_P1_P2)
    if command.p2 != load.next_block or not command.data:
        raise Refusal(SW_CONDITIONS_OF_USE)
    received = load.received + command.data
    if registry.memory_used() + len(received) - WRAPPING > memory:
        raise Refusal(SW_NOT_ENOUGH_MEMORY)
    if command.p1 == LAST_BLOCK:
        return _committed(registry, replace(load, received=received), natives), None
    return registry, replace(load, received=received, next_block=load.next_block + 1)


def _committed(registry: Registry, load: Load, natives: Container[bytes]) -> Registry:
    try:
        block = loadfile.unwrap(load.received)
        described = loadfile.parse(block)
    except LoadFileMalformed as error:
        raise Refusal(SW_WRONG_DATA) from error
    if load.block_hash and not loadfile.digest_matches(block, load.block_hash):
        raise Refusal(SW_WRONG_DATA)
    if described.package_aid != load.package or load.package not in natives:
        raise Refusal(SW_WRONG_DATA)
    # Another channel may have taken the AID or the domain since the load was opened.
    domain = registry.domain(load.domain)
    if domain is None or registry.find(load.package) is not None:
        raise Refusal(SW_CONDITIONS_OF_USE)
    authorisation.require_services(registry, domain)
    entry = LoadFileEntry(load.package, described.version, described.modules, load.domain, len(block))
    return registry.with_entries(entry)
