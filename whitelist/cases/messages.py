"""Messages on a case: a thread between the applicant's people and the officers, and how far each has read."""

import unicodedata
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from ca import clock, journal
from whitelist.cases.errors import MessageUnfit
from whitelist.models import Case, CaseMessage, CaseReading

Side = CaseMessage.Side
LONGEST = 4000
# The same text sent twice within so long is one message: a form that was sent twice.
TWICE = timedelta(minutes=2)


def send(case: Case, side: Side, text: str, by: str) -> CaseMessage:
    """Send a message; what the same person sent a moment ago is not sent again. Raise `MessageUnfit`."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(one for one in plain if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs")).strip()
    if not plain or len(plain) > LONGEST:
        raise MessageUnfit(f"a message has 1 to {LONGEST} characters", longest=LONGEST)
    realm = case.organisation.realm
    with transaction.atomic():
        journal.take(realm)
        now = clock.now(realm)
        last = CaseMessage.objects.filter(case=case).last()
        if last is not None and (last.by, last.side, last.text) == (by, side, plain) and now - last.at < TWICE:
            return last
        sent = CaseMessage.objects.create(case=case, side=side, text=plain, by=by, at=now)
        journal.record(realm, "case.message", str(case.reference), by=by, side=side.value, message=sent.pk)
    return sent


def thread(case: Case) -> QuerySet[CaseMessage]:
    """Return the messages, oldest first."""
    return CaseMessage.objects.filter(case=case)


def unread(case: Case, side: Side, reader: str) -> int:
    """Return how many of the other side's messages somebody hasn't read."""
    reading = CaseReading.objects.filter(case=case, reader=reader).first()
    return CaseMessage.objects.filter(case=case, pk__gt=reading.until if reading else 0).exclude(side=side).count()


def counted(cases: QuerySet[Case], side: Side, reader: str) -> QuerySet[Case]:
    """Return cases with `unread`: how many of the other side's messages somebody hasn't read."""
    reading = CaseReading.objects.filter(case=OuterRef("pk"), reader=reader).values("until")[:1]
    return cases.annotate(read_until=Coalesce(Subquery(reading), Value(0))).annotate(
        unread=Count("messages", filter=~Q(messages__side=side) & Q(messages__pk__gt=F("read_until")), distinct=True)
    )


def read(case: Case, reader: str, until: CaseMessage | None) -> None:
    """Note that somebody has had the messages up to one on the page."""
    if until is None:
        return
    row, made = CaseReading.objects.get_or_create(case=case, reader=reader, defaults={"until": until.pk})
    if not made:
        CaseReading.objects.filter(pk=row.pk, until__lt=until.pk).update(until=until.pk)
