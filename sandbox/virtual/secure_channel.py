"""INITIALIZE UPDATE and EXTERNAL AUTHENTICATE on the element: which keys, which counter, how many tries.

The registry that each returns has to be taken over before anything is answered: the sequence counter is incremented
before use, and a try is taken before the host's cryptogram is looked at.
"""

from dataclasses import replace

from sandbox.virtual.applet import Random, Refusal
from sandbox.virtual.card_data import key_holder
from sandbox.virtual.channel import OpenSession
from sandbox.virtual.make import Identity, Policy
from sandbox.virtual.registry import Application, KeyUse, Registry, SecurityDomain, is_locked
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.scp03 import CardRefusal, CardSession, card_challenge
from tsm.globalplatform.scp03.keys import I_PSEUDO_RANDOM, MAX_SEQUENCE_COUNTER
from tsm.globalplatform.status import (
    SW_BLOCKED,
    SW_CONDITIONS_OF_USE,
    SW_HOST_CRYPTOGRAM_WRONG,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_SECURITY_STATUS,
    SW_WRONG_LENGTH,
    SW_WRONG_P1_P2,
)


def initialize_update(
    registry: Registry,
    selected: SecurityDomain | Application,
    command: Command,
    *,
    identity: Identity,
    policy: Policy,
    random: Random,
) -> tuple[Registry, OpenSession]:
    """Return the registry with the counter incremented, and the session to authenticate in.

    Raises Refusal 6700, 6A86, 6A88 (no such key set), 6983 (blocked), 6985 (locked, counter exhausted).
    """
    if command.p2:
        raise Refusal(SW_WRONG_P1_P2)
    if len(command.data) != policy.mode:
        raise Refusal(SW_WRONG_LENGTH)
    domain = registry.domain_of(selected)
    if is_locked(domain):
        raise Refusal(SW_CONDITIONS_OF_USE)
    holder = key_holder(registry, domain)
    version = command.p1 or (holder.default_version() if holder else None)
    keys = holder.key_set(version) if holder and version else None
    if holder is None or keys is None:
        raise Refusal(SW_REFERENCED_DATA_NOT_FOUND)
    use = holder.uses[keys.version]
    if not use.tries_left:
        raise Refusal(SW_BLOCKED)
    if policy.parameter_i & I_PSEUDO_RANDOM:
        if use.sequence_counter == MAX_SEQUENCE_COUNTER:
            raise Refusal(SW_CONDITIONS_OF_USE)
        use = replace(use, sequence_counter=use.sequence_counter + 1)
        registry = registry.with_entries(holder.with_use(keys.version, use))
        challenge = card_challenge(keys.enc, use.sequence_counter, selected.aid, policy.mode)
    else:
        challenge = random(policy.mode)
    session = CardSession(
        keys,
        parameter=policy.parameter_i,
        key_diversification_data=identity.key_diversification_data,
        host_challenge=command.data,
        card_challenge=challenge,
        sequence_counter=use.sequence_counter,
    )
    return registry, OpenSession(session, holder.aid)


def take_try(registry: Registry, opening: OpenSession) -> Registry:
    """Return the registry with one try less for the key set of a session that is about to be authenticated."""
    domain, use = _use(registry, opening)
    return registry.with_entries(
        domain.with_use(opening.session.keys.version, replace(use, tries_left=max(0, use.tries_left - 1)))
    )


def external_authenticate(registry: Registry, opening: OpenSession, command: Command, *, key_tries: int) -> Registry:
    """Return the registry with all tries given back, the session being open now.

    Raises Refusal 6300, 6982 (the try is spent), or 6700, 6A86 (a matter of form: `is_spent` tells).
    """
    try:
        opening.session.external_authenticate(command)
    except CardRefusal as refusal:
        raise Refusal(refusal.sw) from refusal
    domain, use = _use(registry, opening)
    return registry.with_entries(domain.with_use(opening.session.keys.version, replace(use, tries_left=key_tries)))


def is_spent(refusal: Refusal) -> bool:
    """Tell whether a refused EXTERNAL AUTHENTICATE was a try of the keys."""
    return refusal.sw in (SW_HOST_CRYPTOGRAM_WRONG, SW_SECURITY_STATUS)


def _use(registry: Registry, opening: OpenSession) -> tuple[SecurityDomain, KeyUse]:
    domain = registry.domain(opening.key_holder)
    use = domain.uses.get(opening.session.keys.version) if domain else None
    if domain is None or use is None:
        # The keys were deleted on another channel in the meantime.
        raise Refusal(SW_CONDITIONS_OF_USE)
    return domain, use
