"""SET STATUS: the life cycles of card, security domains and applications as tables (GPCS 5, 11.10)."""

from dataclasses import replace
from typing import Final

from sandbox.virtual.applet import Refusal
from sandbox.virtual.registry import (
    CARD_LOCKED,
    INITIALIZED,
    LOCKED,
    OP_READY,
    PERSONALIZED,
    SECURED,
    SELECTABLE,
    TERMINATED,
    Application,
    Entry,
    LoadFileEntry,
    Privileges,
    Registry,
    SecurityDomain,
    is_locked,
)
from tsm.globalplatform.commands import Target
from tsm.globalplatform.status import (
    SW_CONDITIONS_OF_USE,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_DATA,
    SW_WRONG_P1_P2,
)

# Card life cycle: from, to -> the privilege that the requester needs (GPCS figure 5-1, table 11-6).
CARD: Final = {
    (OP_READY, INITIALIZED): Privileges.FINAL_APPLICATION,
    (INITIALIZED, SECURED): Privileges.FINAL_APPLICATION,
    (SECURED, CARD_LOCKED): Privileges.CARD_LOCK,
    (CARD_LOCKED, SECURED): Privileges.CARD_LOCK,
    (OP_READY, TERMINATED): Privileges.CARD_TERMINATE,
    (INITIALIZED, TERMINATED): Privileges.CARD_TERMINATE,
    (SECURED, TERMINATED): Privileges.CARD_TERMINATE,
    (CARD_LOCKED, TERMINATED): Privileges.CARD_TERMINATE,
}

# A security domain's own life cycle, set by itself (GPCS 5.3.2).
OWN: Final = frozenset(((SELECTABLE, PERSONALIZED),))


def set_status(registry: Registry, requester: SecurityDomain, *, target: int, state: int, aid: bytes) -> Registry:
    """Return the registry after SET STATUS by a security domain.

    Raises Refusal 6985 (no such arrow, the same state, not allowed), 6A80, 6A86, 6A88.
    """
    if target == Target.CARD:
        return _set_card(registry, requester, state)
    if target not in (Target.APPLICATION, Target.SECURITY_DOMAIN_AND_APPLICATIONS):
        raise Refusal(SW_WRONG_P1_P2)
    entry = registry.find(aid)
    if entry is None or isinstance(entry, LoadFileEntry) or aid == registry.issuer:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    locks = bool(requester.privileges & Privileges.GLOBAL_LOCK)  # GPCS 9.6.3: locks and unlocks anything
    if not registry.is_within(entry, requester.aid) and not locks:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    if target == Target.SECURITY_DOMAIN_AND_APPLICATIONS:
        return _set_all(registry, entry, lock=bool(state & LOCKED))
    if isinstance(entry, SecurityDomain) and entry.aid == requester.aid and not state & LOCKED:
        return registry.with_entries(_set_own(entry, state))
    return registry.with_entries(_set_lock(entry, lock=bool(state & LOCKED)))


def _set_card(registry: Registry, requester: SecurityDomain, state: int) -> Registry:
    needed = CARD.get((registry.life_cycle, state))
    if needed is None or not requester.privileges & needed:
        raise Refusal(SW_CONDITIONS_OF_USE)
    return replace(registry, life_cycle=state)


def _set_own(domain: SecurityDomain, state: int) -> SecurityDomain:
    # Without keys of its own a domain offers no services, so it is not personalised.
    if (domain.life_cycle, state) not in OWN or domain.default_version() is None:
        raise Refusal(SW_CONDITIONS_OF_USE)
    return replace(domain, life_cycle=state)


def _set_lock(entry: SecurityDomain | Application, *, lock: bool) -> SecurityDomain | Application:
    if is_locked(entry) == lock:
        raise Refusal(SW_CONDITIONS_OF_USE)
    return replace(entry, life_cycle=entry.life_cycle ^ LOCKED)


def _set_all(registry: Registry, domain: SecurityDomain | Application, *, lock: bool) -> Registry:
    if not isinstance(domain, SecurityDomain):
        raise Refusal(SW_WRONG_DATA)
    changed: list[Entry] = [
        _set_lock(entry, lock=lock)
        for entry in registry.entries.values()
        if not isinstance(entry, LoadFileEntry) and registry.is_within(entry, domain.aid) and is_locked(entry) != lock
    ]
    if not changed:
        raise Refusal(SW_CONDITIONS_OF_USE)
    return registry.with_entries(*changed)
