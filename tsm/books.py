"""The TSMs' books: enrolments, what is on the elements, and who waits for what (see `ca.books`)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from ca.books import Check, Reading, told
from ca.models import Certificate, JournalEntry
from ca.profiles import Medium
from ca.revocation import LIVING
from tsm import enrolment as enrolments
from tsm.models import Conversation, Enrolment, Leg, SecureElement, ServiceOrder

State = Enrolment.State
_IN_USE = (Certificate.Status.VALID, Certificate.Status.ON_HOLD)
_OPEN = (*enrolments.UNDER_WAY, State.ACTIVE)
# Something of it is on the element, or may be.
_ON_ELEMENT = (State.PREPARED, State.KEYED, State.CERTIFIED, State.INSTALLED, State.ACTIVE)


class Written(Func):
    """Write a UUID as the journal does. SQLite keeps it without dashes."""

    output_field = CharField()
    function = "CAST"
    template = "CAST(%(expressions)s AS text)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # The expression stands in it five times.
        sql, params = compiler.compile(self.source_expressions[0])
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return " || '-' || ".join(f"substr({sql}, {at}, {size})" for at, size in parts), [*params] * 5


def _enrolments(of: Reading) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(realm=of.realm).order_by()


def _two_active(of: Reading) -> Iterator[str]:
    double = _enrolments(of).filter(state=State.ACTIVE).values("holder").annotate(many=Count("pk"))
    return told(double.filter(many__gt=1).values_list("holder__reference"))


def _active_without_pair(of: Reading) -> Iterator[str]:
    rows = _enrolments(of).filter(state=State.ACTIVE, state_since__lt=of.settled)
    whole = Q(signature_certificate__status__in=_IN_USE, authentication_certificate__status__in=_IN_USE)
    # The sweep ends one whose certificates both fell with the card's.
    fallen = Q(
        signature_certificate__status=Certificate.Status.REVOKED,
        authentication_certificate__status=Certificate.Status.REVOKED,
    ) & (
        Q(signature_certificate__changed_at__gte=of.settled) | Q(authentication_certificate__changed_at__gte=of.settled)
    )
    half = Q(signature_certificate__status__in=_IN_USE) & Q(authentication_certificate__status="revoked")
    half |= Q(signature_certificate__status="revoked") & Q(authentication_certificate__status__in=_IN_USE)
    # One of the two may be revoked alone, by an officer or with its card certificate.
    rows = rows.filter(~whole | Q(signature_certificate=None) | Q(authentication_certificate=None))
    return told(rows.exclude(fallen).exclude(half).values_list("reference"))


def _certificate_without_enrolment(of: Reading) -> Iterator[str]:
    named = Q(signature_certificate=OuterRef("pk")) | Q(authentication_certificate=OuterRef("pk"))
    coming = Q(state=State.KEYED) & (
        Q(signature_key=OuterRef("public_key")) | Q(authentication_key=OuterRef("public_key"))
    )
    rows = Certificate.objects.filter(
        realm=of.realm,
        medium=Medium.PHONE,
        status__in=LIVING,
        changed_at__lt=of.settled,
        issuance__request_key__startswith=enrolments.REQUEST_KEY,
    )
    in_use = _enrolments(of).filter(named, state=State.ACTIVE)
    waiting = _enrolments(of).filter(named, state__in=enrolments.UNDER_WAY)
    keyed = _enrolments(of).filter(coming)
    orphan = Q(~Exists(in_use), status__in=_IN_USE)
    orphan |= Q(~Exists(waiting), ~Exists(keyed), status=Certificate.Status.PENDING)
    return told(rows.filter(orphan).values_list("purpose", "serial_number", "status"))


def _state_unknown(of: Reading) -> Iterator[str]:
    said = JournalEntry.objects.filter(realm=of.realm, subject=OuterRef("written"), kind=OuterRef("kind"))
    rows = _enrolments(of).annotate(written=Written("reference"), kind=Concat(Value("enrolment."), "state"))
    return told(rows.filter(~Exists(said)).values_list("reference", "state"))


def _enrolment_lost(of: Reading) -> Iterator[str]:
    row = _enrolments(of).annotate(written=Written("reference")).filter(written=OuterRef("subject"))
    taken = JournalEntry.objects.filter(realm=of.realm, kind=f"enrolment.{State.VERIFIED}")
    return told(taken.filter(~Exists(row)).order_by("sequence").values_list("subject"))


def _excused(rows: QuerySet[Any], of: Reading, element: str) -> QuerySet[Any]:
    """Leave out what there is a reason for to stand: `element` is the way to the element that it concerns.

    A phone has a leg or is waited for; a worker has the element, or had it a moment ago; it rests, because it
    answered wrong again and again.
    """
    legs = Leg.objects.filter(conversation__element=OuterRef(element))
    with_phone = legs.filter(state__in=[Leg.State.READY, Leg.State.SENT], conversation__closed_at=None)
    fresh = legs.filter(Q(reported_at__gte=of.settled_on_machine) | Q(created_at__gte=of.settled_on_machine))
    rests = Conversation.objects.filter(
        element=OuterRef(element),
        closed_at__gt=of.settled_on_machine - timedelta(seconds=settings.TSM_RETRY_SECONDS),
        failures__gte=settings.TSM_FAILURES,
    )
    in_hand = SecureElement.objects.filter(pk=OuterRef(element), lease_until__gt=of.now)
    return rows.filter(~Exists(with_phone), ~Exists(fresh), ~Exists(rests), ~Exists(in_hand))


def _standing(of: Reading) -> Iterator[str]:
    leaving = Q(state__in=enrolments.LEAVING, element__occupant=F("pk"))
    rows = _enrolments(of).filter(Q(state__in=enrolments.WORKING) | leaving, state_since__lt=of.settled)
    return told(_excused(rows, of, "element_id").values_list("reference", "state"))


def _order_standing(of: Reading) -> Iterator[str]:
    rows = ServiceOrder.objects.filter(
        enrolment__realm=of.realm, state=ServiceOrder.State.OPEN, asked_at__lt=of.settled
    ).order_by()
    # Of what has left, nobody will do it any more; of what is coming, it waits its turn.
    rows = rows.filter(enrolment__state__in=(State.ACTIVE, *enrolments.GIVEN_UP))
    return told(_excused(rows, of, "enrolment__element_id").values_list("enrolment__reference", "function"))


def _content_without_owner(of: Reading) -> Iterator[str]:
    """What is on an element belongs to its occupant; and who has something on it, or should, is the occupant."""
    elements = SecureElement.objects.filter(phone__realm=of.realm)
    nobody = elements.filter(occupant=None).exclude(applet_version="")
    gone = elements.filter(occupant__state=State.DELETED)
    for element in (nobody | gone).order_by("pk"):
        yield f"element {element.identifier}"
    left = _enrolments(of).filter(state__in=(*_ON_ELEMENT, *enrolments.LEAVING))
    yield from told(left.exclude(element__occupant=F("pk")).values_list("reference", "state"))


def _report_unread(of: Reading) -> Iterator[str]:
    rows = Leg.objects.filter(
        Q(conversation__element__lease_until=None) | Q(conversation__element__lease_until__lt=of.now),
        enrolment__realm=of.realm,
        state=Leg.State.REPORTED,
        reported_at__lt=of.settled_on_machine,
        conversation__closed_at=None,
    )
    return told(rows.order_by("pk").values_list("enrolment__reference", "kind"))


CHECKS = (
    Check("tsm.two-active-enrolments", "a holder has two active enrolments", _two_active),
    Check("tsm.active-without-pair", "an active enrolment has no pair that is in use", _active_without_pair),
    Check("tsm.certificate-without-enrolment", "no enrolment has, or waits for, a living phone certificate",
          _certificate_without_enrolment),
    Check("tsm.state-unknown", "the journal doesn't know of an enrolment's state", _state_unknown),
    Check("tsm.enrolment-lost", "an application that was accepted isn't there", _enrolment_lost),
    Check("tsm.enrolment-standing", "an enrolment stands without a reason", _standing),
    Check("tsm.order-standing", "an order stands without a reason", _order_standing),
    Check("tsm.report-unread", "a phone's report lies unread", _report_unread),
    Check("tsm.content-without-owner", "an element has content that nobody owns", _content_without_owner),
)  # fmt: skip
