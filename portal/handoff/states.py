"""The life of a hand-off, as a table. Nothing else decides. docs/handoff.md shows it drawn."""

from enum import StrEnum

from django.db import models


class State(models.TextChoices):
    """Where a hand-off stands. All but the first three are the end, and each reaches the service under its name."""

    WAITING = "waiting"  # made; no phone has opened it yet
    SCANNED = "scanned"  # a phone read the code from the screen; its holder hasn't compared the numbers yet
    SHOWN = "shown"  # the phone's screen shows who asks, and for what
    ANSWERED = "answered"  # signed, checked; the result is there for whom the code leads to
    DECLINED = "declined"  # the citizen said no, on the phone or at the screen where it began
    REFUSED = "refused"  # the register says no; `reason` says why
    EXPIRED = "expired"  # nobody answered in time
    WRONG_NUMBER = "wrong_number"  # another number than the screen's was chosen on the phone
    WRONG_BROWSER = "wrong_browser"  # it went back in another browser than it began in: the answer was thrown away


class Event(StrEnum):
    """What happens to a hand-off."""

    SHOW = "show"  # its link is opened
    SCAN = "scan"  # its code is read from the screen
    MATCH = "match"  # the screen's number is chosen on the phone
    MISMATCH = "mismatch"  # another number is
    ANSWER = "answer"
    DECLINE = "decline"  # no, on the phone
    CANCEL = "cancel"  # given up at the screen that shows the code
    REFUSE = "refuse"  # the register was asked again
    EXPIRE = "expire"
    STRAY = "stray"  # the way back is opened in another browser


LIFE = {
    (State.WAITING, Event.SHOW): State.SHOWN,
    (State.WAITING, Event.SCAN): State.SCANNED,
    (State.WAITING, Event.CANCEL): State.DECLINED,
    (State.WAITING, Event.REFUSE): State.REFUSED,
    (State.WAITING, Event.EXPIRE): State.EXPIRED,
    # The same phone may read the code again.
    (State.SCANNED, Event.SCAN): State.SCANNED,
    (State.SCANNED, Event.MATCH): State.SHOWN,
    (State.SCANNED, Event.MISMATCH): State.WRONG_NUMBER,
    (State.SCANNED, Event.DECLINE): State.DECLINED,
    (State.SCANNED, Event.CANCEL): State.DECLINED,
    (State.SCANNED, Event.REFUSE): State.REFUSED,
    (State.SCANNED, Event.EXPIRE): State.EXPIRED,
    # A page may be loaded again.
    (State.SHOWN, Event.SHOW): State.SHOWN,
    (State.SHOWN, Event.ANSWER): State.ANSWERED,
    (State.SHOWN, Event.DECLINE): State.DECLINED,
    (State.SHOWN, Event.CANCEL): State.DECLINED,
    # Suspended after it was opened.
    (State.SHOWN, Event.REFUSE): State.REFUSED,
    (State.SHOWN, Event.EXPIRE): State.EXPIRED,
    (State.ANSWERED, Event.STRAY): State.WRONG_BROWSER,
}

OPEN = frozenset({state for state, event in LIFE if event == Event.EXPIRE})
