"""The sweep over enrolments: what a lost message, a dead worker or a silent phone left standing goes on."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from ca import clock
from ca.models import Realm
from tsm import enrolment as enrolments
from tsm.enrolment import send_advance
from tsm.models import Conversation, Enrolment, SecureElement


def run() -> int:
    """Give up what stood still too long, end what fell with the card, and wake the rest. Return how many were woken."""
    woken = 0
    for realm in Realm.objects.all():
        enrolments.give_up_stale(realm)
        enrolments.follow_linkage(realm)
        woken += _wake(realm)
    return woken


def _wake(realm: Realm) -> int:
    now = clock.now(realm)
    working = Q(pk__in=Enrolment.objects.filter(realm=realm, state__in=enrolments.WORKING).values("element_id")) | Q(
        occupant__state__in=enrolments.LEAVING
    )
    # An element that answered wrong again and again is left alone for a while.
    resting = Conversation.objects.filter(
        closed_at__gt=now - timedelta(seconds=settings.TSM_RETRY_SECONDS), failures__gte=settings.TSM_FAILURES
    )
    standing = (
        SecureElement.objects.filter(working, phone__realm=realm)
        .exclude(pk__in=resting.values("element_id"))
        .exclude(lease_until__gt=now)
    )
    ids = list(standing.values_list("pk", flat=True))
    for element_id in ids:
        send_advance(element_id)
    return len(ids)
