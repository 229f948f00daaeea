"""How an enrolment's state moves: the arrow table, and the only way along it."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from ca import clock, journal, messages
from ca.models import Certificate
from ca.profiles import Purpose
from tsm import rows
from tsm.errors import EnrolmentUnknown, WrongState
from tsm.models import Enrolment, EnrolmentStep, Phone

State = Enrolment.State
Noted = tuple[str, Mapping[str, Any]]  # a step, and its figures

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
    enrolment = rows.only(Enrolment.objects.filter(phone=phone, reference=reference))
    if enrolment is None:
        raise EnrolmentUnknown("this phone has no such enrolment")
    # Known already: not read again.
    enrolment.phone, enrolment.realm = phone, phone.realm
    if enrolment.signature_certificate_id is not None:
        _attach_certificates(enrolment)
    return enrolment


def _attach_certificates(enrolment: Enrolment) -> None:
    """Read the pair and the card's certificates that it stands on, all four in one statement."""
    pairs = (
        ("signature_certificate", "card_signature_certificate"),
        ("authentication_certificate", "card_authentication_certificate"),
    )
    found = Certificate.objects.in_bulk([getattr(enrolment, f"{name}_id") for names in pairs for name in names])
    for own, cards in pairs:
        certificate, card = (found[getattr(enrolment, f"{name}_id")] for name in (own, cards))
        certificate.realm = enrolment.realm
        if certificate.linked_to_id == card.pk:
            certificate.linked_to = card
        setattr(enrolment, own, certificate)
        setattr(enrolment, cards, card)


def current(phone: Phone) -> Enrolment | None:
    """Return the phone's newest enrolment, or None."""
    return Enrolment.objects.filter(phone=phone).order_by("-pk").first()


def move(enrolment: Enrolment, to: State, **detail: Any) -> bool:
    """Claim the arrow from the enrolment's state to `to`; False when someone else moved it. Illegal arrows raise."""
    return walk(enrolment, [(to, detail)])


def walk(enrolment: Enrolment, arrows: Sequence[Noted], **changes: Any) -> bool:
    """Claim arrows, one after the other and each with its detail, all or none, and write `changes` into the row too.

    False when someone else moved it: then the enrolment in hand is read anew. Illegal arrows raise.
    """
    origin = State(enrolment.state)
    for before, (to, _) in zip([origin, *(State(to) for to, _ in arrows)], arrows, strict=False):
        if to not in LIFE[before]:
            raise WrongState(f"no way from {before} to {to}", state=str(before))
    values = changes | {"state": State(arrows[-1][0]), "state_since": clock.now(enrolment.realm)}
    # No savepoint: what goes wrong here takes what belongs to it along.
    with transaction.atomic(savepoint=False):
        # The realm's turn first, always: two that wait for each other's rows would wait for ever.
        journal.take(enrolment.realm)
        if not Enrolment.objects.filter(pk=enrolment.pk, state=origin).update(**values):
            enrolment.refresh_from_db(fields=["state", "state_since", "trouble"])
            return False
        for name, value in values.items():
            setattr(enrolment, name, value)
        note_all(enrolment, arrows)
        journal.record_all(
            enrolment.realm,
            [journal.Happening(f"enrolment.{to}", str(enrolment.reference), detail) for to, detail in arrows],
        )
    return True


def note(enrolment: Enrolment, step: str, **detail: Any) -> None:
    """Add a step to what the citizen's screen and the trace show."""
    note_all(enrolment, [(step, detail)])


def note_all(enrolment: Enrolment, noted: Sequence[Noted]) -> None:
    """Add steps to what the citizen's screen and the trace show, in one statement."""
    at = clock.now(enrolment.realm)
    steps = [EnrolmentStep(enrolment=enrolment, step=step, at=at, detail=detail) for step, detail in noted]
    if len(steps) == 1:
        # Several are given a transaction of their own where there is none; one needs none.
        steps[0].save(force_insert=True)
    else:
        EnrolmentStep.objects.bulk_create(steps)


def wake(enrolment: Enrolment) -> None:
    """Send the element's work to a worker as soon as what is decided is committed."""
    element_id = enrolment.element_id
    transaction.on_commit(lambda: send_advance(element_id))


def send_advance(element_id: int) -> None:
    """Ask a `tsm` worker to go on with the element's work."""
    messages.send("tsm.advance", element_id)
