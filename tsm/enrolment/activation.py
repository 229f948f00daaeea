"""Activation: the phone has proved that it can use both keys."""

from django.db import transaction

from ca import clock, journal, revocation
from ca.profiles import Purpose
from tsm.enrolment.ending import end_active
from tsm.enrolment.life import State, move
from tsm.enrolment.proofs import activation_text, pair, signed_by
from tsm.errors import ActivationRefused, WrongState
from tsm.models import Enrolment


def activate(enrolment: Enrolment, *, signatures: dict[Purpose, bytes]) -> None:
    """Make the new pair valid, for the phone has proved that it can use both keys; a pair that it replaces ends.

    All in one transaction: there is no moment with two valid pairs, and none with neither.
    """
    if enrolment.state == State.ACTIVE:
        return
    if enrolment.state != State.INSTALLED:
        raise WrongState("the certificates aren't in the phone yet", state=enrolment.state)
    now = clock.now(enrolment.realm)
    message = activation_text(enrolment).encode()
    for purpose, certificate in pair(enrolment).items():
        if not signed_by(certificate, message, signatures.get(purpose, b"")):
            raise ActivationRefused("a signature isn't by the new certificate's key", purpose=str(purpose))
    with transaction.atomic():
        journal.take(enrolment.realm)
        end_active(enrolment, now)
        if not move(enrolment, State.ACTIVE):
            raise WrongState("the enrolment has moved on meanwhile")
        revocation.activate_all(pair(enrolment).values(), now=now)
