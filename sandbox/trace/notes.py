"""Writing the trace. A note is cheap, bounded and masked, and only workspaces' realms have one.

Inside a transaction a note stands if and only if the deed does; what failed is noted after it was rolled back.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from ca import clock
from portal.providers.models import Workspace
from sandbox.models import TraceEvent
from sandbox.trace import context, masking

Lane = TraceEvent.Lane
MOST_BYTES = 128_000  # of an event's data, as JSON
TRIM_EVERY = 64  # events between two looks at how many a workspace has


@dataclass(frozen=True)
class Noted:
    """One event to be written; `at` is the machine's time when it began, where that isn't now."""

    lane: str
    what: str
    title: tuple[str, str]  # Japanese, English
    data: Mapping[str, Any] = field(default_factory=dict)
    hand_off: uuid.UUID | str | None = None
    enrolment: uuid.UUID | str | None = None
    phone: uuid.UUID | str | None = None
    failed: bool = False
    at: datetime | None = None


def note(
    realm_id: int,
    lane: str,
    what: str,
    *,
    title: tuple[str, str],
    data: Mapping[str, Any] | None = None,
    hand_off: uuid.UUID | str | None = None,
    enrolment: uuid.UUID | str | None = None,
    phone: uuid.UUID | str | None = None,
    failed: bool = False,
    at: datetime | None = None,
) -> TraceEvent | None:
    """Write one event into the realm's trace; None where the realm is nobody's workspace.

    `what` is a dotted word ("handoff.shown"), `title` the sentence in Japanese and English, `data` JSON in which
    secrets are masked before it is kept. `hand_off`, `enrolment` and `phone` are the references that filters go by;
    what isn't given is taken from the `about` around it.
    """
    noted = Noted(lane, what, title, data or {}, hand_off, enrolment, phone, failed, at)
    made = note_all(realm_id, [noted])
    return made[0] if made else None


def is_kept(realm_id: int) -> bool:
    """Tell whether anything of the realm is written down at all: for who would ask the database what to write."""
    return Workspace.objects.filter(realm_id=realm_id).exists()


def note_all(realm_id: int, noted: Iterable[Noted]) -> list[TraceEvent]:
    """Write events in their order, in one go. Raises ValueError for a lane that there isn't."""
    noted = list(noted)
    workspace = Workspace.objects.select_related("realm").filter(realm_id=realm_id).first() if noted else None
    if workspace is None:
        return []
    now, offset, about = clock.machine(), workspace.realm.clock_offset, context.current()
    rows = []
    for one in noted:
        at = one.at or now
        ja, en = one.title
        rows.append(
            TraceEvent(
                realm_id=realm_id,
                at=at,
                realm_at=at + offset,
                lane=Lane(one.lane),
                what=one.what[:64],
                title_ja=masking.text(ja)[:200],
                title_en=masking.text(en)[:200],
                data=_bounded(one.data),
                hand_off=_reference(one.hand_off or about.hand_off),
                enrolment=_reference(one.enrolment or about.enrolment),
                phone=_reference(one.phone or about.phone),
                failed=one.failed,
            )
        )
    made = TraceEvent.objects.bulk_create(rows)
    if any(row.pk % TRIM_EVERY == 0 for row in made):
        trim(realm_id)
    return made


def trim(realm_id: int) -> None:
    """Let the oldest go, so that the realm keeps SANDBOX_TRACE_EVENTS."""
    kept = TraceEvent.objects.filter(realm_id=realm_id).order_by("-pk").values_list("pk", flat=True)
    last = kept[settings.SANDBOX_TRACE_EVENTS : settings.SANDBOX_TRACE_EVENTS + 1]
    for pk in list(last):
        TraceEvent.objects.filter(realm_id=realm_id, pk__lte=pk).delete()


def _bounded(data: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = masking.masked(data)
    size = len(json.dumps(kept))
    if size <= MOST_BYTES:
        return kept
    # The longest lists and texts go first: what is left says what it was about.
    for name in sorted(kept, key=lambda one: -len(json.dumps(kept[one]))):
        size -= len(json.dumps(kept[name]))
        kept[name] = "…"
        if size <= MOST_BYTES:
            break
    return kept


def _reference(value: uuid.UUID | str | None) -> uuid.UUID | None:
    if value is None or isinstance(value, uuid.UUID):
        return value
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
