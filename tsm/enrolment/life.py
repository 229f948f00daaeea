"""How an enrolment's state moves: the arrow table, and the only way along it."""

import uuid
from typing import Any

from django.db import transaction

from ca import clock, journal, messages
from ca.profiles import Purpose
from tsm.errors import EnrolmentUnknown, WrongState
from tsm.models import Enrolment, EnrolmentStep, Phone

State = Enrolment.State

# The specification of an enrolment's life. Nothing else decides.
LIFE: dict[State, frozenset[State]] = {
    State.APPLIED: frozenset({State.VERIFIED}),
    State.VERIFIED: frozenset({State.PREPARED, State.ABANDONED, State.DELETED}),
    State.PREPARED: frozenset({State.KEYED, State.ABANDONED}),
    State.KEYED: frozenset({State.CERTIFIED, State.ABANDONED}),
    State.CERTIFIED: frozenset({State.INSTALLED, State.ABANDONED}),
    State.INSTALLED: frozenset({State.ACTIVE, State.ABANDONED}),
    State.ACTIVE: frozenset({State.ENDED}),
    State.ENDED: frozenset({State.DELETED}),
    State.ABANDONED: frozenset({State.DELETED}),
    State.DELETED: frozenset(),
}
# With a worker, or waiting for one.
WORKING = (State.VERIFIED, State.PREPARED, State.KEYED, State.CERTIFIED)
# Over: never active again.
GIVEN_UP = (State.ENDED, State.ABANDONED, State.DELETED)
# Not yet active: may still be abandoned.
UNDER_WAY = (*WORKING, State.INSTALLED)
# The certificates are dead, the element may still hold them.
LEAVING = (State.ENDED, State.ABANDONED)


# How an enrolment's requests to the CA are named.
REQUEST_KEY = "enrolment:"


def request_key(enrolment: Enrolment, purpose: Purpose) -> str:
    """Return the key under which the CA issues this enrolment's certificate of that purpose, once."""
    return f"{REQUEST_KEY}{enrolment.reference}:{purpose}"


def find(phone: Phone, reference: uuid.UUID) -> Enrolment:
    """Return the phone's enrolment of that reference. Raises `EnrolmentUnknown`, also for another phone's."""
    enrolment = Enrolment.objects.filter(phone=phone, reference=reference).first()
    if enrolment is None:
        raise EnrolmentUnknown("this phone has no such enrolment")
    return enrolment


def current(phone: Phone) -> Enrolment | None:
    """Return the phone's newest enrolment, or None."""
    return Enrolment.objects.filter(phone=phone).order_by("-pk").first()


def move(enrolment: Enrolment, to: State, **detail: Any) -> bool:
    """Claim the arrow from the enrolment's state to `to`; False when someone else moved it. Illegal arrows raise."""
    origin = State(enrolment.state)
    if to not in LIFE[origin]:
        raise WrongState(f"no way from {origin} to {to}", state=str(origin))
    now = clock.now(enrolment.realm)
    with transaction.atomic():
        # The realm's turn first, always: two that wait for each other's rows would wait for ever.
        journal.take(enrolment.realm)
        if not Enrolment.objects.filter(pk=enrolment.pk, state=origin).update(state=to, state_since=now):
            return False
        enrolment.state, enrolment.state_since = to, now
        note(enrolment, to, **detail)
        journal.record(enrolment.realm, f"enrolment.{to}", str(enrolment.reference), **detail)
    return True


def note(enrolment: Enrolment, step: str, **detail: Any) -> None:
    """Add a step to what the citizen's screen and the trace show."""
    EnrolmentStep.objects.create(enrolment=enrolment, step=step, at=clock.now(enrolment.realm), detail=detail)


def wake(enrolment: Enrolment) -> None:
    """Send the element's work to a worker as soon as what is decided is committed."""
    element_id = enrolment.element_id
    transaction.on_commit(lambda: send_advance(element_id))


def send_advance(element_id: int) -> None:
    """Ask a `tsm` worker to go on with the element's work."""
    messages.send("tsm.advance", element_id)
