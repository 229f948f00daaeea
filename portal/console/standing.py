"""How things stand, for operators: what stands still, what is ordered, how old the lists are, how far linkage lags."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q

from ca import clock, crl, lag
from ca.models import JournalSeal, Partition, Realm
from portal.console.conversations import WAITING
from tsm import enrolment as enrolments
from tsm import trace
from tsm.models import Conversation, Enrolment, Incident, Phone, SecureElement, ServiceOrder

SHOWN = 20
LAG_SINCE = timedelta(days=1)


@dataclass(frozen=True)
class Still:
    """An enrolment that doesn't move, and what its element's work waits for."""

    enrolment: Enrolment
    waits_for: str


@dataclass(frozen=True)
class Lists:
    """The lists of a realm: how many there are, how many are due, the time of the oldest and of the newest."""

    count: int
    due: int
    oldest: datetime | None
    newest: datetime | None


def overview(realm: Realm) -> dict[str, Any]:
    """Return what the console's first page shows of a realm: a fixed number of queries."""
    now = clock.now(realm)
    still = Enrolment.objects.filter(
        realm=realm,
        state__in=enrolments.UNDER_WAY,
        state_since__lt=now - timedelta(seconds=settings.CONSOLE_STILL_SECONDS),
    )
    orders = ServiceOrder.objects.filter(enrolment__realm=realm, state=ServiceOrder.State.OPEN)
    incidents = Incident.objects.filter(enrolment__realm=realm, closed_at=None)
    return {
        "now": now,
        "still": _still(list(still.select_related("phone", "element").order_by("state_since")[:SHOWN])),
        "still_count": still.count(),
        "leaving_count": Enrolment.objects.filter(realm=realm, state__in=enrolments.LEAVING).count(),
        "orders": list(orders.select_related("enrolment__phone").order_by("asked_at")[:SHOWN]),
        "orders_count": orders.count(),
        "incidents": list(incidents.values("signal").annotate(count=Count("pk")).order_by("signal")),
        "lag": lag.measure(realm, since=now - LAG_SINCE, now=now),
        "lists": lists(realm),
        "sealed_at": JournalSeal.objects.filter(realm=realm).order_by("-sequence").values_list("at", flat=True).first(),
    }


def lists(realm: Realm) -> Lists:
    """Return how old the realm's lists are, and how many are due."""
    partitions = Partition.objects.filter(generation__authority__realm=realm)
    ages = partitions.exclude(published_at=None).order_by("published_at").values_list("published_at", flat=True)
    return Lists(partitions.count(), crl.due(realm).count(), ages.first(), ages.last())


def oldest_lists(realm: Realm) -> list[Partition]:
    """Return the lists that were published longest ago, those never published first."""
    found = Partition.objects.filter(generation__authority__realm=realm).select_related("generation__authority__realm")
    return list(found.order_by(F("published_at").asc(nulls_first=True), "pk")[:SHOWN])


def find(realm: Realm, what: str) -> Enrolment | None:
    """Return the newest enrolment that a number leads to: an enrolment's, a phone's, a session's or an element's."""
    what = what.strip()
    found = Enrolment.objects.filter(realm=realm)
    try:
        number = bytes.fromhex(what.replace("-", ""))
    except ValueError:
        return None
    if len(number) == 16:
        reference = uuid.UUID(bytes=number)
        # Each by its own index, and what they lead to by another: an "or" over three tables reads all of them.
        phones = list(Phone.objects.filter(reference=reference).values_list("pk", flat=True))
        elements = list(Conversation.objects.filter(reference=reference).values_list("element_id", flat=True))
        named = Q(reference=reference) | Q(phone__in=phones) | Q(element__in=elements)
        # Two references are never the same, so these are few: the newest is found among them, not in the table's order.
        newest = max(found.filter(named).order_by(), key=lambda one: one.pk, default=None)
        if newest is not None:
            return newest
    element = SecureElement.of_number(what)
    return found.filter(element=element).order_by("-pk").first() if element is not None else None


def _still(rows: list[Enrolment]) -> list[Still]:
    waits = trace.waiting_all(row.element for row in rows)
    return [Still(row, str(WAITING[waits[row.element_id][0]])) for row in rows]
