"""The outbox: what waits to be told, taken in hand by one worker at a time, done or given up. Rows, no broker.

A mail that can't be delivered in the policy's time, or whose address doesn't exist, is given up, and a letter goes.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from ca import clock
from ca.models import Realm
from portal.notices.models import Contact, Happening, Notice

Kind = Happening.Kind
State = Notice.State
Channel = Notice.Channel

# Longer than a mail or a letter takes: whoever died with one in hand gives it back after this.
LEASE = timedelta(minutes=5)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
# These concern what the holder did here a moment ago: not worth a letter.
WITHOUT_LETTER = frozenset({Kind.APPLICATION_RECEIVED, Kind.CONTACT_CHANGED, Kind.CONTACT_REMOVED})


class Event(StrEnum):
    TAKE = "take"
    FINISH = "finish"
    PUT_BACK = "put_back"
    GIVE_UP = "give_up"


LIFE: Mapping[tuple[State, Event], State] = {
    (State.WAITING, Event.TAKE): State.IN_HAND,
    (State.IN_HAND, Event.TAKE): State.IN_HAND,  # its lease is over: who had it died
    (State.IN_HAND, Event.FINISH): State.DONE,
    (State.IN_HAND, Event.PUT_BACK): State.WAITING,
    (State.IN_HAND, Event.GIVE_UP): State.GIVEN_UP,
    (State.WAITING, Event.GIVE_UP): State.GIVEN_UP,
}
OPEN = (State.WAITING, State.IN_HAND)


def mails() -> bool:
    """Say whether this site sends mail at all."""
    return bool(settings.EMAIL_HOST) or settings.SANDBOX


def put(happening: Happening, *, now: datetime, address: str = "") -> Notice | None:
    """Put what happened into the outbox: as a mail where the holder confirmed an address, otherwise as a letter.

    `address` is where it must go, whatever the contact says by now. None where it isn't told outside of Mynaportal.
    """
    if not address and mails():
        contact = Contact.objects.filter(holder_id=happening.holder_id).first()
        address = contact.address if contact else ""
    if not address and happening.kind in WITHOUT_LETTER:
        return None
    return _put(happening, Channel.MAIL if address else Channel.LETTER, address, now)


def waiting(channel: Channel) -> QuerySet[Notice]:
    """Return what may be taken in hand now, oldest first: of one holder's, none before an earlier one has gone."""
    now = clock.machine()
    free = Q(state=State.WAITING, next_at__lte=now) | Q(state=State.IN_HAND, lease_until__lte=now)
    earlier = Notice.objects.filter(holder=OuterRef("holder"), channel=channel, state__in=OPEN, pk__lt=OuterRef("pk"))
    return Notice.objects.filter(free, ~Exists(earlier), channel=channel).order_by("pk")


def take(channel: Channel, *, realm: Realm | None = None) -> Notice | None:
    """Take the next one in hand, or return None. Two at once never get the same."""
    chosen = waiting(channel)
    if realm is not None:
        chosen = chosen.filter(happening__realm=realm)
    while (found := chosen.first()) is not None:
        # One that was in hand already was broken off: counted, for it may have been sent or printed all the same.
        tries = found.attempts + (found.state == State.IN_HAND)
        if move(found, Event.TAKE, lease_until=clock.machine() + LEASE, attempts=tries):
            # Read after the claim: what was added to it until then is told.
            return Notice.objects.select_related("happening__realm", "holder").get(pk=found.pk)
    return None


def finish(notice: Notice, *, digest: str = "") -> bool:
    """Note that it is sent or printed."""
    now = clock.now(notice.happening.realm)
    return move(notice, Event.FINISH, done_at=now, digest=digest, trouble="", lease_until=None)


def put_back(notice: Notice, trouble: str, *, later: bool = True) -> bool:
    """Put one in hand back, to be tried again: later each time, or with `later` false as soon as may be."""
    wait = min(FIRST_WAIT * 2 ** min(notice.attempts, 16), LONGEST_WAIT) if later else timedelta()
    counted = {"attempts": F("attempts") + 1} if later else {}
    values = {"next_at": clock.machine() + wait, "trouble": trouble[:200], "lease_until": None, **counted}
    return move(notice, Event.PUT_BACK, **values)


def give_up(notice: Notice, trouble: str) -> bool:
    """Give a mail up, and put a letter in its place, both or neither."""
    now = clock.now(notice.happening.realm)
    with transaction.atomic():
        if not move(notice, Event.GIVE_UP, done_at=now, trouble=trouble[:200], lease_until=None):
            return False
        if notice.happening.kind not in WITHOUT_LETTER:
            _put(notice.happening, Channel.LETTER, "", now)
    return True


def give_up_overdue(realm: Realm) -> int:
    """Give up the realm's mails that wait for longer than the policy allows; return how many."""
    limit = clock.now(realm) - timedelta(hours=settings.NOTICES_MAIL_HOURS)
    overdue = Notice.objects.filter(
        happening__realm=realm, channel=Channel.MAIL, state=State.WAITING, made_at__lte=limit
    )
    found = overdue.select_related("happening__realm").order_by("pk")
    return sum(give_up(notice, f"not delivered in time: {notice.trouble}".rstrip(": ")) for notice in found)


def move(notice: Notice, event: Event, **values: object) -> bool:
    """Make the move that `LIFE` allows from the row as it was read; return whether it was ours to make."""
    target = LIFE.get((State(notice.state), event))
    if target is None:
        return False
    mine = Notice.objects.filter(pk=notice.pk, state=notice.state, lease_until=notice.lease_until)
    return bool(mine.update(state=target, **values))


def _put(happening: Happening, channel: Channel, address: str, now: datetime) -> Notice:
    notice, _ = Notice.objects.get_or_create(
        happening=happening,
        channel=channel,
        defaults={
            "holder_id": happening.holder_id,
            "address": address,
            "made_at": now,
            "next_at": clock.machine(),
        },
    )
    return notice
