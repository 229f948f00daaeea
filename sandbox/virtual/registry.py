"""The registry of an element: what is on it and in which state, as values that never change.

A command makes a new registry from the old one and the element takes it over in one step, so what is persisted is
always the state before or after a whole command.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntFlag
from typing import Any, Final

from sandbox.virtual.applet import Applet
from tsm.globalplatform.scp03 import KeySet

# Life cycle states (GPCS table 11-3 load file, 11-4 application, 11-5 security domain, 11-6 card).
LOADED: Final = 0x01
INSTALLED: Final = 0x03
SELECTABLE: Final = 0x07
PERSONALIZED: Final = 0x0F
LOCKED: Final = 0x80  # bit; the rest is the state to return to
OP_READY: Final = 0x01
INITIALIZED: Final = 0x07
SECURED: Final = 0x0F
CARD_LOCKED: Final = 0x7F
TERMINATED: Final = 0xFF

MIN_AID_LENGTH: Final = 5
KEY_TYPE_AES: Final = 0x88
SCP03_KEY_IDENTIFIERS: Final = (1, 2, 3)  # ENC, MAC, DEK


class Privileges(IntFlag):
    """Privileges as the three bytes of tag C5 (GPCS table 11-7 to 11-9)."""

    NONE = 0
    SECURITY_DOMAIN = 0x800000
    DAP_VERIFICATION = 0x400000
    DELEGATED_MANAGEMENT = 0x200000
    CARD_LOCK = 0x100000
    CARD_TERMINATE = 0x080000
    CARD_RESET = 0x040000
    CVM_MANAGEMENT = 0x020000
    MANDATED_DAP_VERIFICATION = 0x010000
    TRUSTED_PATH = 0x008000
    AUTHORIZED_MANAGEMENT = 0x004000
    TOKEN_VERIFICATION = 0x002000
    GLOBAL_DELETE = 0x001000
    GLOBAL_LOCK = 0x000800
    GLOBAL_REGISTRY = 0x000400
    FINAL_APPLICATION = 0x000200
    GLOBAL_SERVICE = 0x000100
    RECEIPT_GENERATION = 0x000080
    CIPHERED_LOAD_FILE = 0x000040
    CONTACTLESS_ACTIVATION = 0x000020
    CONTACTLESS_SELF_ACTIVATION = 0x000010

    def encode(self) -> bytes:
        """Return the three bytes."""
        return int(self).to_bytes(3, "big")


ISSUER_PRIVILEGES: Final = Privileges(0x9EFE80)


@dataclass(frozen=True)
class Key:
    """One key of a security domain: its type byte and its clear value, and for RSA and ECC the components after it."""

    type: int
    value: bytes = field(repr=False)
    more: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)

    @property
    def components(self) -> tuple[tuple[int, bytes], ...]:
        """Return type and value of every component."""
        return (self.type, self.value), *self.more


@dataclass(frozen=True)
class KeyUse:
    """What a key version remembers of its secure channels: counter used last, wrong tries left."""

    sequence_counter: int
    tries_left: int


@dataclass(frozen=True)
class SecurityDomain:
    """A security domain; the issuer's has no `domain` above it. Keys are by (version, identifier).

    `parameters` are those of its installation (C9); `objects` what STORE DATA wrote, by tag; `restrictions` the bits of
    tag D9 that end its rights; `receipts` counts the receipts it gave; `token_number` is the highest it has accepted.
    """

    aid: bytes
    life_cycle: int
    privileges: Privileges
    domain: bytes | None
    keys: Mapping[tuple[int, int], Key] = field(default_factory=dict)
    uses: Mapping[int, KeyUse] = field(default_factory=dict)
    parameters: bytes = b""
    objects: Mapping[int, bytes] = field(default_factory=dict)
    restrictions: int = 0
    receipts: int = 0
    token_number: int = 0

    def key_set(self, version: int) -> KeySet | None:
        """Return the SCP03 key set of this version when it is complete."""
        enc, mac, dek = (self.keys.get((version, identifier)) for identifier in SCP03_KEY_IDENTIFIERS)
        if enc is None or mac is None or dek is None:
            return None
        if len({(key.type, len(key.value)) for key in (enc, mac, dek)}) != 1 or enc.type != KEY_TYPE_AES:
            return None
        return KeySet(enc.value, mac.value, dek.value, version)

    def default_version(self) -> int | None:
        """Return the version that is used when none is asked for: the lowest complete one."""
        return next((version for version in sorted(self.uses) if self.key_set(version)), None)

    def with_use(self, version: int, use: KeyUse) -> "SecurityDomain":
        """Return the domain with another memory of a key version."""
        return replace(self, uses={**self.uses, version: use})


@dataclass(frozen=True)
class LoadFileEntry:
    """An executable load file; `built_in` ones came with the element and stay."""

    aid: bytes
    version: tuple[int, int]
    modules: tuple[bytes, ...]
    domain: bytes
    size: int
    life_cycle: int = LOADED
    built_in: bool = False


@dataclass(frozen=True)
class Application:
    """An application that is no security domain, with its living instance."""

    aid: bytes
    package: bytes
    module: bytes
    life_cycle: int
    privileges: Privileges
    domain: bytes
    memory: int
    applet: Applet = field(compare=False, repr=False)


Entry = SecurityDomain | LoadFileEntry | Application


def is_locked(entry: SecurityDomain | Application) -> bool:
    """Tell whether an application or security domain is locked."""
    return bool(entry.life_cycle & LOCKED)


@dataclass(frozen=True)
class Registry:
    """Everything on the element; `life_cycle` is the card's, `issuer` the AID of the issuer security domain.

    `restrictions` are those that hold for every security domain (INSTALL [for registry update], tag D9).
    """

    issuer: bytes
    life_cycle: int
    entries: Mapping[bytes, Entry]
    restrictions: int = 0

    def find(self, aid: bytes) -> Entry | None:
        """Return the entry with exactly this AID."""
        return self.entries.get(aid)

    def domain(self, aid: bytes) -> SecurityDomain | None:
        """Return the security domain with exactly this AID."""
        entry = self.entries.get(aid)
        return entry if isinstance(entry, SecurityDomain) else None

    @property
    def issuer_domain(self) -> SecurityDomain:
        """Return the issuer security domain."""
        domain = self.domain(self.issuer)
        if domain is None:
            raise LookupError("an element has an issuer security domain")
        return domain

    def selectable(self, aid: bytes) -> "SecurityDomain | Application | None":
        """Return what SELECT finds: the exact AID, else the first that begins with it, if it may be selected."""
        if len(aid) < MIN_AID_LENGTH:
            return None
        named = [entry for entry in self.entries.values() if entry.aid.startswith(aid)]
        for entry in sorted(named, key=lambda entry: entry.aid != aid):
            if isinstance(entry, LoadFileEntry) or is_locked(entry) or entry.life_cycle < SELECTABLE:
                continue
            return entry
        return None

    @property
    def default_selected(self) -> bytes:
        """Return the AID that a reset selects: the holder of Card Reset, while it may be selected (GPCS 6.4.1)."""
        for entry in self.entries.values():
            if isinstance(entry, LoadFileEntry) or not entry.privileges & Privileges.CARD_RESET:
                continue
            if not is_locked(entry) and entry.life_cycle >= SELECTABLE:
                return entry.aid
        return self.issuer

    def with_privileges(self, aid: bytes, privileges: Privileges) -> "Registry":
        """Return the registry with these privileges for an entry; Card Reset is one entry's alone."""
        changed: list[Entry] = []
        for entry in self.entries.values():
            if isinstance(entry, LoadFileEntry):
                continue
            if entry.aid == aid:
                changed.append(replace(entry, privileges=privileges))
            elif privileges & entry.privileges & Privileges.CARD_RESET:
                changed.append(replace(entry, privileges=entry.privileges & ~Privileges.CARD_RESET))
        return self.with_entries(*changed)._with_default()

    def _with_default(self) -> "Registry":
        if any(getattr(entry, "privileges", 0) & Privileges.CARD_RESET for entry in self.entries.values()):
            return self
        issuer = self.issuer_domain
        return self.with_entries(replace(issuer, privileges=issuer.privileges | Privileges.CARD_RESET))

    def holder_of(self, privilege: Privileges, domain: SecurityDomain) -> SecurityDomain | None:
        """Return the nearest security domain above this one, or itself, that has the privilege."""
        current: SecurityDomain | None = domain
        while current is not None and not current.privileges & privilege:
            current = self.domain(current.domain) if current.domain is not None else None
        return current

    def domain_of(self, entry: SecurityDomain | Application) -> SecurityDomain:
        """Return the security domain whose services the entry uses: itself when it is one."""
        if isinstance(entry, SecurityDomain):
            return entry
        return self.domain(entry.domain) or self.issuer_domain

    def is_within(self, entry: Entry, domain: bytes) -> bool:
        """Tell whether the entry is that security domain or stands below it."""
        current: Entry | None = entry
        while current is not None:
            if current.aid == domain:
                return True
            current = self.entries.get(current.domain) if current.domain is not None else None
        return False

    def applications_of(self, package: bytes) -> list[Application]:
        """Return the applications installed from a load file."""
        return [entry for entry in self.entries.values() if isinstance(entry, Application) and entry.package == package]

    def associated(self, domain: bytes) -> list[Entry]:
        """Return what is directly associated with a security domain."""
        return [entry for entry in self.entries.values() if entry.domain == domain]

    def memory_used(self) -> int:
        """Return the bytes that load files and application quotas take."""
        files = sum(entry.size for entry in self.entries.values() if isinstance(entry, LoadFileEntry))
        return files + sum(entry.memory for entry in self.entries.values() if isinstance(entry, Application))

    def with_entries(self, *entries: Entry) -> "Registry":
        """Return the registry with these entries added or replaced."""
        return replace(self, entries={**self.entries, **{entry.aid: entry for entry in entries}})

    def with_changed(self, aid: bytes, **changes: Any) -> "Registry":
        """Return the registry with these attributes of one entry changed."""
        return self.with_entries(replace(self.entries[aid], **changes))

    def without(self, *aids: bytes) -> "Registry":
        """Return the registry without these entries."""
        left = replace(self, entries={aid: entry for aid, entry in self.entries.items() if aid not in aids})
        return left._with_default()
