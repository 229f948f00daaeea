"""History: what the status of a certificate was at a moment that is past.

The row keeps the present status alone. The journal, which nobody changes unseen, has every change since the issue with
what was before it: the first change after the moment says what held at the moment.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from ca.models import Certificate, JournalEntry

CHANGES = ("certificate.activated", "certificate.held", "certificate.released", "certificate.revoked")


def instant(at: datetime) -> str:
    """Return the `since` of a change's entry, the aware moment from which it holds: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def statuses(certificates: Collection[int], at: datetime) -> dict[int, str]:
    """Return the status at a moment of those of these certificates, by id, whose present status began later.

    Two queries, however many they are.
    """
    changed = Certificate.objects.filter(pk__in=certificates, changed_at__gt=at)
    # Authorities count their serial numbers each for itself: the purpose tells whose it is.
    sought = {
        (realm, serial, purpose): pk
        for pk, realm, serial, purpose in changed.values_list("pk", "realm_id", "serial_number", "purpose")
    }
    changes = JournalEntry.objects.filter(
        realm__in={realm for realm, _, _ in sought}, subject__in={serial for _, serial, _ in sought}, kind__in=CHANGES
    )
    found: dict[int, str] = {}
    for change in changes.order_by("sequence"):
        key = (change.realm_id, change.subject, change.data["purpose"])
        if key in sought and _since(change) > at:
            found[sought.pop(key)] = change.data["before"]
    return found


def _since(change: JournalEntry) -> datetime:
    said = change.data.get("since")
    return datetime.fromisoformat(said) if said else change.at
