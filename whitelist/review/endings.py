"""What time does by itself: entries expire, and their organisations are told 90, 60 and 30 days ahead of any end.

Every function is the sweep's, and safe to run twice and at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from ca import clock, journal
from ca.models import Realm
from whitelist import access
from whitelist.cases import states
from whitelist.errors import ArrowGone
from whitelist.models import EndingNotice, EntryNotice, Organisation, RelyingParty, Suspension
from whitelist.review import suspensions

Kind = EndingNotice.Kind
LIVE = (RelyingParty.State.REGISTERED, RelyingParty.State.SUSPENDED)


@dataclass(frozen=True)
class Ending:
    """Something that ends: what, whose, the last day on which it is good, and how many days there are until then."""

    kind: Kind
    entry: RelyingParty
    subject: str
    ends_on: date
    days: int


def expire(realm: Realm) -> int:
    """Let entries expire whose last day is over, or whose last ministerial certification is; return how many."""
    today = clock.today(realm)
    # A sample service and Mynaportal are nobody's: they came without a case and go without one.
    rows = RelyingParty.objects.filter(realm=realm, state__in=LIVE, organisation__isnull=False)
    rows = rows.annotate(certified_until=Max("ministerial_certifications__valid_until")).select_related("realm")
    over = rows.filter(Q(valid_until__lt=today) | Q(basis__in=access.CERTIFIED_BY_MINISTERS, certified_until__lt=today))
    return sum(_expire(entry, today) for entry in over)


def _expire(entry: RelyingParty, today: date) -> bool:
    cause = "entry" if entry.valid_until is not None and entry.valid_until < today else "certification"
    try:
        with transaction.atomic():
            states.move_entry(entry, "expire", by="", cause=cause)
            suspensions.end(entry, Suspension.State.ENDED)
            EntryNotice.objects.create(entry=entry, kind=EntryNotice.Kind.EXPIRED, at=clock.now(entry.realm))
    except ArrowGone:
        return False
    return True


def upcoming(realm: Realm, *, within: int | None = None, organisation: Organisation | None = None) -> list[Ending]:
    """Return what ends within so many days (the earliest notice's, when not said), the nearest first; four queries.

    What has a successor that ends later isn't among it: it was renewed.
    """
    within = max(settings.REVIEW_NOTICE_DAYS) if within is None else within
    now = clock.now(realm)
    today = clock.day(now)
    rows = RelyingParty.objects.filter(realm=realm, state__in=LIVE)
    rows = rows.filter(organisation=organisation) if organisation else rows.filter(organisation__isnull=False)
    rows = rows.select_related("organisation", "realm").prefetch_related("ministerial_certifications", "credentials")
    last = today + timedelta(days=within)
    found = [one for row in rows for one in _endings(row, today) if one.ends_on <= last]
    return sorted(found, key=lambda one: (one.ends_on, one.entry.client_id, one.kind))


def _endings(entry: RelyingParty, today: date) -> Iterator[Ending]:
    ends: list[tuple[Kind, str, date]] = []
    if entry.valid_until is not None:
        ends.append((Kind.ENTRY, entry.client_id, entry.valid_until))
    certified = [one for one in entry.ministerial_certifications.all() if one.withdrawn_at is None]
    if certified:
        newest = max(certified, key=lambda one: one.valid_until)
        ends.append((Kind.CERTIFICATION, newest.number, newest.valid_until))
    keys = [one for one in entry.credentials.all() if one.disabled_at is None]
    if keys:
        last = max(keys, key=lambda one: one.not_after)
        # Good until before `not_after`: the last whole day is the one before where that is midnight.
        ends.append((Kind.CREDENTIAL, last.key_id, clock.day(last.not_after - timedelta(seconds=1))))
    for kind, subject, on in ends:
        if on >= today:
            yield Ending(kind, entry, subject, on, (on - today).days)


def notice(realm: Realm) -> int:
    """Note which notices are due; return how many are new. Each once, whoever runs it and however often.

    Who was away for a month isn't told three times: of several that are due, the nearest to the end.
    """
    return sum(_notice(one) for one in upcoming(realm))


def _notice(ending: Ending) -> bool:
    due = [days for days in settings.REVIEW_NOTICE_DAYS if ending.days <= days]
    if not due:
        return False
    entry = ending.entry
    same = {"entry": entry, "kind": ending.kind, "subject": ending.subject, "ends_on": ending.ends_on}
    if EndingNotice.objects.filter(**same, days=min(due)).exists():
        return False
    with transaction.atomic():
        journal.take(entry.realm)
        values = {"realm": entry.realm, "organisation": entry.organisation, "at": clock.now(entry.realm)}
        _, made = EndingNotice.objects.get_or_create(**same, days=min(due), defaults=values)
        if made:
            journal.record(
                entry.realm,
                "ending.noticed",
                entry.client_id,
                what=str(ending.kind),
                of=ending.subject,
                ends_on=ending.ends_on.isoformat(),
                days=min(due),
            )
    return made
