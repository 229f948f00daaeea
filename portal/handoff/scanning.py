"""From the code on the screen to the question on the phone: read once, the numbers compared, then shown."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from portal.handoff import binding, hand_offs, numbers, qr
from portal.handoff.errors import CodeTaken, HandOffOver, HandOffWrongBrowser
from portal.handoff.models import HandOff
from portal.handoff.states import LIFE, OPEN, Event, State
from portal.handoff.ways import Way


def begin(hand_off: HandOff, browser: str) -> HandOff:
    """Give the screen to the first browser that opens it: it came from the service, and the outcome goes back with it.

    Raise `HandOffWrongBrowser` for any other.
    """
    if not hand_off.began_in:
        HandOff.objects.filter(pk=hand_off.pk, began_in="").update(began_in=browser)
        hand_off = hand_offs.found(pk=hand_off.pk)
    if not binding.same(hand_off.began_in, browser):
        raise HandOffWrongBrowser("begun in another browser")
    if hand_off.state in OPEN and hand_offs.refuse_if_not_allowed(hand_off):
        hand_off = hand_offs.found(pk=hand_off.pk)
    return hand_off


def scan(hand_off: HandOff, query: Mapping[str, str], browser: str, *, now: datetime) -> str:
    """Take what a phone read from the screen; return the token of the phone's link, made now and told once.

    The first phone keeps the hand-off, and may read the code again. Raise `CodeNotFresh`, `HandOffOtherService`,
    `CodeTaken`, or an error of `hand_offs.require_open`.
    """
    qr.check(hand_off, query, now)
    hand_offs.require_open(hand_off)
    if hand_offs.refuse_if_not_allowed(hand_off):
        hand_offs.require_open(hand_offs.found(pk=hand_off.pk))
    token = secrets.token_urlsafe(32)
    states = [state for state, event in LIFE if event == Event.SCAN]
    with transaction.atomic():
        taken = HandOff.objects.filter(
            Q(answers_in="") | Q(answers_in=browser), pk=hand_off.pk, way=Way.QR, state__in=states
        ).update(state=State.SCANNED, token_digest=hand_offs.digest(token), answers_in=browser)
        if taken:
            hand_offs.record(hand_off, "scanned")
    if not taken:
        hand_offs.require_open(hand_offs.found(pk=hand_off.pk))
        raise CodeTaken("another phone has read it, or this one has gone on")
    return token


def choose(hand_off: HandOff, number: str, *, now: datetime) -> bool:
    """Take the number that was chosen on the phone; return whether it was the screen's. Another ends the hand-off."""
    hand_offs.require_open(hand_off)
    if hand_off.state != State.SCANNED:
        return hand_off.state == State.SHOWN  # the page was sent twice
    right = numbers.is_right(hand_off, number)
    with transaction.atomic():
        claimed = (
            hand_offs.claim(hand_off, Event.MATCH, shown_at=now)
            if right
            else hand_offs.claim(hand_off, Event.MISMATCH, ended_at=now)
        )
        if not claimed:
            raise HandOffOver("ended meanwhile", state=hand_off.state)
        hand_offs.record(hand_off, "matched" if right else "mismatched")
    return right
