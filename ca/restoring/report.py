"""What was found and done when a halted realm went on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ca.restoring.lost import STATUSES


@dataclass
class Report:
    """What was found and done, for people and for the journal."""

    realm: str
    proved: bool = False  # the transcript reaches back to what the database has
    lost_entries: int = 0
    lost_head: str = ""
    replayed: bool = False  # the lost entries stand in the chain again, octet for octet
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    revoked_again: list[str] = field(default_factory=list)
    held_again: list[str] = field(default_factory=list)
    left_stricter: list[str] = field(default_factory=list)  # activated or released, and not followed
    lost_certificates: list[dict[str, Any]] = field(default_factory=list)
    asked_anew: int = 0  # requests whose serial number may have been signed under
    kinds: dict[str, int] = field(default_factory=dict)
    to_look_at: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


def counted(kinds: Mapping[str, int]) -> Sequence[str]:
    """Return what was lost, by kind, a line each; changes of statuses first."""
    ordered = sorted(kinds.items(), key=lambda one: (one[0] not in STATUSES, one[0]))
    return [f"{count} × {kind}" for kind, count in ordered]
