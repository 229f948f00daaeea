"""The catalogue: every case of the suite, in the order in which they are tried.

What a service must accept stands first: where that fails, the rest says nothing.
"""

import hashlib
import json
from dataclasses import asdict

from portal.handoff.models import HandOff
from sandbox.conformance.catalogue import answers, certificates, documents, good, returns, statuses
from sandbox.conformance.catalogue.case import AUTHENTICATION, SIGNING, Case, Topic, Visit

__all__ = ["AUTHENTICATION", "CASES", "SIGNING", "Case", "Topic", "Visit", "applies", "digest", "find"]

CASES: tuple[Case, ...] = (
    *good.CASES,
    *returns.CASES,
    *answers.CASES,
    *certificates.CASES,
    *statuses.CASES,
    *documents.CASES,
)
_BY_ID = {case.id: case for case in CASES}


def find(name: str) -> Case | None:
    """Return the case of that id, or None."""
    return _BY_ID.get(name)


def applies(case: Case, hand_off: HandOff) -> bool:
    """Return whether the case says anything of a hand-off that was asked so."""
    if hand_off.purpose not in case.purposes or hand_off.format not in case.formats:
        return False
    return not (case.card and not hand_off.card_allowed) and not (case.phone_only and hand_off.card_allowed)


def digest() -> str:
    """Return the SHA-256 of the catalogue, by which a report says against what it was made."""
    written = json.dumps([asdict(case) for case in CASES], default=lambda value: sorted(map(str, value)))
    return hashlib.sha256(written.encode()).hexdigest()
