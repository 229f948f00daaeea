"""What an element is made as: its identity, its issuer's policy, and the registry that it starts with."""

from dataclasses import dataclass
from typing import Final

from sandbox.virtual.registry import (
    ISSUER_PRIVILEGES,
    KEY_TYPE_AES,
    SCP03_KEY_IDENTIFIERS,
    SELECTABLE,
    Key,
    KeyUse,
    LoadFileEntry,
    Registry,
    SecurityDomain,
)
from tsm.globalplatform import commands
from tsm.globalplatform.scp03 import KeySet, Mode, SecurityLevel
from tsm.globalplatform.scp03.card import mode_of

DEFAULT_PARAMETER_I: Final = 0x70  # pseudo-random challenges, R-MAC and R-ENC
KEY_DIVERSIFICATION_DATA_LENGTH: Final = 10
DELIVERY_VERSION: Final = (1, 0)


@dataclass(frozen=True)
class Policy:
    """What GlobalPlatform leaves to the issuer.

    `parameter_i` is the SCP03 variant of every security domain; `minimum_level` what management commands need;
    `key_tries` the wrong host cryptograms that a key set stands; `memory` the bytes for load files and quotas;
    `channels` the number of logical channels with the basic one, at most 20; with `single_use_tokens`, a token must
    name this element (42, 45) and a number (93) higher than any before.
    """

    parameter_i: int = DEFAULT_PARAMETER_I
    minimum_level: int = SecurityLevel.C_MAC
    key_tries: int = 10
    memory: int = 512 * 1024
    channels: int = 4
    single_use_tokens: bool = False

    @property
    def mode(self) -> Mode:
        """Return S8 or S16."""
        return mode_of(self.parameter_i)


@dataclass(frozen=True)
class Identity:
    """Issuer identification number and card image number, the name of the element for life."""

    iin: bytes
    cin: bytes

    @property
    def key_diversification_data(self) -> bytes:
        """Return the ten bytes that INITIALIZE UPDATE tells: the end of IIN and CIN."""
        return (bytes(KEY_DIVERSIFICATION_DATA_LENGTH) + self.iin + self.cin)[-KEY_DIVERSIFICATION_DATA_LENGTH:]


def delivery(isd_keys: KeySet, *, key_tries: int, life_cycle: int) -> Registry:
    """Return the registry of a new element: the issuer's domain with its keys, and the code to make other domains."""
    issuer = SecurityDomain(
        commands.ISSUER_SECURITY_DOMAIN_AID,
        SELECTABLE,
        ISSUER_PRIVILEGES,
        None,
        {
            (isd_keys.version, identifier): Key(KEY_TYPE_AES, value)
            for identifier, value in zip(SCP03_KEY_IDENTIFIERS, isd_keys.keys, strict=True)
        },
        {isd_keys.version: KeyUse(0, key_tries)},
    )
    domains = LoadFileEntry(
        commands.SECURITY_DOMAIN_PACKAGE_AID,
        DELIVERY_VERSION,
        (commands.SECURITY_DOMAIN_MODULE_AID,),
        issuer.aid,
        size=0,
        built_in=True,
    )
    return Registry(issuer.aid, life_cycle, {issuer.aid: issuer, domains.aid: domains})
