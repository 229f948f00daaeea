"""The work behind the pages: enrolments, hand-offs, falls and sweeps, lists, OCSP, and every task of the timetable."""

import time
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

from benchmarks.population.frame import EACH_FIFTH, FIRST_SERIAL, PLACES
from benchmarks.population.hand_offs import Counter
from benchmarks.population.watching import Seen, told

FALLEN = 1_000
# What of the timetable can't be measured here, and why.
NOT_OF_COPIES = {"ca.sweep_journals": "it walks the chain, which copies aren't; the same number of entries each time"}
FIRST = 10_000  # the population's ids begin behind it


def measure(book: Any) -> None:
    """Measure all of it. What it makes stays in the database."""
    if book.wants("work: "):
        _publication(book)
        _falls(book)
        _work_off()
        _enrolments(book)
        _hand_offs(book)
        _ocsp(book)
        _trimming(book)


def _realm() -> Any:
    from ca.models import Realm

    return Realm.objects.get(slug="bench")


def _publication(book: Any) -> None:
    """A day's lists; then one place's after a revocation in it: the largest, the middle, the smallest."""
    from django.db.models import F

    from ca import clock, crl, revocation
    from ca.models import Certificate, Crl, Partition

    realm = _realm()
    published: list[Any] = []
    partitions = Partition.objects.filter(generation__authority__realm=realm)
    now = clock.now(realm)
    partitions.update(published_at=now, published_revision=F("revision"))
    # As after a day in which nothing happened, of some places the four lists.
    some = [f"{20_000 + place:05d}" for place in range(0, PLACES, 64)]
    partitions.filter(municipality_code__in=some).update(published_at=now - timedelta(days=2))
    book.watch.tidy("ca_partition", "ca_crl")
    seen = book.watch.once(lambda: published.extend(crl.publish_due(realm)))
    entries = sum(one.entries for one in published if isinstance(one, Crl))
    figures = told([seen], each=len(published))
    book.note("work", "a day's lists, each", figures | {"entries": entries})
    for name, place in (
        ("the largest place", 0),
        ("the middle place", PLACES // 2),
        ("a small place", PLACES - 20),
    ):
        code = f"{20_000 + place:05d}"
        partition = Partition.objects.filter(medium="card", municipality_code=code).order_by("pk")[0]
        found: list[Seen] = []
        for card in Certificate.objects.filter(partition=partition, status="valid").order_by("pk")[: book.rounds + 1]:
            revocation.revoke(card, cause=revocation.Cause.HOLDER_REQUEST, now=clock.now(realm))
            found.append(book.watch.once(crl.publish, partition))
        entries = Crl.objects.filter(partition=partition).order_by("-number")[0].entries
        book.note("work", f"one list after a revocation, {name}", told(found[1:]) | {"entries": entries})
    book.measure("work", "looking which lists are due, none", lambda: [0 for _ in crl.publish_due(realm)])


def _falls(book: Any) -> None:
    """Cards of the population fall, far apart, past `ca.revocation`; the sweep finds their phones."""
    from ca import bulk, clock, linkage, revocation
    from ca.models import CardRevocation, Certificate

    realm = _realm()
    pairs = Certificate.objects.filter(medium="phone", purpose="signature").count()
    turns = count(int(time.time()) % pairs)

    def cards(wanted: int) -> list[int]:
        """Return so many valid cards' certificates with a living phone's behind them."""
        found: set[int] = set()
        while len(found) < wanted:
            # A stride that shares no factor with the number visits every pair once.
            some = [FIRST + 2 * EACH_FIFTH * (1 + next(turns) * 7919 % pairs) for _ in range(wanted)]
            rows = Certificate.objects.filter(pk__in=some, status="valid", linked_certificates__status="valid")
            found.update(rows.values_list("pk", flat=True))
        return sorted(found)[:wanted]

    def fell() -> int:
        chosen, now = cards(FALLEN), clock.now(realm)
        rows = []
        for pk, serial in Certificate.objects.filter(pk__in=chosen).values_list("pk", "serial_number"):
            entry = revocation.crl_entry(serial, cause="death", at=now)
            rows.append((pk, "revoked", "death", now, now, entry))
        changed = ("status", "cause", "revoked_at", "changed_at", "crl_entry")
        bulk.update(Certificate, changed, rows, where="t.status <> %s", arguments=["revoked"])
        CardRevocation.objects.bulk_create(CardRevocation(realm=realm, card_id=pk, revoked_at=now) for pk in chosen)
        return len(chosen)

    book.measure("work", "a sweep that finds nothing", lambda: linkage.sweep(realm))
    seen = []
    swept: list[int] = []
    for _ in range(3):
        expected, before = fell(), len(swept)
        seen.append(book.watch.once(lambda: swept.extend(linkage.sweep(realm))))
        if len(swept) != before + expected:
            raise SystemExit(f"the sweep found {len(swept) - before} of {expected}")
    book.note("work", f"a sweep, each newly revoked (of {FALLEN})", told(seen[1:], each=FALLEN))
    seen = []
    for pk in cards(book.rounds + 1):
        card = Certificate.objects.get(pk=pk)
        die = partial(revocation.revoke, card, cause=revocation.Cause.DEATH, now=clock.now(realm))
        seen.append(book.watch.once(die))
    book.note("work", "one card certificate revoked, its phone's with it", told(seen[1:]))


def _work_off() -> None:
    """Follow what fell, and tell nobody of it: thousands of letters are no part of an enrolment."""
    from ca.models import JournalHead
    from portal.notices.models import JournalCursor
    from tsm import falls

    falls.follow(_realm())
    JournalCursor.objects.filter(realm=_realm()).update(sequence=JournalHead.objects.get(realm=_realm()).sequence)


def _enrolments(book: Any) -> None:
    """Enrolments from the signed application to the valid pair, both ends in this process."""
    from benchmarks import citizens
    from benchmarks.enrolment_walk import Meter, Walk

    meter = Meter()
    walk, seen, server = Walk(meter), [], []
    for number, citizen in enumerate(citizens.make(_realm(), book.rounds + 2)):
        meter.taken()
        one = book.watch.once(walk.go, citizen)
        spent = meter.taken()
        if number >= 2:
            seen.append(one)
            server.append(sum(spent.get(part, 0.0) for part in ("web", "tsm worker", "ca worker")))
    book.note("work", "one enrolment", told(seen) | {"server_cpu_ms": round(1000 * min(server), 1)})


def _hand_offs(book: Any) -> None:
    """Hand-offs from the service's request to the redeemed answer."""
    book.measure("work", "one hand-off", Counter(_realm()).hand_over)


def _trimming(book: Any) -> None:
    """Old legs that are still whole, as an upgrade finds them, a few at a time."""
    from tsm import trimming

    few, before = 25, (trimming.BATCH, trimming.BATCHES)
    trimming.BATCH, trimming.BATCHES = few, 1
    book.measure("work", f"old legs trimmed, each of {few}", trimming.trim, each=few)
    trimming.BATCH, trimming.BATCHES = before


def _ocsp(book: Any) -> None:
    """Answers about certificates of the population: made, kept, many refreshed; and the file of a list."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp

    from ca.models import Generation
    from ca.reply import Request
    from ca.responder import respond

    generation = Generation.objects.filter(authority__realm=_realm(), authority__purpose="signature").order_by(
        "-number"
    )[0]
    issuer = x509.load_der_x509_certificate(bytes(generation.certificate))
    sample = ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, hashes.SHA1()).build()  # noqa: S303
    serials = count(FIRST_SERIAL + 2 * (1 + int(time.time()) % 3_000))

    def asked(serial: int) -> Request:
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            sample.issuer_name_hash,
            sample.issuer_key_hash,
            serial,
            hashes.SHA1(),  # noqa: S303
        )
        body = builder.build().public_bytes(Encoding.DER)
        headers = [(b"content-type", b"application/ocsp-request")]
        return Request("POST", b"/ocsp/bench/signature/card", headers, body)

    def ask(request: Request) -> None:
        reply = respond(request)
        answer = ocsp.load_der_ocsp_response(reply.body)
        if answer.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise SystemExit(f"OCSP answered {answer.response_status}")

    def fresh() -> int:
        return FIRST_SERIAL + 2 * (next(serials) - FIRST_SERIAL)

    def renewed() -> None:
        for request in many:
            ask(request)

    book.measure("work", "one OCSP answer, made", lambda: ask(asked(fresh())))
    kept = asked(fresh())
    book.measure("work", "one OCSP answer, kept", lambda: ask(kept))
    many: list[Request] = []

    def refresh() -> None:
        many[:] = [asked(fresh()) for _ in range(100)]
        renewed()

    book.measure("work", "OCSP refresh, each of 100", refresh, each=100)
    lists = Request("GET", b"/crl/bench/signature/card/20950.crl", [], b"")
    book.measure("work", "one list served", lambda: respond(lists))


def measure_timetable(book: Any) -> None:
    """Measure every task of the timetable, after one time to work off what the others left."""
    from django.conf import settings

    from portal.celery import app
    from tsm import trimming

    app.loader.import_default_modules()
    # As where verifiers' questions are kept: by default nothing is, and the sweep would delete the whole population's.
    settings.OCSP_LOG_DAYS = 90
    while trimming.trim():
        pass  # what an upgrade finds: it is measured by itself
    book.watch.tidy("ca_partition", "ca_crl", "ca_cardrevocation", "tsm_leg", "tsm_enrolment", "ca_statusanswer")
    for name in sorted({entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}):
        if name in NOT_OF_COPIES:
            book.miss(f"timetable: {name}", NOT_OF_COPIES[name])
            continue
        book.measure("timetable", name, lambda name=name: app.tasks[name].apply(throw=True), rounds=3)
