"""INSTALL [for load] and LOAD: a load file comes block by block and is there only when the last one was right.

GPCS 9.3.5, 11.5.2.3.1, 11.6. Until then it is volatile: an error, another command or a reset leaves nothing.
In the combined process it stays volatile until the last INSTALL: load file and application come together or not at all.
"""

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final

from sandbox.virtual import authorisation, signatures
from sandbox.virtual.applet import Refusal
from sandbox.virtual.orders import TAG_AID, Order
from sandbox.virtual.registry import LoadFileEntry, Privileges, Registry, SecurityDomain
from tsm.globalplatform import commands, loadfile, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.errors import LoadFileMalformed
from tsm.globalplatform.status import (
    SW_CONDITIONS_OF_USE,
    SW_NOT_ENOUGH_MEMORY,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_SECURITY_STATUS,
    SW_WRONG_DATA,
    SW_WRONG_P1_P2,
)

LAST_BLOCK: Final = 0x80
# The tag C4 and its length come with the first block and are not stored.
WRAPPING: Final = 5
TAG_DAP_BLOCK: Final = 0xE2
TAG_SIGNATURE: Final = 0xC3
DAP_KEY: Final = (0x73, 0x01)  # version and identifier (GPC_GUI_010)


@dataclass(frozen=True)
class Load:
    """A load under way: what INSTALL [for load] said and what came since.

    `order` is what a receipt is due for, when the load was `delegated`. A `combined` load waits when it is `complete`.
    """

    package: bytes
    domain: bytes
    block_hash: bytes
    order: Order
    delegated: bool = False
    received: bytes = b""
    next_block: int = 0
    complete: bool = False

    @property
    def combined(self) -> bool:
        return self.order.p2 == commands.COMBINED_FIRST

    @property
    def done(self) -> bytes:
        """Return what the receipt of a load names: load file and security domain."""
        return tlv.encode_fields(self.package, self.domain)


def code_quota(parameters: bytes) -> int:
    """Return the non-volatile code space that load parameters ask for: EF{C6}, zero without (GPCS table 11-49)."""
    found = tlv.find(parameters, 0xEF, 0xC6)
    return int.from_bytes(found.value, "big") if found else 0


def begin(registry: Registry, requester: SecurityDomain, order: Order, *, delegated: bool, memory: int) -> Load:
    """Return the load that INSTALL [for load] opens; `memory` is the element's whole size in bytes.

    Raises Refusal 6985 (AID taken, domain not personalised), 6A80 (no hash with a token), 6A84, 6A88; TlvMalformed.
    """
    package, domain_aid, block_hash, parameters = order.fields
    if not 5 <= len(package) <= 16 or (delegated and not block_hash):
        raise Refusal(SW_WRONG_DATA)
    if registry.find(package) is not None:
        raise Refusal(SW_CONDITIONS_OF_USE)
    domain = registry.domain(domain_aid or requester.aid)
    if domain is None or not registry.is_within(domain, requester.aid):
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    authorisation.require_services(registry, domain)
    if registry.memory_used() + code_quota(parameters) > memory:
        raise Refusal(SW_NOT_ENOUGH_MEMORY)
    return Load(package, domain.aid, block_hash, order, delegated)


def add_block(
    registry: Registry, load: Load, command: Command, *, natives: Container[bytes], memory: int
) -> tuple[Registry, Load | None]:
    """Return registry and load after one LOAD command; the load is None when it has ended with this block.

    Raises Refusal 6985 (out of sequence), 6982 (DAP), 6A80 (hash, form, unknown code), 6A84, 6A86.
    """
    if command.p1 not in (0x00, LAST_BLOCK):
        raise Refusal(SW_WRONG_P1_P2)
    if command.p2 != load.next_block or not command.data or load.complete:
        raise Refusal(SW_CONDITIONS_OF_USE)
    received = load.received + command.data
    if registry.memory_used() + len(received) - WRAPPING > memory:
        raise Refusal(SW_NOT_ENOUGH_MEMORY)
    if command.p1 != LAST_BLOCK:
        return registry, replace(load, received=received, next_block=load.next_block + 1)
    whole = replace(load, received=received, complete=True)
    loaded = committed(registry, whole, natives)
    return (registry, whole) if load.combined else (loaded, None)


def committed(registry: Registry, load: Load, natives: Container[bytes]) -> Registry:
    """Return the registry with the load file that has come; raises Refusal 6985, 6982 (DAP), 6A80."""
    try:
        signed, block = _unwrapped(load.received)
        described = loadfile.parse(block)
    except LoadFileMalformed as error:
        raise Refusal(SW_WRONG_DATA) from error
    if load.block_hash and not loadfile.digest_matches(block, load.block_hash):
        raise Refusal(SW_WRONG_DATA)
    if signed and not load.block_hash:
        raise Refusal(SW_WRONG_DATA)
    if described.package_aid != load.package or load.package not in natives:
        raise Refusal(SW_WRONG_DATA)
    # Another channel may have taken the AID or the domain since the load was opened.
    domain = registry.domain(load.domain)
    if domain is None or registry.find(load.package) is not None:
        raise Refusal(SW_CONDITIONS_OF_USE)
    authorisation.require_services(registry, domain)
    _require_signatures(registry, domain, signed, load.block_hash)
    entry = LoadFileEntry(load.package, described.version, described.modules, load.domain, len(block))
    return registry.with_entries(entry)


def _unwrapped(load_file: bytes) -> tuple[dict[bytes, bytes], bytes]:
    """Return the DAP signatures by security domain, and the load file data block behind them (GPCS 11.6.2.3)."""
    signed: dict[bytes, bytes] = {}
    while load_file[:1] == bytes((TAG_DAP_BLOCK,)):
        dap, end = tlv.parse_one(load_file)
        parts = {item.tag: item.value for item in dap.children()}
        if parts.keys() != {TAG_AID, TAG_SIGNATURE} or parts[TAG_AID] in signed:
            raise LoadFileMalformed("a DAP block is one AID and one signature, and there is one a domain")
        signed[parts[TAG_AID]] = parts[TAG_SIGNATURE]
        load_file = load_file[end:]
    return signed, loadfile.unwrap(load_file)


def _require_signatures(
    registry: Registry, domain: SecurityDomain, signed: dict[bytes, bytes], block_hash: bytes
) -> None:
    # GPCS 9.2.1: a DAP of the domain that is loaded to, and of every domain that demands one of every load.
    demanding = {domain.aid} if domain.privileges & Privileges.DAP_VERIFICATION else set()
    for entry in registry.entries.values():
        if isinstance(entry, SecurityDomain) and entry.privileges & Privileges.MANDATED_DAP_VERIFICATION:
            demanding |= {entry.aid} if authorisation.has_services(registry, entry) else set()
    if demanding - signed.keys():
        raise Refusal(SW_SECURITY_STATUS)
    for aid, signature in signed.items():
        signer = registry.domain(aid)
        key = signer.keys.get(DAP_KEY) if signer else None
        if key is None or not signatures.verifies(key, block_hash, signature):
            raise Refusal(SW_SECURITY_STATUS)
