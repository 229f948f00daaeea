"""Placing an order: its holder is entered, what no longer tells the truth is revoked, its certificates are asked for.

All of one order is one transaction, in the realm's turn: of two counters that place the same at once, one does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from ca import clock, issuance, journal, revocation
from ca.causes import Cause
from ca.counter.order import Order
from ca.errors import HolderElsewhere, HolderUnknown, OrderTaken, OrderTooSoon, OrderUnfit, PublicKeyTaken
from ca.models import CardOrder, Certificate, Holder, Issuance, Realm
from ca.profiles import Medium, Purpose

ORDERED = "card.ordered"
# What became of the holder's entry.
NEW, CHANGED, SAME, KNOWN = "new", "changed", "same", "known"


@dataclass(frozen=True)
class Placed:
    """What an order did: what became of the holder's entry (KNOWN: placed before, the order did nothing now), and more.

    `asked` are ids of the requests that `ca.issue` carries out, `revoked` the serial numbers of what it ended.
    """

    became: str
    asked: Sequence[int] = ()
    revoked: Sequence[str] = ()


def place(realm: Realm, order: Order, *, counter: str) -> Placed:
    """Carry out an order, whole or not at all; one that was placed before changes nothing.

    `counter` is who orders, as the journal shall have it. Raises OrderTaken, HolderUnknown, HolderElsewhere,
    OrderTooSoon, OrderUnfit. What else may be wrong with a certificate is found when it is issued. Whoever calls wakes
    the workers (`ca.issue`); without, the sweep does.
    """
    if not counter.strip():
        raise ValueError("an order needs the counter's name")
    if _is_placed(realm, order):
        return Placed(KNOWN)
    with transaction.atomic():
        journal.take(realm)
        if _is_placed(realm, order):  # by another, while we waited for our turn
            return Placed(KNOWN)
        now = clock.now(realm)
        holder, became = _enter(realm, order, now)
        ended = _standing(holder, now) if became == CHANGED else []
        for purpose, key in order.keys.items():
            try:
                issuance.require_free(realm, purpose, Medium.CARD, holder, key, now)
            except PublicKeyTaken as error:
                raise OrderUnfit(str(error), member=purpose.value, because=error.code) from None
        asked = issuance.request_all(
            [
                {
                    "realm": realm,
                    "purpose": purpose,
                    "medium": Medium.CARD,
                    "holder": holder,
                    "public_key": key,
                    "request_key": request_key(realm, order.reference, purpose),
                }
                for purpose, key in order.keys.items()
            ]
        )
        CardOrder.objects.create(
            realm=realm,
            reference=order.reference,
            holder=holder,
            digest=order.digest,
            counter=counter,
            ordered_at=now,
        )
        # What comes of it follows its entry. Attributes are in none: who reads the journal needn't know them.
        journal.record(
            realm,
            ORDERED,
            str(holder.reference),
            order=order.reference,
            counter=counter,
            holder=became,
            keys=order.fingerprints,
        )
        for certificate in ended:
            revocation.revoke(certificate, cause=Cause.ATTRIBUTES_CHANGED, now=now)
        return Placed(became, [one.pk for one in asked], [one.serial_number for one in ended])


def request_key(realm: Realm, reference: str, purpose: str) -> str:
    """Return the key of an order's request for one purpose (`ca.issuance`)."""
    return f"card:{realm.pk}:{reference}:{purpose}"


def _is_placed(realm: Realm, order: Order) -> bool:
    """Tell whether an order was placed before. Raises OrderTaken where another was, under its id."""
    digest = CardOrder.objects.filter(realm=realm, reference=order.reference).values_list("digest", flat=True).first()
    if digest is not None and digest != order.digest:
        raise OrderTaken("an order of that id was placed, and said something else", member="order")
    return digest is not None


def _enter(realm: Realm, order: Order, now: datetime) -> tuple[Holder, str]:
    """Enter the order's attributes; return the holder, and what became of the entry."""
    if order.attributes["born_on"] > clock.day(now):
        raise OrderUnfit("nobody is born in the future", member="born_on", because="holder_unfit")
    holder = Holder.objects.filter(reference=order.holder).first()
    if holder is None:
        if not order.keys:
            raise HolderUnknown(
                "nobody of that reference is known, and the line orders no certificate", member="holder"
            )
        return Holder.objects.create(realm=realm, reference=order.holder, **order.attributes), NEW
    if holder.realm_id != realm.pk:
        raise HolderElsewhere("that reference is somebody's in another realm", member="holder")
    if not _differ(holder, order.attributes):
        return holder, SAME
    # It may have been assembled with the old attributes already, and would be valid with them.
    under_way = Issuance.objects.filter(holder=holder, medium=Medium.CARD, purpose=Purpose.SIGNATURE)
    if under_way.exclude(state__in=Issuance.FINAL).exists():
        raise OrderTooSoon("a signature certificate with the former attributes is being issued", member="holder")
    Holder.objects.filter(pk=holder.pk).update(**order.attributes)
    for name, value in order.attributes.items():
        setattr(holder, name, value)
    return holder, CHANGED


def _differ(holder: Holder, attributes: Mapping[str, Any]) -> bool:
    return any(getattr(holder, name) != value for name, value in attributes.items())


def _standing(holder: Holder, now: datetime) -> list[Certificate]:
    """Return the card's signature certificates, which say what is true no more. Those of the phone follow them."""
    standing = Certificate.objects.filter(
        holder=holder,
        medium=Medium.CARD,
        purpose=Purpose.SIGNATURE,
        status__in=revocation.LIVING,
        not_after__gte=now,
    )
    return list(standing.select_related("realm").order_by("pk"))
