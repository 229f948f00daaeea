"""A pair on hold, as screens tell it: since when, by what, and who may have it released."""

from dataclasses import dataclass
from datetime import datetime

from ca import causes
from ca.causes import Cause, Event, Party
from ca.models import Certificate
from tsm import orders
from tsm.models import Enrolment, ServiceOrder

Function = ServiceOrder.Function


@dataclass(frozen=True)
class Hold:
    """What holds a pair: `suspended` (reported lost), `resuming` (to be released at the next contact), `measure`."""

    kind: str
    since: datetime


def of(enrolment: Enrolment) -> Hold | None:
    """Return what holds the enrolment's pair, or None where nothing of it is on hold."""
    held = [certificate for certificate in enrolment.pair if certificate.status == Certificate.Status.ON_HOLD]
    if not held:
        return None
    newest = (
        ServiceOrder.objects.filter(enrolment=enrolment, function__in=orders.OPPOSITE)
        .exclude(state=ServiceOrder.State.DROPPED)
        .order_by("-pk")
        .first()
    )
    kind = "measure"
    if newest is not None and newest.function == Function.SUSPEND:
        kind = "suspended"
    elif newest is not None and newest.state == ServiceOrder.State.OPEN:
        kind = "resuming"
    return Hold(kind, min(one.changed_at for one in held))


def holder_may(event: Event) -> bool:
    """Tell whether the authorities' table lets a holder bring that event for a loss: the policy, not this page."""
    return Cause.LOSS in causes.brought_by(Party.HOLDER, event)
