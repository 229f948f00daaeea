"""How an enrolment ends: at the holder's request, by a cause, or given up on the way."""

from datetime import datetime

from django.db import transaction

from ca import clock, journal, revocation
from ca.models import Certificate
from ca.revocation import Cause
from tsm.enrolment.life import UNDER_WAY, State, move, wake
from tsm.enrolment.proofs import end_text, signed_by
from tsm.errors import EndRefused, WrongState
from tsm.models import Enrolment, ServiceOrder


def end(enrolment: Enrolment, *, text: str, signature: bytes) -> None:
    """End the use of the phone at the holder's signed request: both certificates revoked, the element to be emptied."""
    if enrolment.state in (State.ENDED, State.DELETED):
        return
    if enrolment.state != State.ACTIVE or enrolment.signature_certificate is None:
        raise WrongState("this phone has no certificates in use", state=enrolment.state)
    if text != end_text(enrolment) or not signed_by(enrolment.signature_certificate, text.encode(), signature):
        raise EndRefused("the request isn't signed by this phone's signature key")
    with transaction.atomic():
        journal.take(enrolment.realm)
        finish(enrolment, Cause.PHONE_USE_ENDED, clock.now(enrolment.realm))


def abandon(enrolment: Enrolment, *, trouble: str) -> None:
    """Give an enrolment up: what was issued is revoked, what was loaded is deleted when the phone is next seen."""
    with transaction.atomic():
        journal.take(enrolment.realm)
        if enrolment.state not in UNDER_WAY or not move(enrolment, State.ABANDONED, reason=trouble):
            return
        Enrolment.objects.filter(pk=enrolment.pk).update(trouble=trouble)
        enrolment.trouble = trouble
        _revoke_pair(enrolment, Cause.NOT_DELIVERED, clock.now(enrolment.realm))
        _leave(enrolment)


def end_active(successor: Enrolment, now: datetime) -> None:
    active = Enrolment.objects.filter(realm=successor.realm, holder=successor.holder_id, state=State.ACTIVE)
    for enrolment in active.exclude(pk=successor.pk).order_by():
        finish(enrolment, Cause.PHONE_USE_ENDED, now)


def finish(enrolment: Enrolment, cause: Cause, now: datetime) -> None:
    """End an active enrolment for that cause: both certificates revoked, the element to be emptied."""
    if not move(enrolment, State.ENDED, cause=str(cause)):
        return
    _revoke_pair(enrolment, cause, now)
    _leave(enrolment)


def _revoke_pair(enrolment: Enrolment, cause: Cause, now: datetime) -> None:
    for certificate in enrolment.pair:
        certificate.refresh_from_db()
        if certificate.status != Certificate.Status.REVOKED:
            revocation.revoke(certificate, cause=cause, now=now)


def _leave(enrolment: Enrolment) -> None:
    """Have the element emptied; where nothing was ever written, there's nothing to wait for."""
    ServiceOrder.objects.filter(enrolment=enrolment, state=ServiceOrder.State.OPEN).update(
        state=ServiceOrder.State.DROPPED, settled_at=clock.now(enrolment.realm)
    )
    enrolment.element.refresh_from_db()
    if enrolment.element.occupant_id == enrolment.pk:
        wake(enrolment)
    else:
        move(enrolment, State.DELETED)
