"""What time it is in a realm. Nothing else in the project asks the machine."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ca.models import Realm


def machine() -> datetime:
    """Return the machine's time, aware, UTC: for leases, which no realm's time travel may move."""
    return datetime.now(UTC)


def now(realm: "Realm") -> datetime:
    """Return the realm's time, aware, UTC."""
    return machine() + realm.clock_offset
