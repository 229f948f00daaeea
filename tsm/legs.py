"""A leg's life: laid ready, sent, reported, and checked; or failed, or lost.

The arrow table says how a leg's state moves; `move` is the only way, and whoever comes second changes nothing.
"""

from typing import Any

from django.db.models import QuerySet

from tsm.models import Leg

State = Leg.State

LIFE: dict[State, frozenset[State]] = {
    State.READY: frozenset({State.SENT}),
    State.SENT: frozenset({State.REPORTED, State.LOST}),
    State.REPORTED: frozenset({State.CHECKED, State.FAILED}),
    State.CHECKED: frozenset(),
    State.FAILED: frozenset(),
    State.LOST: frozenset(),
}
# Something is still to come of it.
OPEN = tuple(state for state, further in LIFE.items() if further)
CLOSED = tuple(state for state, further in LIFE.items() if not further)


def move(legs: QuerySet[Leg], to: State, **changes: Any) -> bool:
    """Claim the arrow to `to` for those of `legs` that have one; False when there is none."""
    origins = [state for state, further in LIFE.items() if to in further]
    return bool(legs.filter(state__in=origins).update(state=to, **changes))
