"""How far a phone goes on the way to its certificates: as far as whoever drives it wished, and no further.

The TSM knows nothing of it. To it, a phone that has come far enough is one that is out of reach.
"""

from typing import Any

from sandbox import trace
from sandbox.models import Issuing
from tsm.agent import Post
from tsm.models import Enrolment, Phone

State = Enrolment.State
Until = Issuing.Until
# How far an enrolment is, of those that are on the way up.
ORDER = (State.APPLIED, State.VERIFIED, State.PREPARED, State.KEYED, State.CERTIFIED, State.INSTALLED, State.ACTIVE)
STOP = {"ramCommands": [{"ramCommandType": "stopCommand"}]}


def of(phone: Phone) -> Issuing | None:
    """Return what was wished for the phone's enrolment that is under way, or None."""
    return Issuing.objects.filter(enrolment__phone=phone, enrolment__state__in=ORDER[:-1]).order_by("-pk").first()


def rests(phone: Phone) -> bool:
    """Tell whether the phone is as far as it was to go: its app answers no push."""
    wished = of(phone)
    return wished is not None and is_reached(wished)


def is_reached(wished: Issuing) -> bool:
    """Tell whether the enrolment, as its row is now, is where it was to go, or past it."""
    state = Enrolment.objects.values_list("state", flat=True).get(pk=wished.enrolment_id)
    return state in ORDER and ORDER.index(State(state)) >= ORDER.index(_state(wished))


def leaving(phone: Phone, post: Post) -> Post:
    """Return a way to the TSM on which the phone leaves as soon as it has gone as far as was wished."""

    def asked(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = post(path, body)
        if not rests(phone):
            return answer
        # What came with it isn't played any more: the phone is gone before it can.
        trace.note(
            phone.realm_id,
            trace.Lane.PHONE,
            "phone.left",
            title=("望まれたところまで来たので離れた", "As far as was wished: it leaves"),
            phone=phone.reference,
        )
        return STOP

    return asked


def _state(wished: Issuing) -> State:
    # Applied and verified are one moment.
    return State.VERIFIED if wished.until == Until.APPLIED else State(wished.until)
