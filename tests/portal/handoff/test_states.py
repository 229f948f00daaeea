"""The table of a hand-off's life: every pair of state and event, drawn once more by hand, and held by the database."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from django.db import transaction

from ca import clock
from ca.models import Realm
from portal.handoff import asking, hand_offs
from portal.handoff.asking import Asked
from portal.handoff.models import HandOff
from portal.handoff.states import LIFE, OPEN, Event, State

Ask = Callable[..., Asked]

# Rows: states; columns: events, in the order of their definition. A dot: nothing happens.
DRAWN = """
                show   scan     match  mismatch      answer    decline   cancel    refuse   expire   stray
waiting         shown  scanned  .      .             .         .         declined  refused  expired  .
scanned         .      scanned  shown  wrong_number  .         declined  declined  refused  expired  .
shown           shown  .        .      .             answered  declined  declined  refused  expired  .
answered        .      .        .      .             .         .         .         .        .        wrong_browser
declined        .      .        .      .             .         .         .         .        .        .
refused         .      .        .      .             .         .         .         .        .        .
expired         .      .        .      .             .         .         .         .        .        .
wrong_number    .      .        .      .             .         .         .         .        .        .
wrong_browser   .      .        .      .             .         .         .         .        .        .
"""


def drawn() -> dict[tuple[State, Event], State]:
    head, *rows = [line.split() for line in DRAWN.strip("\n").splitlines()]
    assert [Event(name) for name in head] == list(Event)
    assert [State(row[0]) for row in rows] == list(State)
    return {
        (State(row[0]), Event(event)): State(target)
        for row in rows
        for event, target in zip(head, row[1:], strict=True)
        if target != "."
    }


def test_the_table_is_the_one_that_was_drawn() -> None:
    assert drawn() == LIFE


def test_whatever_is_open_can_expire_and_every_state_is_reached() -> None:
    assert {State.WAITING, State.SCANNED, State.SHOWN} == OPEN
    assert {State.WAITING, *LIFE.values()} == set(State)


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_event_in_every_state_moves_as_the_table_says_and_once(
    ask: Ask, realm: Realm, state: State, event: Event
) -> None:
    now = clock.now(realm)
    hand_off = ask().hand_off
    kept = {
        "reason": "suspended" if state == State.REFUSED else "",
        "certificate": b"c" if state == State.ANSWERED else None,
        "signature": b"s" if state == State.ANSWERED else None,
        "ended_at": None if state in OPEN else now,
    }
    HandOff.objects.filter(pk=hand_off.pk).update(state=state, **kept)
    first, second = (HandOff.objects.get(pk=hand_off.pk) for _ in range(2))
    target = LIFE.get((state, event))
    more = {"reason": "suspended" if target == State.REFUSED else ""}
    if target == State.ANSWERED:
        more |= {"certificate": b"c", "signature": b"s", "ended_at": now}
    with transaction.atomic():
        assert hand_offs.claim(first, event, **more) == (target is not None)
    assert HandOff.objects.get(pk=hand_off.pk).state == (target or state)
    if target is not None and target != state:
        assert not hand_offs.claim(second, event, **more), "of two, one wins"


def test_time_ends_every_open_state(ask: Ask, realm: Realm) -> None:
    for state in OPEN:
        Realm.objects.filter(pk=realm.pk).update(clock_offset=timedelta())
        hand_off = ask().hand_off
        HandOff.objects.filter(pk=hand_off.pk).update(state=state)
        Realm.objects.filter(pk=realm.pk).update(clock_offset=asking.LIFETIME)
        assert hand_offs.found(pk=hand_off.pk).state == State.EXPIRED
