"""Figures of the authorities: lists, linkage, issuing, journal, responders' certificates, the signed register."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509
from django.conf import settings
from django.db.models import Q, QuerySet

from ca import clock, crl, responders
from ca.models import (
    Authority,
    CardRevocation,
    Generation,
    Issuance,
    JournalEntry,
    JournalHead,
    JournalSeal,
    JournalWatch,
    Partition,
    Realm,
    Recheck,
)
from ca.profiles import Purpose
from portal.observing.measures.measure import Measure, Sample, age, bounded, left, of_realms
from portal.observing.models import PeriodicRun
from whitelist import register
from whitelist.models import RegisterStatement


def _partitions(realm: Realm) -> QuerySet[Partition]:
    return Partition.objects.filter(generation__authority__realm=realm)


def _crl_oldest(realm: Realm, now: datetime) -> float | None:
    # A row for each municipality, medium and generation: thousands, whatever the population.
    oldest = _partitions(realm).exclude(published_at=None).order_by("published_at")
    at = oldest.values_list("published_at", flat=True).first()
    return age(at, now) if at is not None else None


def _crl_missing(realm: Realm, now: datetime) -> float:
    return float(_partitions(realm).filter(published_at=None).count())


def _crl_due(realm: Realm, now: datetime) -> float:
    return float(crl.due(realm).count())


def _linkage_waiting(realm: Realm, now: datetime) -> float:
    grace = timedelta(seconds=settings.LINKAGE_GRACE_SECONDS)
    still = CardRevocation.objects.filter(realm=realm, settled_at=None).order_by("revoked_at")
    return age(still.values_list("revoked_at", flat=True).first(), now - grace)


def _linkage_open(realm: Realm, now: datetime) -> float:
    return bounded(CardRevocation.objects.filter(realm=realm, settled_at=None))


def _recheck_late(realm: Realm, now: datetime) -> float:
    due = Recheck.objects.filter(realm=realm, done_at=None).order_by("due_at")
    return age(due.values_list("due_at", flat=True).first(), now)


def _unfinished() -> QuerySet[Issuance]:
    return Issuance.objects.filter(certificate=None, error_code="")  # as its index says


def _issuance_oldest() -> Iterator[Sample]:
    first = _unfinished().order_by("requested_at").values_list("requested_at", flat=True).first()
    yield Sample(age(first, clock.machine()))


def _issuances_unfinished() -> Iterator[Sample]:
    yield Sample(bounded(_unfinished()))


def _continuation_oldest() -> Iterator[Sample]:
    # As its index says, and of what is done: what isn't is the other measure's.
    waiting = Issuance.objects.filter(~Q(continuation_key=""), continued_at=None, state__in=Issuance.FINAL)
    times = waiting.order_by("requested_at").values_list("requested_at", flat=True)
    yield Sample(age(times.first(), clock.machine()))


def _serials(realm: Realm, now: datetime) -> Iterator[Sample]:
    for purpose, serial in Authority.objects.filter(realm=realm).values_list("purpose", "next_serial"):
        yield Sample(serial - 1, {"purpose": purpose})


def _journal_entries(realm: Realm, now: datetime) -> float:
    head = JournalHead.objects.filter(realm=realm).values_list("sequence", flat=True).first()
    return float(head or 0)


def _journal_unsealed(realm: Realm, now: datetime) -> float:
    seal = JournalSeal.objects.filter(realm=realm).order_by("-sequence").values_list("sequence", flat=True).first()
    # The entry behind a seal is that of the seal itself.
    first = JournalEntry.objects.filter(realm=realm, sequence=(seal or 0) + (2 if seal else 1))
    old = age(first.values_list("at", flat=True).first(), now)
    # A realm's first entries may be of a past in which nobody could seal them.
    begun = _begun() if seal is None else None
    return min(old, age(begun, clock.machine())) if begun else old


def _journal_broken(realm: Realm, now: datetime) -> float:
    return float(JournalWatch.objects.filter(realm=realm).exclude(broken_at=None).count())


def _journal_unwatched(realm: Realm, now: datetime) -> float:
    at = JournalWatch.objects.filter(realm=realm).values_list("looked_at", flat=True).first()
    if at is not None:
        return age(at, clock.machine())
    # Never: an entry's own time may be that of a realm made in the past.
    return age(_begun(), clock.machine())


def _begun() -> datetime | None:
    """Return since when workers are known to work here."""
    return PeriodicRun.objects.order_by("first_at").values_list("first_at", flat=True).first()


def _generations(realm: Realm) -> Iterator[tuple[Generation, datetime]]:
    """Yield the realm's generations whose time has begun and isn't over, each with its end."""
    now = clock.now(realm)
    for one in Generation.objects.filter(authority__realm=realm).select_related("authority"):
        certificate = x509.load_der_x509_certificate(bytes(one.certificate))
        if certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
            yield one, certificate.not_valid_after_utc


def _halted(realm: Realm, now: datetime) -> float:
    return float(realm.halted_at is not None)


def _responder_left(realm: Realm, now: datetime) -> Iterator[Sample]:
    for generation, _ in _generations(realm):
        key = responders.newest(generation, now)
        labels = {"purpose": generation.authority.purpose, "generation": str(generation.number)}
        yield Sample(left(key.not_after, now) if key is not None else 0, labels)


def _authority_left(realm: Realm, now: datetime) -> Iterator[Sample]:
    last: dict[str, datetime] = {}
    for generation, ends in _generations(realm):
        purpose = generation.authority.purpose
        last[purpose] = max(last.get(purpose, ends), ends)
    for purpose in Purpose:
        yield Sample(left(last[purpose.value], now) if purpose.value in last else 0, {"purpose": purpose.value})


def _register_stale(realm: Realm, now: datetime) -> float | None:
    newest = RegisterStatement.objects.filter(realm=realm).order_by("-number")
    until = newest.values_list("next_update", flat=True).first()
    return age(until, clock.machine()) if until is not None else None


def _register_empty(realm: Realm, now: datetime) -> float:
    return float(not register.entries(realm, now=now))


MEASURES: tuple[Measure, ...] = (
    of_realms("jpki_crl_oldest_seconds", "Age of the oldest newest CRL of a partition.", _crl_oldest),
    of_realms("jpki_crl_missing", "Partitions without any CRL.", _crl_missing),
    of_realms("jpki_crl_due", "Partitions whose CRL is to be published anew.", _crl_due),
    of_realms(
        "jpki_linkage_waiting_seconds",
        "How long, beyond the grace, the oldest revoked card certificate waits for the sweep.",
        _linkage_waiting,
    ),
    of_realms("jpki_linkage_open", "Revoked card certificates that wait for the sweep, 10000 at most.", _linkage_open),
    of_realms("jpki_recheck_late_seconds", "How late the oldest second look at a card certificate is.", _recheck_late),
    Measure(
        "jpki_issuance_oldest_seconds",
        "Age of the oldest request for a certificate that is neither issued nor refused.",
        (),
        _issuance_oldest,
    ),
    Measure(
        "jpki_issuances_unfinished",
        "Requests for certificates neither issued nor refused, 10000 at most.",
        (),
        _issuances_unfinished,
    ),
    Measure(
        "jpki_continuation_oldest_seconds",
        "Age of the oldest request that is done, but whose continuation wasn't sent.",
        (),
        _continuation_oldest,
    ),
    of_realms("jpki_serial_numbers", "Serial numbers taken by an authority.", _serials, ("purpose",), grows=True),
    of_realms("jpki_journal_entries", "Entries in the journal.", _journal_entries, grows=True),
    of_realms("jpki_journal_unsealed_seconds", "Age of the oldest entry that no seal signs.", _journal_unsealed),
    of_realms("jpki_journal_broken", "1 where the watch found the journal broken.", _journal_broken),
    of_realms("jpki_journal_unwatched_seconds", "Since when the watch hasn't looked.", _journal_unwatched),
    of_realms("jpki_realm_halted", "1 while a realm is halted: nothing is signed and nobody is answered.", _halted),
    of_realms(
        "jpki_responder_certificate_left_seconds",
        "How long a responder's newest certificate still holds, by generation.",
        _responder_left,
        ("purpose", "generation"),
    ),
    of_realms(
        "jpki_authority_left_seconds",
        "How long the newest generation of an authority still holds.",
        _authority_left,
        ("purpose",),
    ),
    of_realms("jpki_register_stale_seconds", "Since when the signed register is out of date.", _register_stale),
    of_realms("jpki_register_empty", "1 where no service is on the register.", _register_empty),
)
