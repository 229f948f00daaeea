"""Certificates that end: nobody does it and no row changes, so the journal is told by who looks for it.

The cursor says up to which moment of the realm's time was looked. A clock that is set back takes it back as well: what
is good again by it may end again.
"""

from django.db import transaction

from ca import clock, history, journal
from ca.models import Certificate, Realm
from portal.providers.models import Workspace
from sandbox import certificates
from sandbox.models import EventCursor

EXPIRED = "certificate.expired"


def note_all() -> int:
    """Write into the workspaces' journals which certificates have ended since; return how many."""
    realms = Realm.objects.filter(pk__in=Workspace.objects.values("realm_id"))
    return sum(note(realm) for realm in realms.order_by("pk"))


def note(realm: Realm) -> int:
    """Write into the realm's journal which certificates have ended since it was last looked; return how many."""
    with transaction.atomic():
        journal.take(realm)
        now = clock.now(realm)
        cursor, _ = EventCursor.objects.get_or_create(realm=realm)
        since = cursor.expired_until
        EventCursor.objects.filter(pk=cursor.pk).update(expired_until=now)
        if since is None or since >= now:
            return 0
        # The end is the last moment at which it is good.
        ended = certificates.issued_in(realm).filter(not_after__gte=since, not_after__lt=now)
        rows = ended.exclude(status=Certificate.Status.REVOKED).order_by("not_after", "pk")
        happenings = [
            journal.Happening(
                EXPIRED,
                one.serial_number,
                {
                    "purpose": one.purpose,
                    "medium": one.medium,
                    "before": one.status,
                    "after": "expired",
                    "cause": "",
                    "since": history.instant(one.not_after),
                },
            )
            for one in rows.only("serial_number", "purpose", "medium", "status", "not_after")
        ]
        if happenings:
            journal.record_all(realm, happenings)
    return len(happenings)
