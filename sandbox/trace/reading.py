"""Reading the trace of one workspace: what filters let through, newest first or from a point on."""

import uuid
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from ca.models import Realm
from sandbox.models import TraceEvent


@dataclass(frozen=True)
class Filter:
    """What is wanted of a trace; empty: everything. `what` also takes the beginning of a dotted word ("handoff")."""

    lanes: tuple[str, ...] = ()
    what: str = ""
    hand_off: uuid.UUID | None = None
    enrolment: uuid.UUID | None = None
    phone: uuid.UUID | None = None
    failed: bool | None = None
    text: str = field(default="")

    def __bool__(self) -> bool:
        return self != Filter()


def events(realm: Realm, wanted: Filter | None = None) -> QuerySet[TraceEvent]:
    """Return the realm's events that the filter lets through, oldest first."""
    wanted = wanted or Filter()
    rows = TraceEvent.objects.filter(realm=realm)
    if wanted.lanes:
        rows = rows.filter(lane__in=wanted.lanes)
    if wanted.what:
        rows = rows.filter(Q(what=wanted.what) | Q(what__startswith=f"{wanted.what}."))
    for name in ("hand_off", "enrolment", "phone", "failed"):
        value = getattr(wanted, name)
        if value is not None:
            rows = rows.filter(**{name: value})
    if wanted.text:
        rows = rows.filter(
            Q(title_ja__icontains=wanted.text) | Q(title_en__icontains=wanted.text) | Q(what__icontains=wanted.text)
        )
    return rows.order_by("pk")


def find(realm: Realm, reference: uuid.UUID) -> TraceEvent | None:
    """Return the realm's event of that reference, or None."""
    return TraceEvent.objects.filter(realm=realm, reference=reference).first()
