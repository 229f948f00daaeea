"""GET STATUS: the registry page by page (GPCS 11.4)."""

from dataclasses import dataclass
from typing import Final

from sandbox.virtual.applet import Refusal
from sandbox.virtual.registry import Application, Entry, LoadFileEntry, Privileges, Registry, SecurityDomain
from tsm.globalplatform import tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Scope
from tsm.globalplatform.status import (
    SW_MORE_DATA,
    SW_OK,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_DATA,
    SW_WRONG_P1_P2,
)

PAGE: Final = 239  # what still fits a short response with R-ENC and R-MAC
FIRST: Final = 0x02
NEXT: Final = 0x03
TAG_AID: Final = 0x4F
TAG_LIFE_CYCLE: Final = 0x9F70
TAG_PRIVILEGES: Final = 0xC5
TAG_MODULE: Final = 0x84
TAG_LIST: Final = 0x5C
DEFAULT_TAGS: Final = {
    Scope.ISSUER_SECURITY_DOMAIN: (TAG_AID, TAG_LIFE_CYCLE, TAG_PRIVILEGES),
    Scope.APPLICATIONS: (TAG_AID, TAG_LIFE_CYCLE, TAG_PRIVILEGES),
    Scope.LOAD_FILES: (TAG_AID, TAG_LIFE_CYCLE),
    Scope.LOAD_FILES_AND_MODULES: (TAG_AID, TAG_LIFE_CYCLE, TAG_MODULE),
}


@dataclass(frozen=True)
class Listing:
    """A search that has more to tell: what was asked, and the entries not told yet."""

    scope: int
    criteria: bytes
    entries: tuple[bytes, ...]


def list_entries(
    registry: Registry, requester: SecurityDomain, command: Command, running: Listing | None
) -> tuple[bytes, int, Listing | None]:
    """Return one page, its status word (9000 or 6310) and the search to go on with.

    A domain sees itself and what stands below it, with Global Registry everything. Raises
    Refusal 6A80 (next without first), 6A86, 6A88; TlvMalformed.
    """
    if command.p1 not in DEFAULT_TAGS or command.p2 not in (FIRST, NEXT):
        raise Refusal(SW_WRONG_P1_P2)
    scope = Scope(command.p1)
    is_running = running is not None and (running.scope, running.criteria) == (command.p1, command.data)
    if command.p2 == NEXT and not is_running:
        raise Refusal(SW_WRONG_DATA)
    tags = _tags(command.data, DEFAULT_TAGS[scope])
    if command.p2 == FIRST:
        running = Listing(command.p1, command.data, _found(registry, requester, scope, command.data))
    entries = running.entries if running else ()
    if not entries:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    return _page(registry, command, entries, tags)


def _page(
    registry: Registry, command: Command, aids: tuple[bytes, ...], tags: tuple[int, ...]
) -> tuple[bytes, int, Listing | None]:
    page = b""
    for number, aid in enumerate(aids):
        entry = registry.find(aid)
        if entry is None:
            continue
        item = _encoded(registry, entry, tags)
        if page and len(page) + len(item) > PAGE:
            return page, SW_MORE_DATA, Listing(command.p1, command.data, aids[number:])
        page += item
    return page, SW_OK, None


def _found(registry: Registry, requester: SecurityDomain, scope: Scope, criteria: bytes) -> tuple[bytes, ...]:
    searched = tlv.find(criteria, TAG_AID)
    if searched is None:
        raise Refusal(SW_WRONG_DATA)
    return tuple(
        entry.aid
        for entry in registry.entries.values()
        if _is_in_scope(registry, entry, scope)
        and (registry.is_within(entry, requester.aid) or requester.privileges & Privileges.GLOBAL_REGISTRY)
        and entry.aid.startswith(searched.value)
    )


def _is_in_scope(registry: Registry, entry: Entry, scope: Scope) -> bool:
    match scope:
        case Scope.ISSUER_SECURITY_DOMAIN:
            return entry.aid == registry.issuer
        case Scope.APPLICATIONS:
            return not isinstance(entry, LoadFileEntry) and entry.aid != registry.issuer
        case _:
            return isinstance(entry, LoadFileEntry)


def _tags(criteria: bytes, default: tuple[int, ...]) -> tuple[int, ...]:
    asked = tlv.find(criteria, TAG_LIST)
    if asked is None or not asked.value:
        return default
    tags = []
    rest = asked.value
    while rest:
        size = 2 if rest[0] & 0x1F == 0x1F else 1
        tags.append(int.from_bytes(rest[:size], "big"))
        rest = rest[size:]
    return (TAG_AID, *(tag for tag in tags if tag != TAG_AID))


def _values(registry: Registry, entry: Entry, tag: int) -> list[bytes]:
    match tag, entry:
        case 0x4F, _:
            return [entry.aid]
        case 0x9F70, _:
            is_issuer = entry.aid == registry.issuer
            return [bytes((registry.life_cycle if is_issuer else entry.life_cycle,))]
        case 0xC5, SecurityDomain() | Application():
            return [entry.privileges.encode()]
        case 0xC4, Application():
            return [entry.package]
        case 0xCC, _ if entry.domain is not None:
            return [entry.domain]
        case 0xCE, LoadFileEntry():
            return [bytes(entry.version)]
        case 0x84, LoadFileEntry():
            return list(entry.modules)
        case _:
            return []


def _encoded(registry: Registry, entry: Entry, tags: tuple[int, ...]) -> bytes:
    return tlv.encode(0xE3, b"".join(tlv.encode(tag, value) for tag in tags for value in _values(registry, entry, tag)))
