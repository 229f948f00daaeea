"""The faults that a service meets at its hand-offs: what HANDOFF_FAULTS names (`portal.handoff.faults`)."""

import base64
import copy
import logging
import secrets
import urllib.parse
import uuid
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.dateparse import parse_datetime

from ca import clock
from ca.models import Realm
from portal.handoff import results
from portal.handoff.errors import CodeInvalid
from portal.handoff.models import HandOff
from portal.handoff.states import State
from sandbox.faults import arming, catalogue, lies, standins, strangers
from sandbox.faults.catalogue import Place
from sandbox.models import Fault, FaultTold

logger = logging.getLogger(__name__)
BY_POLL = "result_by_poll"


def told(hand_off: HandOff, shape: dict[str, Any]) -> dict[str, Any]:
    """Return what a service is told of its hand-off: once it was lied to, the same each time."""
    if hand_off.state != State.ANSWERED:
        return shape
    kept = FaultTold.objects.filter(subject=_subject(hand_off), fault__realm=hand_off.realm_id).first()
    if kept is not None:
        return shape | kept.told
    fault = arming.hit(
        hand_off.realm_id,
        Place.RESULT,
        clients=lambda: _clients(hand_off),
        hand_offs=lambda: (hand_off.pk,),
        fits=lambda fault: _can_lie(fault, hand_off),
    )
    if fault is None:
        return shape
    try:
        lie = _lie(fault, hand_off, shape)
    except Exception:  # whatever a document is like, it is told as it is where it can't be told otherwise
        logger.exception("the fault %s could not be told", fault.name)
        return shape
    return shape | _keep(fault, hand_off, lie)


def redeem(hand_off: HandOff) -> None:
    """Raise CodeInvalid where the result was told by poll: what is told once more is told by poll, too."""
    subject = _subject(hand_off)
    if FaultTold.objects.filter(subject=subject, fault__realm=hand_off.realm_id, fault__name=BY_POLL).exists():
        raise CodeInvalid("not this hand-off's code, or redeemed before")


def address(hand_off: HandOff, way_back: str) -> str:
    """Return where the citizen's browser goes back to, with something wrong in it."""
    fault = arming.hit(
        hand_off.realm_id, Place.RETURN, clients=lambda: _clients(hand_off), hand_offs=lambda: (hand_off.pk,)
    )
    if fault is None:
        return way_back
    parts = urllib.parse.urlsplit(way_back)
    given = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    changes = _changes(fault.name, hand_off)
    query = [(name, changes.get(name, value)) for name, value in given]
    return parts._replace(query=urllib.parse.urlencode([each for each in query if each[1] is not None])).geturl()


def trust(slug: str, trusted: dict[str, Any]) -> dict[str, Any]:
    """Return the trust list as it is told."""
    realm = Realm.objects.only("pk").filter(slug=slug).first()
    fault = arming.hit(realm.pk, Place.TRUST) if realm is not None else None
    if fault is None:
        return trusted
    if fault.name == "trust_clock_skewed":
        at = parse_datetime(trusted["time"])
        assert at is not None  # noqa: S101  (we wrote it)
        return trusted | {"time": (at + timedelta(seconds=fault.parameters["seconds"])).isoformat()}
    return trusted | {
        "authorities": [
            one | {"certificate": _base64(strangers.authority(base64.b64decode(one["certificate"])))}
            for one in trusted["authorities"]
        ]
    }


def _can_lie(fault: Fault, hand_off: HandOff) -> bool:
    """Tell whether a fault could act on this hand-off now: it is for such, and what it lies with is there."""
    named = catalogue.CATALOGUE[fault.name]
    if not named.is_for(hand_off.purpose, hand_off.format):
        return False
    if (hand_off.fetched_at is None) != (fault.name == BY_POLL):
        return False
    return not named.needs or standins.for_hand_off(named, hand_off) is not None


def _lie(fault: Fault, hand_off: HandOff, shape: dict[str, Any]) -> dict[str, Any]:
    """Return the members of the hand-off that are told otherwise."""
    if fault.name == BY_POLL:
        return {"result": results.shape(_as_fetched(hand_off))}
    named = catalogue.CATALOGUE[fault.name]
    signer = standins.for_hand_off(named, hand_off) if named.needs else None
    changed: dict[str, Any] = {"result": lies.LIES[fault.name](lies.Truth(hand_off, shape["result"], signer))}
    return changed | ({"state": State.DECLINED.value} if fault.name == "state_declined" else {})


def _as_fetched(hand_off: HandOff) -> HandOff:
    lie = copy.copy(hand_off)
    lie.fetched_at = clock.now(hand_off.realm)
    return lie


def _keep(fault: Fault, hand_off: HandOff, lie: dict[str, Any]) -> dict[str, Any]:
    try:
        with transaction.atomic():
            FaultTold.objects.create(fault=fault, subject=_subject(hand_off), told=lie)
    except IntegrityError:  # of two who asked at once
        return FaultTold.objects.get(fault=fault, subject=_subject(hand_off)).told
    return lie


def _changes(name: str, hand_off: HandOff) -> dict[str, str | None]:
    """Return what is changed in the address's query; None: it isn't there."""
    code = secrets.token_urlsafe(32)
    other = HandOff.objects.filter(relying_party=hand_off.relying_party).exclude(pk=hand_off.pk)
    another = other.order_by("-created_at").first()
    reference = str(another.pk if another is not None else uuid.uuid4())
    state = (another.service_state if another is not None else "") or secrets.token_urlsafe(8)
    table: dict[str, dict[str, str | None]] = {
        "return_state_wrong": {"state": f"{hand_off.service_state[:200]}-other"},
        "return_state_missing": {"state": None},
        "return_iss_wrong": {"iss": "https://elsewhere.example"},
        "return_iss_missing": {"iss": None},
        "return_hand_off_other": {"handoff": reference},
        "return_code_wrong": {"code": code},
        "return_code_missing": {"code": None},
        "return_code_of_other_session": {"handoff": reference, "code": code, "state": state},
    }
    return table[name]


def _clients(hand_off: HandOff) -> set[str]:
    return {hand_off.relying_party.client_id, hand_off.credential.relying_party.client_id}


def _subject(hand_off: HandOff) -> str:
    return str(hand_off.pk)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
