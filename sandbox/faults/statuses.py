"""Statuses that are told otherwise by /api/v1/verification/status: as the responder lies by the same fault."""

from collections.abc import Sequence
from dataclasses import replace

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from sandbox.faults import arming
from sandbox.faults.about import concerns
from sandbox.faults.catalogue import Place
from sandbox.models import Fault
from whitelist.verification.statuses import Answer, Status

STATUSES = {"ocsp_revoked": Status.REVOKED, "ocsp_on_hold": Status.ON_HOLD, "ocsp_unknown": Status.UNKNOWN}
REASONS = {Status.REVOKED: "unspecified", Status.ON_HOLD: "certificateHold"}


def told(realm: Realm, purpose: Purpose, answers: Sequence[Answer]) -> list[Answer]:
    """Return what is told in place of the answers: what VERIFICATION_FAULTS names."""
    if not arming.standing(realm).filter(place=Place.OCSP, name__in=STATUSES).exists():
        return list(answers)
    return [_told(realm, purpose, one) for one in answers]


def _told(realm: Realm, purpose: Purpose, answer: Answer) -> Answer:
    about = concerns(realm, purpose, answer.medium, (answer.serial_number,))

    def fits(fault: Fault) -> bool:
        return fault.name in STATUSES and about.fits(fault)

    fault = arming.hit(realm.pk, Place.OCSP, clients=about.clients, hand_offs=about.hand_offs, fits=fits)
    if fault is None or answer.status != Status.GOOD:
        return answer
    status = STATUSES[fault.name]
    if status == Status.UNKNOWN:
        return Answer(answer.serial_number, status)
    return replace(answer, status=status, reason=REASONS[status], since=clock.now(realm).replace(microsecond=0))
