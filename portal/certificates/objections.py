"""Objections: 「身に覚えがない」. Raised by the holder, answered once by the help desk, both in the journal."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ca import clock, journal
from ca.models import Holder, Realm
from portal.certificates.errors import ObjectionExists, ObjectionOver, ObjectionTextUnfit
from portal.certificates.models import Objection
from portal.handoff.models import HandOff
from tsm.models import Phone

State = Objection.State
LONGEST = 1000


def raise_(hand_off: HandOff, *, holder: Holder, phone: Phone, text: str = "") -> Objection:
    """Say for the holder, who has proved himself on `phone`, that this use wasn't his. `text` may be empty.

    That it is a use of the holder's, the caller has seen to (`history.use`). Raises `ObjectionExists`,
    `ObjectionTextUnfit`.
    """
    text = _fit(text)
    try:
        with transaction.atomic():
            objection = Objection.objects.create(
                realm=hand_off.realm,
                hand_off=hand_off,
                holder=holder,
                phone=phone,
                text=text,
                raised_at=clock.now(hand_off.realm),
            )
            # What the holder wrote is in the row alone: the journal is read by many, and for ever.
            journal.record(
                hand_off.realm,
                "objection.raised",
                str(objection.reference),
                hand_off=str(hand_off.pk),
                relying_party=hand_off.relying_party.client_id,
            )
    except IntegrityError:
        raise ObjectionExists("the holder has objected to this use already") from None
    return objection


def open_ones(realm: Realm) -> QuerySet[Objection]:
    """Return the realm's objections that wait for an answer, oldest first, with what the help desk reads of each."""
    return _all().filter(realm=realm, state=State.OPEN)


def of(holder: Holder) -> QuerySet[Objection]:
    """Return a holder's objections, newest first."""
    return _all().filter(holder=holder).order_by("-raised_at", "-pk")


def answer(objection: Objection, *, by: str, text: str) -> None:
    """Answer it, in words that the holder reads; `by` names who of the staff does.

    Raises `ObjectionTextUnfit`, and `ObjectionOver` when another was first.
    """
    text = _fit(text, required=True)
    with transaction.atomic():
        now = clock.now(objection.realm)
        claimed = Objection.objects.filter(pk=objection.pk, state=State.OPEN).update(
            state=State.ANSWERED, answer=text, answered_by=by, answered_at=now
        )
        if not claimed:
            raise ObjectionOver("answered already")
        journal.record(objection.realm, "objection.answered", str(objection.reference), by=by)
    objection.state, objection.answer, objection.answered_by, objection.answered_at = State.ANSWERED, text, by, now


def _all() -> QuerySet[Objection]:
    return Objection.objects.select_related(
        "realm", "holder", "phone", "hand_off__relying_party", "hand_off__answered_with"
    )


def _fit(text: str, *, required: bool = False) -> str:
    text = text.strip()
    if len(text) > LONGEST or (required and not text):
        raise ObjectionTextUnfit(f"at most {LONGEST} characters{', and not none' if required else ''}", longest=LONGEST)
    return text
