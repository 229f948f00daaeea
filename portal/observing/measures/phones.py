"""Figures of the phones: enrolments that stand still, reports nobody read, orders, incidents."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from ca import clock
from ca.models import Realm
from portal.observing.measures.measure import Measure, Sample, age, bounded, of_realms
from tsm import enrolment as enrolments
from tsm import trace
from tsm.models import Enrolment, Incident, Leg, ServiceOrder
from tsm.trace import Waiting

# So many of those that stand still are looked at, the newest first: where the system stands, all the newest stand.
LOOKED_AT = 200


def _under_way(realm: Realm, now: datetime) -> float:
    return bounded(Enrolment.objects.filter(realm=realm, state__in=enrolments.UNDER_WAY))


def _still(realm: Realm, now: datetime) -> Iterator[Sample]:
    since = now - timedelta(seconds=settings.CONSOLE_STILL_SECONDS)
    rows = Enrolment.objects.filter(realm=realm, state__in=enrolments.UNDER_WAY, state_since__lt=since)
    newest = rows.order_by("-state_since").select_related("element")[:LOOKED_AT]
    elements = {row.element_id: row.element for row in newest}
    # A phone that comes back after a day waits for its worker since a moment. Legs have the machine's time, which is
    # the realm's as well wherever it is in earnest.
    limit = clock.machine() - timedelta(seconds=settings.CONSOLE_STILL_SECONDS)
    waits = Counter(
        what for what, begun in trace.waiting_all(elements.values()).values() if begun is None or begun < limit
    )
    yield from (Sample(waits[what], {"waits_for": what.value}) for what in Waiting)


def _report_oldest() -> Iterator[Sample]:
    reported = Leg.objects.filter(state=Leg.State.REPORTED).order_by("reported_at")
    yield Sample(age(reported.values_list("reported_at", flat=True).first(), clock.machine()))


def _orders() -> Iterator[Sample]:
    yield Sample(bounded(ServiceOrder.objects.filter(state=ServiceOrder.State.OPEN)))


def _incidents() -> Iterator[Sample]:
    yield Sample(bounded(Incident.objects.filter(closed_at=None)))


def _applications() -> Iterator[Sample]:
    yield Sample(Enrolment.objects.aggregate(newest=Max("pk"))["newest"] or 0)


MEASURES: tuple[Measure, ...] = (
    of_realms("jpki_enrolments_under_way", "Enrolments not yet active, 10000 at most.", _under_way),
    of_realms(
        "jpki_enrolments_still",
        f"Of the {LOOKED_AT} newest enrolments that stand still, how many wait for what.",
        _still,
        ("waits_for",),
    ),
    Measure("jpki_report_oldest_seconds", "Age of the oldest phone's report that no worker read.", (), _report_oldest),
    Measure("jpki_orders_open", "Orders to elements in use not yet carried out, 10000 at most.", (), _orders),
    Measure("jpki_incidents_open", "Open signs that a phone left its holder, 10000 at most.", (), _incidents),
    Measure("jpki_applications", "Applications ever made, by their newest number.", (), _applications, grows=True),
)
