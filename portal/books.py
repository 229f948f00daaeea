"""All books of the house, and the site's own: what is to be told, and what services were promised (see `ca.books`)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils.module_loading import import_string

from ca import books as authorities
from ca.books import Check, Finding, Reading, told
from ca.models import JournalEntry, JournalHead, Realm
from portal.handoff.models import HandOff
from portal.notices.models import JournalCursor, Notice
from tsm import books as managers


def _journal_unread(of: Reading) -> Iterator[str]:
    # Nobody reads a journal in which nothing has happened yet.
    read = JournalCursor.objects.filter(realm=of.realm).values_list("sequence", flat=True).first() or 0
    old = JournalEntry.objects.filter(realm=of.realm, sequence=read + 1, at__lt=of.settled)
    head = JournalHead.objects.filter(realm=of.realm).values_list("sequence", flat=True).first() or 0
    if head > read and old.exists():
        yield f"read to {read} of {head}"


def _notice_standing(of: Reading) -> Iterator[str]:
    """Mails alone: a letter waits for whoever prints it. One behind an earlier one of its holder waits for that."""
    due = Q(state=Notice.State.WAITING, next_at__lt=of.settled_on_machine)
    due |= Q(state=Notice.State.IN_HAND, lease_until__lt=of.settled_on_machine)
    mails = Notice.objects.filter(happening__realm=of.realm, channel=Notice.Channel.MAIL)
    opened = Notice.objects.filter(state__in=(Notice.State.WAITING, Notice.State.IN_HAND), channel=Notice.Channel.MAIL)
    earlier = opened.filter(holder=OuterRef("holder"), pk__lt=OuterRef("pk"))
    return told(mails.filter(due, ~Exists(earlier)).values_list("reference", "state"))


def _hand_off_lost(of: Reading) -> Iterator[str]:
    row = HandOff.objects.annotate(written=managers.Written("id")).filter(written=OuterRef("subject"))
    made = JournalEntry.objects.filter(realm=of.realm, kind__startswith="handoff.")
    return told(made.filter(~Exists(row.order_by())).values_list("subject").distinct())


CHECKS = (
    Check("portal.journal-unread", "what happened isn't told to anybody", _journal_unread),
    Check("portal.notice-standing", "a mail stands that nothing keeps from being sent", _notice_standing),
    Check("portal.hand-off-lost", "a hand-off that was accepted isn't there", _hand_off_lost),
)


def checks() -> tuple[Check, ...]:
    """Return every check: the house's, and those of what plugs itself in by the setting BOOKS."""
    more: list[Sequence[Check]] = [import_string(name) for name in settings.BOOKS]
    return (*authorities.CHECKS, *managers.CHECKS, *CHECKS, *(check for some in more for check in some))


def read(realm: Realm, *, grace: timedelta, walk: bool = True) -> Iterator[Finding]:
    """Read all books of a realm; yield what is wrong. Without `walk`, what reads every row's octets is left out."""
    return Reading.of(realm, grace).make(checks(), walk=walk)
