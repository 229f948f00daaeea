"""Enrolments in use whose certificates both fell: found by what the journal says since the last look.

To look through all that is in use would cost what exists, every minute. Each entry of the journal is read once, in its
order, and the mark moves when what it says is done: a sweep that dies between reads again and finds it done.
"""

from django.db import transaction
from django.db.models import Q, QuerySet

from ca import clock, journal, revocation
from ca.models import Certificate, JournalEntry, JournalHead, Realm
from ca.profiles import Medium
from ca.revocation import Cause, Event
from tsm.enrolment import State, finish
from tsm.models import Enrolment, SweepMark

BATCH = 5000  # entries of the journal at a time
REVOKED = revocation.JOURNALED[Event.REVOKE]


def follow(realm: Realm) -> int:
    """End what is in use with both certificates revoked since the last look; the first look is at all. Return how many.

    Two at once share the work and do no harm.
    """
    mark, _ = SweepMark.objects.get_or_create(realm=realm)
    head = JournalHead.objects.filter(realm=realm).values_list("sequence", flat=True).first() or 0
    if mark.sequence is None or mark.sequence > head:
        count = _end(realm, Enrolment.objects.all())
        SweepMark.objects.filter(pk=mark.pk, sequence=mark.sequence).update(sequence=head)
        return count
    count, at = 0, mark.sequence
    while at < head:
        end = min(at + BATCH, head)
        ids = _revoked(realm, at, end)
        if ids:
            count += _end(realm, Enrolment.objects.filter(signature_certificate__in=ids))
            count += _end(realm, Enrolment.objects.filter(authentication_certificate__in=ids))
        if not SweepMark.objects.filter(pk=mark.pk, sequence=at).update(sequence=end):
            return count  # another goes on from where we are
        at = end
    return count


def _revoked(realm: Realm, after: int, until: int) -> list[int]:
    """Return the ids of phone certificates revoked in the journal's entries after one until another."""
    entries = JournalEntry.objects.filter(realm=realm, sequence__gt=after, sequence__lte=until, kind=REVOKED)
    serials = [
        subject for subject, data in entries.values_list("subject", "data") if data.get("medium") == Medium.PHONE
    ]
    # Authorities count their serial numbers each for itself: the other's of that number is looked at and found valid.
    issuers = list(realm.authorities.values_list("pk", flat=True)) if serials else []
    found = Certificate.objects.filter(issuer__in=issuers, serial_number__in=sorted(set(serials)), medium=Medium.PHONE)
    return list(found.values_list("pk", flat=True)) if serials else []


def _end(realm: Realm, among: "QuerySet[Enrolment]") -> int:
    revoked = Certificate.Status.REVOKED
    both = Q(signature_certificate__status=revoked, authentication_certificate__status=revoked)
    count = 0
    for enrolment in among.filter(both, realm=realm, state=State.ACTIVE):
        with transaction.atomic():
            journal.take(realm)
            finish(enrolment, Cause.CARD_CERTIFICATE_REVOKED, clock.now(realm))
        count += 1
    return count
