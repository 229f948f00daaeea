"""Arming: which faults stand in a workspace, for whom, and how often. Each hit is claimed by a conditional UPDATE.

from sandbox import faults

armed = faults.arm(realm, "signature_wrong", client="my-service", requests=1)
faults.again(armed).hits
faults.disarm(armed)
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import F, QuerySet

from ca import clock
from ca.models import Realm
from portal.handoff.models import HandOff
from sandbox import trace
from sandbox.faults import catalogue, lists, standins
from sandbox.faults.catalogue import Named, Place
from sandbox.faults.errors import FaultNotArmed, FaultScopeInvalid, TooManyFaults
from sandbox.models import Fault, FaultTold
from whitelist.models import RelyingParty

MOST = 100  # armed at once in a workspace
MOST_REQUESTS = 1_000_000
KEPT = 500  # of those that have ended, so many are kept
# Where it is known who asks, and about which hand-off.
BY_CLIENT = frozenset({Place.RESULT, Place.RETURN, Place.OCSP, Place.CRL})
BY_HAND_OFF = frozenset({Place.RESULT, Place.RETURN, Place.OCSP})


def arm(
    realm: Realm,
    name: str,
    *,
    hand_off: HandOff | uuid.UUID | str | None = None,
    client: str = "",
    requests: int | None = None,
    rate: float | None = None,
    **parameters: Any,
) -> Fault:
    """Arm a fault in a realm, for what the scope says; without a scope for one request.

    `requests`: so many. `client`: only what that client id asks. `hand_off`: only what is about that one. `rate`: of so
    many that would be hit, this share (0 to 1), evenly. They go together. Raises FaultUnknown, FaultParameterInvalid,
    FaultScopeInvalid, TooManyFaults.
    """
    return arm_with(realm, name, parameters, hand_off=hand_off, client=client, requests=requests, rate=rate)


def arm_with(
    realm: Realm,
    name: str,
    parameters: Mapping[str, Any],
    *,
    hand_off: HandOff | uuid.UUID | str | None = None,
    client: str = "",
    requests: int | None = None,
    rate: float | None = None,
) -> Fault:
    """Do the same with parameters as they came from outside. Raises what `arm` does."""
    fault = catalogue.named(name)
    completed = catalogue.completed(fault, parameters)
    reference = _scope(realm, fault, hand_off, client, requests, rate)
    if requests is None and rate is None and hand_off is None and not client:
        requests = 1
    if standing(realm).count() >= MOST:
        raise TooManyFaults("disarm some first", most=MOST)
    standins.ask_for(realm, fault, reference)
    made = Fault.objects.create(
        realm=realm,
        name=fault.name,
        place=fault.place,
        parameters=completed,
        requests_left=requests,
        client_id=client,
        hand_off=reference,
        rate=rate,
        created_at=clock.machine(),
    )
    old = Fault.objects.filter(realm=realm, ended_at__isnull=False).order_by("-pk").values_list("pk", flat=True)
    Fault.objects.filter(pk__in=list(old[KEPT:][:100])).delete()
    _note(made, "armed", ("障害を仕掛けました", "A fault was armed"))
    return made


def disarm(fault: Fault) -> None:
    """Take a fault away: from now on the truth is told, also of what it lied about."""
    Fault.objects.filter(pk=fault.pk, ended_at__isnull=True).update(ended_at=clock.machine())
    FaultTold.objects.filter(fault=fault).delete()
    _note(fault, "disarmed", ("障害を外しました", "A fault was disarmed"))


def again(fault: Fault) -> Fault:
    """Return the fault as it is now."""
    return Fault.objects.select_related("realm").get(pk=fault.pk)


def find(realm: Realm, reference: Any) -> Fault:
    """Return a fault of the realm. Raises FaultNotArmed."""
    found = Fault.objects.filter(realm=realm, reference=reference).first()
    if found is None:
        raise FaultNotArmed("no such fault in this workspace")
    return found


def of(realm: Realm) -> QuerySet[Fault]:
    """Return the realm's faults, those that have ended among them."""
    return Fault.objects.filter(realm=realm)


def standing(realm: Realm | int) -> QuerySet[Fault]:
    """Return the realm's faults that are armed."""
    return Fault.objects.filter(realm=realm, ended_at__isnull=True)


def ready(fault: Fault, stock: standins.Stock | None = None) -> bool:
    """Tell whether what it lies with is there: certificates with keys, or a list that is past its time.

    `stock` is the realm's, where several faults are looked at.
    """
    if fault.name == "crl_stale":
        return lists.is_stale(fault.realm)
    stock = stock or standins.Stock(fault.realm)
    return stock.has_all(catalogue.CATALOGUE[fault.name], fault.hand_off)


def hit(
    realm_id: int,
    place: Place,
    *,
    clients: Callable[[], Iterable[str]] = tuple,
    hand_offs: Callable[[], Iterable[uuid.UUID]] = tuple,
    fits: Callable[[Fault], bool] = lambda _: True,
) -> Fault | None:
    """Claim the first armed fault of that place which is for this request, and return it; None: the truth is told.

    One query where nothing is armed. `clients` and `hand_offs` say whose request it is and about what; they are asked
    only when a fault wants to know. `fits` says whether a fault could act here at all.
    """
    for fault in list(Fault.objects.filter(realm=realm_id, place=place, ended_at__isnull=True).order_by("pk")):
        if fault.client_id and fault.client_id not in set(clients()):
            continue
        if fault.hand_off is not None and fault.hand_off not in set(hand_offs()):
            continue
        if fits(fault) and _claimed(fault):
            _note(fault, "hit", ("障害が起きました", "A fault has struck"))
            return fault
    return None


def _claimed(fault: Fault) -> bool:
    """Count the request; return whether it is one that is hit."""
    rows = Fault.objects.filter(pk=fault.pk, ended_at__isnull=True)
    if fault.rate is not None:
        # Evenly, and the same each time it is tried: of ten at 0.3 the fourth, seventh and tenth.
        seen = fault.seen
        while not rows.filter(seen=seen).update(seen=seen + 1):
            found = rows.values_list("seen", flat=True).first()
            if found is None:
                return False
            seen = found
        if int((seen + 1) * fault.rate + 1e-9) == int(seen * fault.rate + 1e-9):
            return False
    else:
        rows.update(seen=F("seen") + 1)
    if fault.requests_left is None:
        return bool(rows.update(hits=F("hits") + 1))
    if not rows.filter(requests_left__gt=0).update(hits=F("hits") + 1, requests_left=F("requests_left") - 1):
        return False
    rows.filter(requests_left=0).update(ended_at=clock.machine())
    return True


def _scope(
    realm: Realm,
    fault: Named,
    hand_off: HandOff | uuid.UUID | str | None,
    client: str,
    requests: int | None,
    rate: float | None,
) -> uuid.UUID | None:
    """Return the hand-off's id, if one is named. Raises FaultScopeInvalid."""
    if requests is not None and (type(requests) is not int or not 1 <= requests <= MOST_REQUESTS):
        raise FaultScopeInvalid(f"requests must be 1 to {MOST_REQUESTS}", member="requests")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 1):
        raise FaultScopeInvalid("rate must be above 0 and at most 1", member="rate")
    if client:
        if fault.place not in BY_CLIENT:
            raise FaultScopeInvalid("who asks there isn't known: no client_id", member="client_id")
        if not RelyingParty.objects.filter(realm=realm, client_id=client).exists():
            raise FaultScopeInvalid("there is no such service in this workspace", member="client_id")
    if hand_off is None:
        return None
    if fault.place not in BY_HAND_OFF:
        raise FaultScopeInvalid("nothing there is about a hand-off", member="hand_off")
    found = HandOff.objects.filter(realm=realm, pk=hand_off.pk if isinstance(hand_off, HandOff) else hand_off).first()
    if found is None:
        raise FaultScopeInvalid("there is no such hand-off in this workspace", member="hand_off")
    if not fault.is_for(found.purpose, found.format):
        fitting = {"purposes": list(fault.purposes), "formats": list(fault.formats)}
        raise FaultScopeInvalid("this fault isn't for such a hand-off", member="hand_off", **fitting)
    return found.pk


def _note(fault: Fault, what: str, title: tuple[str, str]) -> None:
    named = catalogue.CATALOGUE[fault.name]
    trace.note(
        fault.realm_id,
        _LANES[Place(fault.place)],
        f"fault.{what}",
        title=(f"{title[0]}：{named.title[0]}", f"{title[1]}: {named.title[1]}"),
        data={"fault": fault.name, "id": str(fault.reference), "parameters": fault.parameters},
        hand_off=fault.hand_off,
    )


_LANES = {
    Place.RESULT: trace.Lane.API,
    Place.RETURN: trace.Lane.WEB,
    Place.OCSP: trace.Lane.OCSP,
    Place.CRL: trace.Lane.CA,
    Place.TSM: trace.Lane.TSM,
    Place.ELEMENT: trace.Lane.ELEMENT,
    Place.TRUST: trace.Lane.API,
}
