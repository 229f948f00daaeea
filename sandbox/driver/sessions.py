"""Sessions: a visit that is kept between two calls, and the one call that does a whole visit.

from sandbox import driver

outcome = driver.answer(phone, link, pin="1234")           # all at once
outcome.callback["status"], outcome.callback["location"]

session = driver.start(phone, link)                        # step by step
driver.act(session, "pin", "1234")
driver.act(session, "continue")
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db.models import Q

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from portal.handoff.models import HandOff
from sandbox import cards, citizens, phones, sealing
from sandbox.driver import acts, links
from sandbox.driver.browser import Answer
from sandbox.driver.errors import PhoneBusy, PhoneSessionUnknown, PhoneUnknown, SecretUnknown
from sandbox.driver.visit import Visit
from sandbox.models import PhoneSession, VirtualCard
from tsm.models import Phone
from tsm.purposes import KEYS

# Longer than any act: chip, several pages, and the service.
LEASE = timedelta(seconds=120)
MOST_ACTS = 12


@dataclass(frozen=True)
class Outcome:
    """How a whole visit ended. `page` is the last page of the service, as it came (not kept)."""

    session: PhoneSession
    hand_off: HandOff
    screen: dict[str, Any]
    problem: dict[str, Any] | None
    callback: dict[str, Any] | None
    page: Answer | None


def phone_of(realm: Realm, reference: Any) -> Phone:
    """Return a virtual phone of the realm. Raises PhoneUnknown."""
    row = phones.find(realm, reference)
    if row is None:
        raise PhoneUnknown("no such phone in this workspace")
    return row.phone


def find(realm: Realm, reference: Any) -> PhoneSession:
    """Return a session of the realm. Raises PhoneSessionUnknown."""
    rows = PhoneSession.objects.select_related("phone__realm", "realm", "hand_off")
    found = rows.filter(realm=realm, pk=reference).first()
    if found is None:
        raise PhoneSessionUnknown("no such session in this workspace")
    return found


def start(phone: Phone, link: str, *, outside: httpx.BaseTransport | None = None) -> PhoneSession:
    """Open a link on a phone: a hand-off's, a code's, a screen's, or an address of the service that leads to one.

    Raises LinkUnknown, LinkLedNowhere.
    """
    return _create(Visit.open(phone, link, outside=outside))


def act(
    session: PhoneSession, action: str, value: str = "", *, outside: httpx.BaseTransport | None = None
) -> PhoneSession:
    """Do what the citizen does, and return the session as it is then.

    Raises ActionNotHere, ValueMissing, PhoneBusy.
    """
    with _at(session) as mine:
        kept = json.loads(sealing.unseal(bytes(mine.sealed)))
        visit = Visit.again(mine.phone, mine.hand_off, kept, mine.told, outside=outside)
        acts.act(visit, action, value)
        _keep(mine, visit)
        return mine


def answer(
    phone: Phone,
    link: str,
    *,
    pin: str | None = None,
    password: str | None = None,
    card: VirtualCard | str | None = None,
    number: str = "right",
    screen_lock: bool = False,
    refuse: bool = False,
    outside: httpx.BaseTransport | None = None,
) -> Outcome:
    """Do a whole visit: open the link, say yes (or `refuse`), and go back to the service.

    Without `pin` and `password` the phone's own are used, where this world knows them; with `card` (a card of the
    phone's realm, or its id) the card answers, with its own. A screen with a code is scanned, and its `number` chosen:
    right, wrong, or the digits. `outside` stands for the network to services' addresses, for tests.

    It ends where nothing more can be done: at the service, or on the screen that says why not (`problem`, `screen`).
    Raises what `start` and `act` do, and SecretUnknown.
    """
    chosen = card.persona if isinstance(card, VirtualCard) else card
    given = {"pin": pin, "password": password}
    found = links.find(phone.realm, httpx.URL(link)) if links.is_address(link) else None
    if found is not None and number == "right" and not (refuse or screen_lock or chosen):
        # Before the link is opened, which is then this browser's and nobody else's.
        purpose = Purpose(found.hand_off.purpose)
        kind = "password" if purpose == Purpose.SIGNATURE else "pin"
        given[kind] = given[kind] or known_secret(phone, purpose)
    visit = Visit.open(phone, link, outside=outside)
    for _ in range(MOST_ACTS):
        following = _next(visit, number, chosen, screen_lock=screen_lock, refuse=refuse)
        if following is None:
            break
        action, value = following
        if action in given:
            value = given[action] or known_secret(phone, Purpose(visit.hand_off.purpose), visit.card)
        acts.act(visit, action, value)
        if visit.problem is not None:
            break
    session = _create(visit)
    return Outcome(session, session.hand_off, session.told["screen"], visit.problem, visit.called, visit.final)


def known_secret(phone: Phone, purpose: Purpose, card: int | None = None) -> str:
    """Return the PIN or password of the chip that answers, where this world knows it. Raises SecretUnknown."""
    key = KEYS[purpose]
    if card is not None:
        found = citizens.secrets_of(cards.citizen_of(VirtualCard.objects.get(pk=card))).of(key)
    else:
        row = phones.find(phone.realm, phone.reference)
        chosen = phones.passwords(row) if row is not None else None
        found = chosen.of(key) if chosen is not None else ""
    if not found:
        raise SecretUnknown("say the PIN or password: it isn't known here", purpose=str(purpose))
    return found


def _next(visit: Visit, number: str, card: str | None, *, screen_lock: bool, refuse: bool) -> tuple[str, str] | None:
    """Return what comes next on the way to the service; None at the end of it."""
    actions = visit.screen["actions"]
    if visit.screen["name"] == "question":
        if refuse:
            return "refuse", ""
        if card is not None and visit.card is None and "card" in actions:
            return "card", card
        if screen_lock and "screen_lock" in actions:
            return "screen_lock", ""
    values = {"choose_number": number}
    for action in ("scan", "choose_number", "pin", "password", "continue"):
        if action in actions:
            return action, values.get(action, "")
    return None


def _create(visit: Visit) -> PhoneSession:
    now = clock.machine()
    session = PhoneSession(realm=visit.phone.realm, phone=visit.phone, hand_off=visit.hand_off, created_at=now)
    session.told = visit.told()
    session.sealed = sealing.seal(json.dumps(visit.kept()).encode())
    session.save(force_insert=True)
    old = PhoneSession.objects.filter(realm=session.realm).order_by("-created_at")
    keys = list(old.values_list("pk", flat=True)[settings.SANDBOX_PHONE_SESSIONS :][:100])
    if keys:
        PhoneSession.objects.filter(pk__in=keys).delete()
    return session


def _keep(session: PhoneSession, visit: Visit) -> None:
    session.told = visit.told()
    session.sealed = sealing.seal(json.dumps(visit.kept()).encode())
    PhoneSession.objects.filter(pk=session.pk, busy_with=session.busy_with).update(
        told=session.told, sealed=session.sealed
    )


@contextmanager
def _at(session: PhoneSession) -> Iterator[PhoneSession]:
    """Be the only one at a session. Raises PhoneBusy."""
    now, mine = clock.machine(), str(uuid.uuid4())
    rows = PhoneSession.objects.filter(pk=session.pk)
    if not rows.filter(Q(busy_until__isnull=True) | Q(busy_until__lt=now)).update(
        busy_until=now + LEASE, busy_with=mine
    ):
        raise PhoneBusy("another call is at this session")
    try:
        yield rows.select_related("phone__realm", "realm", "hand_off").get()
    finally:
        rows.filter(busy_with=mine).update(busy_until=None, busy_with="")
