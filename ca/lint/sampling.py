"""Which certificates pkilint reads: the first of each combination, and of the others a share by serial number."""

import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives import hashes

from ca.lint.rules import Subject
from ca.profiles import Profile


@dataclass(frozen=True)
class Combination:
    """What shapes a certificate besides its holder: profile, generation, and the settings that stand in it."""

    profile: Profile
    generation: bytes  # SHA-256 of the authority's certificate; the organisation's name is in there
    policy: str
    responder_url: str

    @classmethod
    def of(cls, subject: Subject) -> Self:
        """Read it off what is to be linted."""
        generation = subject.authority.fingerprint(hashes.SHA256())
        return cls(subject.profile, generation, subject.policy.dotted_string, subject.responder_url)


# Kept in the process: every worker that starts, with whatever code and settings, has its own first certificates read.
_passed: set[Combination] = set()


def is_due(combination: Combination, serial_number: int, share: float) -> bool:
    """Tell whether pkilint has to read the certificate of that serial number; `share` from 0 (none) to 1 (all)."""
    return combination not in _passed or in_share(serial_number, share)


def passed(combination: Combination) -> None:
    """Note that a certificate of the combination passed."""
    _passed.add(combination)


def in_share(serial_number: int, share: float) -> bool:
    """Tell whether a serial number is among the share: the same answer always, so that it can be shown afterwards.

    Hashed first: a share of consecutive numbers is then spread over them.
    """
    digest = hashlib.sha256(serial_number.to_bytes(20, "big")).digest()
    return int.from_bytes(digest[:8], "big") < share * (1 << 64)
