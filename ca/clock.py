"""What time it is in a realm, and which day in Japan. Nothing else in the project asks the machine."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from ca.models import Realm

# Days of registrations, certifications and reviews begin and end here, whatever the machine's zone.
JAPAN = ZoneInfo("Asia/Tokyo")


def machine() -> datetime:
    """Return the machine's time, aware, UTC: for leases, which no realm's time travel may move."""
    return datetime.now(UTC)


def now(realm: "Realm") -> datetime:
    """Return the realm's time, aware, UTC."""
    return machine() + realm.clock_offset


def day(moment: datetime) -> date:
    """Return the calendar day in Japan of an aware moment."""
    return moment.astimezone(JAPAN).date()


def today(realm: "Realm") -> date:
    """Return the realm's calendar day in Japan."""
    return day(now(realm))
