"""Orders to elements in use: placed once of a kind, and settled when a report proves them done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ca import clock, journal
from tsm.enrolment.life import note, wake
from tsm.models import Conversation, Enrolment, Leg, ServiceOrder

Function = ServiceOrder.Function
# Suspending and resuming undo each other: the newer order drops the older.
OPPOSITE = {Function.SUSPEND: Function.RESUME, Function.RESUME: Function.SUSPEND}


class WaitsFor(StrEnum):
    """What an order that stands is waiting for."""

    NOTHING = ""  # it is settled
    WORKER = "worker"
    CONTACT = "contact"  # its script lies ready: the phone must come
    PHONE = "phone"  # the phone has the script
    REST = "rest"  # the element answered wrong again and again, and is tried again later


@dataclass(frozen=True)
class OrderState:
    """One order as a screen shows it: what, since when, until when, and what it waits for."""

    function: str
    state: str
    asked_at: datetime
    settled_at: datetime | None
    waits_for: WaitsFor


def orders_of(enrolment: Enrolment) -> tuple[OrderState, ...]:
    """Return an enrolment's orders, the newest first."""
    rows = list(ServiceOrder.objects.filter(enrolment=enrolment).order_by("-pk"))
    waiting = WaitsFor.NOTHING
    if any(row.state == ServiceOrder.State.OPEN for row in rows):
        waiting = _waits_for(enrolment.element_id)
    return tuple(
        OrderState(
            row.function,
            row.state,
            row.asked_at,
            row.settled_at,
            waiting if row.state == ServiceOrder.State.OPEN else WaitsFor.NOTHING,
        )
        for row in rows
    )


def _waits_for(element_id: int) -> WaitsFor:
    """Return what the element's work waits for: its orders are carried out one after the other."""
    newest = Conversation.objects.filter(element=element_id).order_by("-pk").first()
    if newest is None:
        return WaitsFor.WORKER
    if newest.closed_at is not None:
        rests_until = newest.closed_at + timedelta(seconds=settings.TSM_RETRY_SECONDS)
        resting = newest.failures >= settings.TSM_FAILURES and rests_until > clock.machine()
        return WaitsFor.REST if resting else WaitsFor.WORKER
    leg = newest.legs.order_by("-pk").values_list("state", flat=True).first()
    return {Leg.State.READY: WaitsFor.CONTACT, Leg.State.SENT: WaitsFor.PHONE}.get(
        Leg.State(leg or Leg.State.REPORTED), WaitsFor.WORKER
    )


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


def suspended(enrolment: Enrolment) -> bool:
    """Tell whether the service is suspended by order, or a resumption isn't proved yet: the applet may be locked."""
    last = (
        ServiceOrder.objects.filter(enrolment=enrolment, function__in=list(OPPOSITE))
        .exclude(state=ServiceOrder.State.DROPPED)
        .order_by("-pk")
        .first()
    )
    return last is not None and (last.function == Function.SUSPEND or last.state == ServiceOrder.State.OPEN)


def standing(enrolment: Enrolment) -> QuerySet[ServiceOrder]:
    """Return the enrolment's orders that stand."""
    return ServiceOrder.objects.filter(enrolment=enrolment, state=ServiceOrder.State.OPEN)


def settle(chosen: QuerySet[ServiceOrder], to: ServiceOrder.State, enrolment: Enrolment) -> int:
    """Settle those of the orders that stand still; return how many."""
    return chosen.filter(state=ServiceOrder.State.OPEN).update(state=to, settled_at=clock.now(enrolment.realm))
