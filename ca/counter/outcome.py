"""The outcome: what became of orders, with the certificates that are to be written into the cards."""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from ca import issuance
from ca.counter.placing import request_key
from ca.models import CardOrder, Issuance, Realm
from ca.profiles import Purpose

TOGETHER = 500  # orders of one read

# Of an order: nothing was asked for but to enter it; something is under way; all is there; something never will be.
ENTERED, ASKED, ISSUED, REFUSED = "entered", "asked", "issued", "refused"
_STATES = {Issuance.State.ISSUED: ISSUED, Issuance.State.REFUSED: REFUSED}


def outcomes(realm: Realm, references: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Give what became of orders, in the order in which they were placed: those named, or all of the realm's.

    Each says `order`, `holder`, `ordered_at`, `state`, and by purpose `state` with `serial_number`, `status`,
    `certificate` and `authority` (DER in base64: the certificate, and that of the authority's generation which signed
    it), or with `error` and `detail`. An order that nobody placed is left out.
    """
    placed = CardOrder.objects.filter(realm=realm).select_related("holder").order_by("pk")
    placed = placed.only("reference", "ordered_at", "holder__reference")
    if references:
        for start in range(0, len(references), TOGETHER):
            yield from _told(realm, list(placed.filter(reference__in=references[start : start + TOGETHER])))
        return
    last = 0
    while orders := list(placed.filter(pk__gt=last)[:TOGETHER]):
        yield from _told(realm, orders)
        last = orders[-1].pk


def _told(realm: Realm, orders: Sequence[CardOrder]) -> Iterator[dict[str, Any]]:
    keys = [request_key(realm, order.reference, purpose) for order in orders for purpose in Purpose]
    requests = issuance.find_all(keys)
    for order in orders:
        asked = {
            purpose.value: _became(requests[key])
            for purpose in Purpose
            if (key := request_key(realm, order.reference, purpose)) in requests
        }
        states = {one["state"] for one in asked.values()}
        yield {
            "order": order.reference,
            "holder": str(order.holder.reference),
            "ordered_at": order.ordered_at.isoformat(timespec="seconds"),
            "state": next((one for one in (ASKED, REFUSED, ISSUED) if one in states), ENTERED),
            **asked,
        }


def _became(request: Issuance) -> dict[str, str]:
    state = _STATES.get(Issuance.State(request.state), ASKED)
    if state == REFUSED:
        return {"state": state, "error": request.error_code, "detail": request.error_detail}
    if request.certificate is None:
        return {"state": state}
    return {
        "state": state,
        "serial_number": request.certificate.serial_number,
        "status": request.certificate.status,  # it may have been revoked before it came into the card
        "certificate": base64.b64encode(request.certificate.der).decode(),
        "authority": base64.b64encode(request.certificate.generation.certificate).decode(),
    }
