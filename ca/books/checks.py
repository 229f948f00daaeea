"""The authorities' books: certificates, serial numbers, requests, lists, and the journal that has to know of each."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Length, Substr

from ca import history, journal
from ca.books.checking import Check, Reading, told
from ca.counter.placing import ORDERED, request_key
from ca.models import Authority, CardOrder, CardRevocation, Certificate, Issuance, JournalEntry, Partition
from ca.profiles import Medium
from ca.revocation import LIVING

_ISSUED = "certificate.issued"
_INTENTS = ("issuance.intended", "authority.intended", "responder.intended")
_CARRIED_TWICE = """
SELECT a.purpose, x.serial_number FROM (
    SELECT issuer_id AS authority_id, serial_number FROM ca_certificate
    UNION ALL SELECT authority_id, serial_number FROM ca_generation
    UNION ALL SELECT g.authority_id, r.serial_number
    FROM ca_responderkey r JOIN ca_generation g ON g.id = r.generation_id
) x JOIN ca_authority a ON a.id = x.authority_id
WHERE a.realm_id = %s GROUP BY a.id, a.purpose, x.serial_number HAVING COUNT(*) > 1
"""


def _certificates(of: Reading) -> QuerySet[Certificate]:
    return Certificate.objects.filter(realm=of.realm)


def _entries(of: Reading) -> QuerySet[Any]:
    # Authorities count their serial numbers each for itself: the purpose tells whose a number is.
    return JournalEntry.objects.filter(realm=of.realm).annotate(of=KT("data__purpose"))


def _two_active_pairs(of: Reading) -> Iterator[str]:
    # A constraint of the database holds it; one that was lost, as in a restore, shows here.
    in_use = (Certificate.Status.VALID, Certificate.Status.ON_HOLD)
    active = _certificates(of).filter(medium=Medium.PHONE, status__in=in_use)
    double = active.values("holder", "purpose").annotate(many=Count("pk")).filter(many__gt=1)
    return told(double.values_list("holder__reference", "purpose"))


def _unknown_to_journal(of: Reading) -> Iterator[str]:
    said = _entries(of).filter(kind=_ISSUED, subject=OuterRef("serial_number"), of=OuterRef("purpose"))
    return told(_certificates(of).filter(~Exists(said)).values_list("purpose", "serial_number"))


def _gone(of: Reading) -> Iterator[str]:
    row = Certificate.objects.filter(
        realm=OuterRef("realm"), serial_number=OuterRef("subject"), purpose=OuterRef("of")
    ).order_by()
    return told(_entries(of).filter(~Exists(row), kind=_ISSUED).values_list("of", "subject"))


def _other_octets(of: Reading) -> Iterator[str]:
    said = _entries(of).filter(kind=_ISSUED, subject=OuterRef("serial_number"), of=OuterRef("purpose"))
    digest = Subquery(said.annotate(digest=KT("data__certificate_sha256")).values("digest")[:1])
    rows = _certificates(of).annotate(said=digest).exclude(said=None)
    for purpose, number, octets, known in rows.values_list("purpose", "serial_number", "der", "said").iterator():
        if hashlib.sha256(octets).hexdigest().upper() != known:
            yield f"{purpose} {number}"


def _status_unknown_to_journal(of: Reading) -> Iterator[str]:
    last = (
        _entries(of)
        .filter(kind__in=(_ISSUED, *history.CHANGES), subject=OuterRef("serial_number"), of=OuterRef("purpose"))
        .order_by("-sequence")
        .annotate(after=Coalesce(KT("data__after"), KT("data__status")))
    )
    rows = _certificates(of).annotate(said=Subquery(last.values("after")[:1])).exclude(said=F("status"))
    return told(rows.exclude(said=None).values_list("purpose", "serial_number", "status"))


def _serial_twice(of: Reading) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_CARRIED_TWICE, [of.realm.pk])
        found = cursor.fetchall()
    return told(found)


def _signed_twice(of: Reading) -> Iterator[str]:
    intents = _entries(of).filter(kind__in=_INTENTS).annotate(digest=KT("data__tbs_sha256")).order_by()
    twice = intents.values("of", "subject").annotate(many=Count("digest", distinct=True)).filter(many__gt=1)
    return told(twice.values_list("of", "subject"))


def _counter_behind(of: Reading) -> Iterator[str]:
    for authority in Authority.objects.filter(realm=of.realm):
        requests = Issuance.objects.filter(realm=of.realm, purpose=authority.purpose).exclude(serial_number="")
        highest = 0
        for numbers in (Certificate.objects.filter(issuer=authority), requests):
            # Hexadecimal without leading zeros beyond the octet: the longest is the largest.
            ordered = numbers.order_by(Length("serial_number").desc(), "-serial_number")
            found = ordered.values_list("serial_number", flat=True).first()
            highest = max(highest, int(found, 16)) if found else highest
        if highest >= authority.next_serial:
            yield f"{authority.purpose} counts {authority.next_serial} after {highest}"


def _journal_broken(of: Reading) -> Iterator[str]:
    link = journal.verify(of.realm)
    if link is not None:
        yield f"entry {link.sequence} {link.problem}"


def _list_twice(of: Reading) -> Iterator[str]:
    published = JournalEntry.objects.filter(realm=of.realm, kind="crl.published").order_by()
    published = published.annotate(number=KT("data__number"), digest=KT("data__sha256"))
    twice = published.values("subject", "number").annotate(many=Count("digest", distinct=True)).filter(many__gt=1)
    return told(twice.values_list("subject", "number"))


def _request_standing(of: Reading) -> Iterator[str]:
    # As the index says it: neither issued nor refused.
    rows = Issuance.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=of.now),
        realm=of.realm,
        certificate=None,
        error_code="",
        requested_at__lt=of.settled_on_machine,
    )
    return told(rows.order_by("pk").values_list("request_key", "state"))


def _not_gone_on(of: Reading) -> Iterator[str]:
    rows = Issuance.objects.filter(
        realm=of.realm, state__in=Issuance.FINAL, continued_at=None, requested_at__lt=of.settled_on_machine
    ).exclude(continuation_key="")
    return told(rows.order_by("pk").values_list("request_key"))


def _request_unordered(of: Reading) -> Iterator[str]:
    # What a counter asks for bears its order's id (ca.counter): between what stands before it and the purpose.
    before = request_key(of.realm, "", "").removesuffix(":")
    length = Length("request_key") - len(before) - 1 - Length("purpose")
    rows = Issuance.objects.filter(realm=of.realm, medium=Medium.CARD, request_key__startswith=before)
    rows = rows.annotate(ordered=Substr("request_key", len(before) + 1, length))
    placed = CardOrder.objects.filter(realm=of.realm, reference=OuterRef("ordered"))
    return told(rows.filter(~Exists(placed)).values_list("request_key"))


def _order_unknown(of: Reading) -> Iterator[str]:
    said = JournalEntry.objects.filter(realm=of.realm, kind=ORDERED).annotate(order=KT("data__order"))
    rows = CardOrder.objects.filter(~Exists(said.filter(order=OuterRef("reference"))), realm=of.realm)
    return told(rows.order_by("pk").values_list("reference", "counter"))


def _linkage_missed(of: Reading) -> Iterator[str]:
    limit = of.settled - timedelta(seconds=settings.LINKAGE_GRACE_SECONDS)
    waiting = CardRevocation.objects.filter(card=OuterRef("linked_to"), settled_at=None)
    rows = _certificates(of).filter(
        Q(linked_to__changed_at__lt=limit) | ~Exists(waiting),
        medium=Medium.PHONE,
        status__in=LIVING,
        linked_to__status=Certificate.Status.REVOKED,
    )
    return told(rows.values_list("purpose", "serial_number"))


def _list_behind(of: Reading) -> Iterator[str]:
    changed = Certificate.objects.filter(partition=OuterRef("pk"), changed_at__lt=of.settled)
    since = changed.filter(changed_at__gt=OuterRef("published_at"))
    rows = Partition.objects.filter(
        Q(published_at=None) & Exists(changed) | Exists(since),
        generation__authority__realm=of.realm,
        revision__gt=F("published_revision"),
    )
    return told(rows.values_list("generation__authority__purpose", "medium", "municipality_code"))


CHECKS = (
    Check("ca.two-active-pairs", "a holder has two active phone certificates of one purpose", _two_active_pairs),
    Check("ca.certificate-unknown", "the journal doesn't know of the issue of a certificate", _unknown_to_journal),
    Check("ca.certificate-gone", "the journal knows of a certificate that isn't there", _gone),
    Check("ca.certificate-changed", "a certificate has other octets than the journal says", _other_octets, walk=True),
    Check("ca.status-unknown", "the journal says another status of a certificate", _status_unknown_to_journal),
    Check("ca.serial-twice", "two certificates of an authority bear one serial number", _serial_twice),
    Check("ca.signed-twice", "two things were to be signed under one serial number", _signed_twice),
    Check("ca.counter-behind", "an authority would give a serial number again", _counter_behind),
    Check("ca.list-number-twice", "two lists of one point were published with one number", _list_twice),
    Check("ca.list-behind", "a list doesn't show a change of a status", _list_behind),
    Check("ca.request-standing", "a request for a certificate stands, and no worker has it", _request_standing),
    Check("ca.request-not-gone-on", "who asked for a certificate was never told that it is done", _not_gone_on),
    Check(
        "ca.request-unordered",
        "a card's certificate was asked for as by a counter, and no order was placed",
        _request_unordered,
    ),
    Check("ca.order-unknown", "the journal doesn't know of an order of a card", _order_unknown),
    Check("ca.linkage-missed", "a phone certificate outlives the card's that it stands on", _linkage_missed),
    Check("ca.journal-broken", "the journal's chain is broken", _journal_broken, walk=True),
)
