"""The arrows between a case's states, and between an entry's, as tables; and the one way to go along one."""

from datetime import datetime
from typing import Any

from django.db import transaction

from ca import clock, journal
from whitelist.errors import ArrowGone
from whitelist.models import Case, RelyingParty
from whitelist.published import records

State = Case.State
Entry = RelyingParty.State

# verb: (from, to). Who may go along it is the caller's to know.
CASE_ARROWS: dict[str, tuple[frozenset[State], State]] = {
    "submit": (frozenset({State.DRAFT, State.RETURNED}), State.SUBMITTED),
    "take_up": (frozenset({State.SUBMITTED}), State.IN_REVIEW),
    "return": (frozenset({State.IN_REVIEW}), State.RETURNED),
    "pass_on": (frozenset({State.IN_REVIEW}), State.SUBMITTED),  # the ministry has certified: the registrar's turn
    "approve": (frozenset({State.IN_REVIEW}), State.APPROVED),
    "refuse": (frozenset({State.IN_REVIEW}), State.REFUSED),
    "withdraw": (
        frozenset({State.DRAFT, State.SUBMITTED, State.IN_REVIEW, State.RETURNED}),
        State.WITHDRAWN,
    ),
}
OPEN = frozenset({State.DRAFT, State.SUBMITTED, State.IN_REVIEW, State.RETURNED})
EDITABLE = frozenset({State.DRAFT, State.RETURNED})

ENTRY_ARROWS: dict[str, tuple[frozenset[Entry], Entry]] = {
    "register": (frozenset({Entry.DRAFT, Entry.EXPIRED}), Entry.REGISTERED),
    "suspend": (frozenset({Entry.REGISTERED}), Entry.SUSPENDED),
    "lift": (frozenset({Entry.SUSPENDED}), Entry.REGISTERED),
    "expire": (frozenset({Entry.REGISTERED, Entry.SUSPENDED}), Entry.EXPIRED),
    "remove": (frozenset({Entry.REGISTERED, Entry.SUSPENDED, Entry.EXPIRED}), Entry.REMOVED),
}


def move(case: Case, verb: str, *, by: str, changes: dict[str, Any] | None = None, **told: Any) -> datetime:
    """Take a case along an arrow, with `changes` of its row, and write it down; return when that was.

    Raise `ArrowGone` when the case isn't at the arrow's beginning (any more): somebody else was there first.
    """
    origins, target = CASE_ARROWS[verb]
    now = clock.now(case.organisation.realm)
    values: dict[str, Any] = {"state": target, "moved_at": now, **(changes or {})}
    with transaction.atomic():
        journal.take(case.organisation.realm)
        if not Case.objects.filter(pk=case.pk, state__in=origins).update(**values):
            raise ArrowGone("the case has moved on meanwhile", verb=verb)
        journal.record(case.organisation.realm, f"case.{verb}", str(case.reference), by=by, **told)
    for name, value in values.items():
        setattr(case, name, value)
    return now


def move_entry(entry: RelyingParty, verb: str, *, by: str, **told: Any) -> None:
    """Take an entry of the register along an arrow, write it down, and publish it. Raise `ArrowGone` as `move` does.

    What the entry says from then on (its purposes, applications …) is written before this is called.
    """
    origins, target = ENTRY_ARROWS[verb]
    with transaction.atomic():
        journal.take(entry.realm)
        if not RelyingParty.objects.filter(pk=entry.pk, state__in=origins).update(state=target):
            raise ArrowGone("the entry has moved on meanwhile", verb=verb)
        journal.record(entry.realm, f"register.{verb}", entry.client_id, by=by, **told)
        records.note(entry, records.EVENTS[verb])
    entry.state = target
