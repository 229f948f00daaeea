"""When the passwords were made by which processes come to database, broker and metrics; never what they are.

`deploy/parcels.sh` writes it beside the passwords, a line each: `2026-11-28T01:02:03Z database web`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Made:
    """One password: what it opens (`database`, `broker`, `metrics`), whose it is, and when it was made (UTC)."""

    opens: str
    whose: str
    at: datetime


def read(path: Path) -> list[Made]:
    """Return what the file says. Raises OSError where there is none, ValueError at a line that is none."""
    return list(_lines(path.read_text()))


def _lines(text: str) -> Iterator[Made]:
    for line in text.splitlines():
        at, opens, whose = line.split()
        yield Made(opens, whose, datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC))
