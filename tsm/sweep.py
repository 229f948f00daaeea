"""The sweep over enrolments: what a lost message, a dead worker or a silent phone left standing goes on."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from ca import clock, journal, leases, messages, revocation
from ca.models import Certificate, Realm
from ca.profiles import Medium
from ca.revocation import Cause
from tsm import conversation as conversations
from tsm import enrolment as enrolments
from tsm import falls, measures
from tsm.enrolment import send_advance
from tsm.models import Conversation, Enrolment, SecureElement, ServiceOrder

BATCH = 1000  # elements in a statement


def run() -> int:
    """Give up what stood still too long, end what fell with the card, and wake the rest. Return how many were woken."""
    conversations.lose_silent_agents()
    return sum(run_in(realm) for realm in Realm.objects.all())


def run_in(realm: Realm) -> int:
    """Do the same in one realm, but for silent agents: theirs is the machine's time. Return how many were woken."""
    give_up_stale(realm)
    measures.run(realm)
    revoke_undelivered(realm)
    follow_linkage(realm)
    return _wake(realm)


def revoke_undelivered(realm: Realm) -> int:
    """Revoke pending certificates that came when their enrolment had been given up already. Return how many."""
    pending = Certificate.objects.filter(
        realm=realm,
        medium=Medium.PHONE,
        status=Certificate.Status.PENDING,
        issuance__request_key__startswith=enrolments.REQUEST_KEY,
    ).values_list("pk", "issuance__request_key")
    # Only of those that can't become active any more: between this look and the next line one may be activated.
    late = [
        pk
        for pk, request_key in pending
        if Enrolment.objects.filter(reference=request_key.split(":")[1], state__in=enrolments.GIVEN_UP).exists()
    ]
    with transaction.atomic():
        journal.take(realm)
        for certificate in Certificate.objects.filter(pk__in=late, status=Certificate.Status.PENDING):
            revocation.revoke(certificate, cause=Cause.NOT_DELIVERED, now=clock.now(realm))
    return len(late)


def follow_linkage(realm: Realm) -> int:
    """End enrolments whose certificates fell with the card's, so that their elements are emptied. Return how many."""
    count = falls.follow(realm)
    revoked = Certificate.Status.REVOKED
    undone = Q(signature_certificate__status=revoked) | Q(authentication_certificate__status=revoked)
    for enrolment in Enrolment.objects.filter(undone, realm=realm, state__in=enrolments.UNDER_WAY):
        enrolments.abandon(enrolment, trouble="card_certificate_not_valid")
        count += 1
    return count


def give_up_stale(realm: Realm) -> int:
    """Abandon what has stood still for the policy's time. Return how many."""
    limit = clock.now(realm) - timedelta(seconds=settings.TSM_GIVE_UP_SECONDS)
    stale = list(Enrolment.objects.filter(realm=realm, state__in=enrolments.UNDER_WAY, state_since__lt=limit))
    for enrolment in stale:
        enrolments.abandon(enrolment, trouble="given_up")
    return len(stale)


def _wake(realm: Realm) -> int:
    """Wake what workers have to do with. Each kind is found by an index of its own, never among all elements."""
    of_realm = Enrolment.objects.filter(realm=realm)
    elements = SecureElement.objects.filter(phone__realm=realm)
    wanted: set[int] = set(of_realm.filter(state__in=enrolments.WORKING).values_list("element_id", flat=True))
    leaving = of_realm.filter(state__in=enrolments.LEAVING).values("pk")
    wanted.update(SecureElement.objects.filter(occupant__in=leaving).values_list("pk", flat=True))
    # An order that stands for one in use; keys that are on their way, whatever became of the enrolment.
    orders = ServiceOrder.objects.filter(state=ServiceOrder.State.OPEN, enrolment__state=enrolments.State.ACTIVE)
    wanted.update(orders.filter(enrolment__realm=realm).values_list("enrolment__element_id", flat=True))
    wanted.update(elements.filter(isd_pending__isnull=False).values_list("pk", flat=True))
    now = clock.machine()
    # An element that answered wrong again and again is left alone for a while.
    resting = Conversation.objects.filter(
        closed_at__gt=now - timedelta(seconds=settings.TSM_RETRY_SECONDS),
        # Later than now, it was closed by a clock that was set back since.
        closed_at__lt=now + leases.SKEW,
        failures__gt=0,  # as the index has it
        failures__gte=settings.TSM_FAILURES,
    )
    wanted.difference_update(resting.values_list("element_id", flat=True))
    unheld = leases.free(now, timedelta(seconds=settings.TSM_LEASE_SECONDS))
    count = 0
    with messages.passing():
        for some in _batches(sorted(wanted)):
            for element_id in (
                SecureElement.objects.filter(unheld, pk__in=some).order_by("pk").values_list("pk", flat=True)
            ):
                send_advance(element_id)
                count += 1
    return count


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
