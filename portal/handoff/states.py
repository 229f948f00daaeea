"""The life of a hand-off, as a table. Nothing else decides."""

from enum import StrEnum

from django.db import models


class State(models.TextChoices):
    """Where a hand-off stands. All but the first two are the end, and each reaches the service under its name."""

    WAITING = "waiting"  # made; nobody opened the link yet
    SHOWN = "shown"  # a phone's screen shows it
    ANSWERED = "answered"  # signed by the phone, checked; the result is there
    DECLINED = "declined"  # the citizen said no
    REFUSED = "refused"  # the register says no; `reason` says why
    EXPIRED = "expired"  # nobody answered in time


class Event(StrEnum):
    SHOW = "show"
    ANSWER = "answer"
    DECLINE = "decline"
    REFUSE = "refuse"
    EXPIRE = "expire"


LIFE = {
    (State.WAITING, Event.SHOW): State.SHOWN,
    (State.WAITING, Event.REFUSE): State.REFUSED,
    (State.WAITING, Event.EXPIRE): State.EXPIRED,
    # A page may be loaded again.
    (State.SHOWN, Event.SHOW): State.SHOWN,
    (State.SHOWN, Event.ANSWER): State.ANSWERED,
    (State.SHOWN, Event.DECLINE): State.DECLINED,
    # Suspended after it was opened.
    (State.SHOWN, Event.REFUSE): State.REFUSED,
    (State.SHOWN, Event.EXPIRE): State.EXPIRED,
}

OPEN = frozenset({state for state, event in LIFE if event == Event.EXPIRE})
