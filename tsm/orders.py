"""Orders to elements in use: placed once of a kind, and settled when a report proves them done."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ca import clock, journal
from tsm.enrolment.life import note, wake
from tsm.models import Enrolment, ServiceOrder

Function = ServiceOrder.Function
# Suspending and resuming undo each other: the newer order drops the older.
OPPOSITE = {Function.SUSPEND: Function.RESUME, Function.RESUME: Function.SUSPEND}


def place(enrolment: Enrolment, function: Function, *, source: str) -> ServiceOrder:
    """Place an order, or return the one of that kind that stands already; the element's work is woken."""
    opposite = OPPOSITE.get(function)
    if opposite is not None:
        settle(standing(enrolment).filter(function=opposite), ServiceOrder.State.DROPPED, enrolment)
    try:
        with transaction.atomic():
            order = ServiceOrder.objects.create(
                enrolment=enrolment, function=function, asked_at=clock.now(enrolment.realm)
            )
    except IntegrityError:
        return ServiceOrder.objects.get(enrolment=enrolment, function=function, state=ServiceOrder.State.OPEN)
    journal.record(enrolment.realm, f"service.{function}", str(enrolment.reference), source=source)
    note(enrolment, "service_ordered", function=function, source=source)
    wake(enrolment)
    return order


def standing(enrolment: Enrolment) -> QuerySet[ServiceOrder]:
    """Return the enrolment's orders that stand."""
    return ServiceOrder.objects.filter(enrolment=enrolment, state=ServiceOrder.State.OPEN)


def settle(chosen: QuerySet[ServiceOrder], to: ServiceOrder.State, enrolment: Enrolment) -> int:
    """Settle those of the orders that stand still; return how many."""
    return chosen.filter(state=ServiceOrder.State.OPEN).update(state=to, settled_at=clock.now(enrolment.realm))
