"""Figures of the notices: what waits to be told, since when, and how the mail server fares."""

from collections.abc import Iterator
from datetime import datetime

from ca import clock
from ca.models import JournalEntry, Realm
from portal.notices.models import JournalCursor, MailServer, Notice
from portal.observing.measures.measure import Measure, Sample, age, bounded, of_realms

OPEN = (Notice.State.WAITING, Notice.State.IN_HAND)


def _waiting() -> Iterator[Sample]:
    for channel in Notice.Channel:
        rows = Notice.objects.filter(channel=channel, state__in=OPEN)
        yield Sample(bounded(rows), {"channel": channel.value})


def _oldest() -> Iterator[Sample]:
    # `next_at` is when it was due, or is tried again: of those that are tried in vain the server's row tells.
    for channel in Notice.Channel:
        rows = Notice.objects.filter(channel=channel, state__in=OPEN).order_by("next_at")
        yield Sample(age(rows.values_list("next_at", flat=True).first(), clock.machine()), {"channel": channel.value})


def _unread(realm: Realm, now: datetime) -> float:
    read = JournalCursor.objects.filter(realm=realm).values_list("sequence", flat=True).first() or 0
    first = JournalEntry.objects.filter(realm=realm, sequence=read + 1).values_list("at", flat=True).first()
    return age(first, now)


def _mail_failures() -> Iterator[Sample]:
    yield Sample(MailServer.objects.values_list("failures", flat=True).first() or 0)


MEASURES: tuple[Measure, ...] = (
    Measure("jpki_notices_waiting", "Notices not yet sent or printed, 10000 at most.", ("channel",), _waiting),
    Measure("jpki_notice_oldest_seconds", "How late the oldest waiting notice is.", ("channel",), _oldest),
    of_realms("jpki_notices_unread_seconds", "Age of the oldest journal entry that notices haven't read.", _unread),
    Measure("jpki_mail_failures", "How often in a row the mail server could not be used.", (), _mail_failures),
)
