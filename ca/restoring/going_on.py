"""Going on: a halted realm's records put right in one transaction, and the halt lifted; or refused, with why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.db import transaction
from django.db.models import Count, F, Max
from django.db.models.functions import TruncDate

from ca import clock, journal, keys, revocation, seals, transcript
from ca.causes import Cause
from ca.errors import CaError, RestoreRefused
from ca.models import (
    Authority,
    Certificate,
    Crl,
    Generation,
    Issuance,
    JournalEntry,
    JournalHead,
    JournalSeal,
    LostCertificate,
    Partition,
    Realm,
    ResponderKey,
)
from ca.profiles import Purpose
from ca.restoring.lost import RESTORED, STATUSES, Effects, Lost, effects, find
from ca.restoring.published import Published
from ca.transcript import Line, Mark

Status = Certificate.Status
LOST = "records.lost"
# Without a transcript that reaches back, the numbers that may have been given are estimated, so many times over.
TIMES = 10
LEAST = 10_000
# Nine digits: what of a serial number stands in a certificate's name (facts 1.2).
_LAST_SERIAL = 10**9 - 1
_CRL_AHEAD = 1 << 20
_CAUSES = {
    x509.ReasonFlags.key_compromise: Cause.KEY_COMPROMISE,
    x509.ReasonFlags.ca_compromise: Cause.AUTHORITY_KEY_COMPROMISE,
    x509.ReasonFlags.superseded: Cause.SUPERSEDED,
    x509.ReasonFlags.cessation_of_operation: Cause.HOLDER_REQUEST,
    x509.ReasonFlags.certificate_hold: Cause.LOSS,
    x509.ReasonFlags.unspecified: Cause.NOT_DELIVERED,
    None: Cause.NOT_DELIVERED,
}


@dataclass
class Report:
    """What was found and done, for people and for the journal."""

    realm: str
    proved: bool = False  # the transcript reaches back to what the database has
    lost_entries: int = 0
    lost_head: str = ""
    replayed: bool = False  # the lost entries stand in the chain again, octet for octet
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    revoked_again: list[str] = field(default_factory=list)
    held_again: list[str] = field(default_factory=list)
    left_stricter: list[str] = field(default_factory=list)  # activated or released, and not followed
    lost_certificates: list[dict[str, Any]] = field(default_factory=list)
    asked_anew: int = 0  # requests whose serial number may have been signed under
    kinds: dict[str, int] = field(default_factory=dict)
    to_look_at: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


def go_on(realm: Realm, *, who: str, published: Published | None = None, ahead: int | None = None) -> Report:
    """Put the records right and lift the halt; return what was found and done. Needs the authorities' keys.

    `who` is the officer who answers for it. `ahead` is by how many serial numbers the counters jump where no transcript
    reaches back to what the database has. Raises RestoreRefused with what stands in the way; nothing is changed then.
    """
    if not Realm.objects.filter(pk=realm.pk, halted_at__isnull=False).exists():
        raise RestoreRefused(f"{realm.slug} is not halted: manage.py halt --realm {realm.slug} halts it")
    _require_whole(realm)
    _require_keys(realm)
    published = published or Published()
    report = Report(realm.slug, strangers=published.strangers)
    with transaction.atomic(durable=True):
        journal.take(realm)
        lost = find(realm)
        report.proved = lost is not None
        if lost is None:
            _require_ahead(realm, ahead)
        found = effects(lost.lines if lost is not None else ())
        report.kinds = dict(sorted(found.kinds.items()))
        if lost is not None and lost.lines:
            report.lost_entries, report.lost_head = len(lost.lines), str(lost.lines[-1].mark)
            report.replayed = not lost.diverged and len(lost.chain) == len(lost.lines)
            (_replay if report.replayed else _declare)(realm, lost)
        _count_on(realm, found, published, 0 if lost is not None else ahead or 0, report)
        _ask_anew(realm, report)
        _follow(realm, found, report)
        _follow_published(realm, published, report)
        _miss(realm, found, published, report)
        report.to_look_at += [f"{one['kind']} {one['subject']} at {one['at']}" for one in found.others.values()]
        journal.record(realm, RESTORED, realm.slug, **_said(report, who))
        # Every list anew, with a number above all that were published.
        Partition.objects.filter(generation__authority__realm=realm).update(revision=F("revision") + 1)
        Realm.objects.filter(pk=realm.pk).update(halted_at=None)
        if lost is None or (lost.lines and not report.replayed):
            # From here the transcripts go on from what both have; should this not be committed, they have it twice.
            transcript.begin(realm, lost.since if lost is not None else _head(realm))
    realm.refresh_from_db()
    transcript.keep(realm)
    return report


# --- What must hold ---------------------------------------------------------------------------------------------------
def _require_whole(realm: Realm) -> None:
    link = journal.verify(realm)
    if link is not None:
        raise RestoreRefused(f"the journal is broken at entry {link.sequence} ({link.problem}): take another backup")
    head = seals.verify(realm)
    if head is not None:
        raise RestoreRefused(f"the signed head {head.sequence} doesn't hold ({head.problem}): take another backup")


def _require_keys(realm: Realm) -> None:
    """Hold that each generation's key is in the store and is the one that is certified."""
    for generation in Generation.objects.filter(authority__realm=realm).select_related("authority"):
        own = x509.load_der_x509_certificate(bytes(generation.certificate)).public_key()
        certified = own.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        try:
            found = keys.store().open(generation.key_label).public_key
        except CaError as error:
            raise RestoreRefused(f"the key of {generation} can't be opened: {error}") from error
        if found != certified:
            raise RestoreRefused(f"the key {generation.key_label} is not the one that {generation} has")


def _require_ahead(realm: Realm, ahead: int | None) -> None:
    least = least_ahead(realm)
    if ahead is None:
        raise RestoreRefused(
            "no transcript reaches back to what the database has, so nobody knows which serial numbers were given "
            "since. Find the transcripts (JOURNAL_TRANSCRIPTS); if they are gone, let the counters jump: "
            f"--serials-ahead {least} or more"
        )
    if ahead < least:
        raise RestoreRefused(f"--serials-ahead {ahead} is too few: by what was issued a day, {least} is the least")


def least_ahead(realm: Realm) -> int:
    """Return by how many numbers the counters must jump: ten times the busiest day's, for each day since the backup."""
    last = JournalEntry.objects.filter(realm=realm).aggregate(at=Max("at"))["at"]
    if last is None:
        return LEAST
    intended = JournalEntry.objects.filter(realm=realm, kind="issuance.intended", at__gte=last - timedelta(days=30))
    days = intended.annotate(day=TruncDate("at")).values("day").annotate(count=Count("pk"))
    busiest: int = max((day["count"] for day in days), default=0)
    since = max(clock.now(realm) - last, timedelta())
    return max(LEAST, TIMES * busiest * (int(since.days) + 1))


# --- The journal ------------------------------------------------------------------------------------------------------
def _replay(realm: Realm, lost: Lost) -> None:
    """Put lost entries and seals back into the chain, octet for octet."""
    rows = []
    for line in lost.chain:
        entry = line.entry
        assert entry is not None  # noqa: S101  (places to go on from are not in a chain)
        rows.append(
            JournalEntry(
                realm=realm,
                sequence=entry["sequence"],
                at=datetime.fromisoformat(entry["at"]),
                kind=entry["kind"],
                subject=entry["subject"],
                data=entry["data"],
                previous_hash=entry["previous"],
                hash=line.mark.hash,
            )
        )
    JournalEntry.objects.bulk_create(rows, batch_size=500)
    JournalSeal.objects.bulk_create([_seal(realm, line.seal) for line in lost.chain if line.seal is not None])
    head = lost.chain[-1].mark
    JournalHead.objects.update_or_create(realm=realm, defaults={"sequence": head.sequence, "hash": head.hash})
    journal.retake(realm)


def _seal(realm: Realm, told: Mapping[str, Any]) -> JournalSeal:
    return JournalSeal(
        realm=realm,
        sequence=told["sequence"],
        hash=told["hash"],
        at=datetime.fromisoformat(told["at"]),
        root=told["root"],
        public_key=bytes.fromhex(told["public_key"]),
        signature=bytes.fromhex(told["signature"]),
    )


def _declare(realm: Realm, lost: Lost) -> None:
    """Say of each lost entry that it was there, where the journal has gone on without them."""
    journal.record_all(realm, [_declared(line) for line in lost.lines])


def _declared(line: Line) -> journal.Happening:
    assert line.entry is not None  # noqa: S101  (`Lost.lines` are entries)
    data = {"sequence": line.mark.sequence, "hash": line.mark.hash, "kind": line.entry["kind"], "at": line.entry["at"]}
    return journal.Happening(LOST, line.entry["subject"], data)


def _head(realm: Realm) -> Mark:
    head = JournalHead.objects.get(realm=realm)
    return Mark(head.sequence, head.hash)


# --- Numbers ----------------------------------------------------------------------------------------------------------
def _count_on(realm: Realm, found: Effects, published: Published, ahead: int, report: Report) -> None:
    """Let the counters go on above all that may have been given."""
    for authority in Authority.objects.select_for_update().filter(realm=realm).order_by("pk"):
        purpose = authority.purpose
        taken = [found.serial_numbers.get(purpose, 0), published.serial_numbers.get(purpose, 0)]
        following = max(authority.next_serial, *(number + 1 for number in taken)) + ahead
        newest = Crl.objects.filter(partition__generation__authority=authority).aggregate(number=Max("number"))[
            "number"
        ]
        lists = [found.crl_numbers.get(purpose, 0), published.crl_numbers.get(purpose, 0)]
        floor = max(authority.crl_floor, *lists, (newest or 0) + _CRL_AHEAD if ahead else 0)
        if following > _LAST_SERIAL:
            raise RestoreRefused(f"{authority}: after {following - 1} there is no serial number any more")
        report.numbers[purpose] = {"before": authority.next_serial, "next_serial": following, "crl_floor": floor}
        Authority.objects.filter(pk=authority.pk).update(next_serial=following, crl_floor=floor)


def _ask_anew(realm: Realm, report: Report) -> None:
    """Give requests that hold a number, and aren't recorded to be signed, another one: it may have been signed under.

    What is recorded is signed as it was recorded: the same octets, the same certificate.
    """
    report.asked_anew = Issuance.objects.filter(realm=realm, state=Issuance.State.RESERVED).update(
        state=Issuance.State.REQUESTED, serial_number="", lease_until=None
    )


# --- Certificates -----------------------------------------------------------------------------------------------------
def _follow(realm: Realm, found: Effects, report: Report) -> None:
    """Let certificates be again what the lost entries made of them, where that is stricter."""
    for (purpose, serial), data in found.statuses.items():
        certificate = _certificate(realm, purpose, serial)
        if certificate is None:
            continue
        name = f"{purpose} {serial}"
        if data["after"] not in {Status.REVOKED, Status.ON_HOLD}:
            if certificate.status != data["after"]:
                report.left_stricter.append(name)
            continue
        since = datetime.fromisoformat(data["since"])
        kwargs = {"status": data["after"], "cause": data["cause"], "since": since}
        if revocation.again(certificate, journaled=report.replayed, **kwargs):
            (report.revoked_again if data["after"] == Status.REVOKED else report.held_again).append(name)


def _follow_published(realm: Realm, published: Published, report: Report) -> None:
    """The same by published lists, which tell the reason and not the cause."""
    for (purpose, serial), (since, reason) in published.entries.items():
        certificate = _certificate(realm, purpose, serial)
        if certificate is None:
            continue
        status = Status.ON_HOLD if reason is x509.ReasonFlags.certificate_hold else Status.REVOKED
        if revocation.again(certificate, status=status, cause=_cause(purpose, reason), since=since, journaled=False):
            name = f"{purpose} {serial}"
            (report.revoked_again if status == Status.REVOKED else report.held_again).append(name)


def _cause(purpose: str, reason: x509.ReasonFlags | None) -> Cause:
    if reason is x509.ReasonFlags.affiliation_changed:
        return Cause.ATTRIBUTES_CHANGED if purpose == Purpose.SIGNATURE else Cause.RECORD_ERROR
    return _CAUSES.get(reason, Cause.NOT_DELIVERED)


def _miss(realm: Realm, found: Effects, published: Published, report: Report) -> None:
    """Name the certificates that exist, and of which the database knows nothing any more."""
    own = {
        *Generation.objects.filter(authority__realm=realm).values_list("authority__purpose", "serial_number"),
        *ResponderKey.objects.filter(generation__authority__realm=realm).values_list(
            "generation__authority__purpose", "serial_number"
        ),
    }
    for key in sorted(found.issued.keys() | published.entries.keys()):
        purpose, serial = key
        if key in own or _certificate(realm, purpose, serial) is not None:
            continue
        said = found.issued.get(key, {})
        told = {"purpose": purpose, "serial_number": serial, "medium": said.get("medium", "")}
        told |= {"request_key": said.get("request_key", ""), "sha256": said.get("certificate_sha256", "")}
        last = found.statuses.get(key)
        listed = "not good on a published list" if key in published.entries else ""
        told["status"] = last["after"] if last else said.get("status", listed)
        told["listed"] = _list(realm, purpose, serial, said, last)
        report.lost_certificates.append(told)


def _list(realm: Realm, purpose: str, serial: str, said: Mapping[str, Any], last: Mapping[str, Any] | None) -> bool:
    """Put a lost certificate on its point's lists, revoked; False where it isn't known which those are."""
    if "municipality_code" not in said:
        return False
    partition = Partition.objects.filter(
        generation__authority__realm=realm,
        generation__authority__purpose=purpose,
        generation__number=said["generation"],
        medium=said["medium"],
        municipality_code=said["municipality_code"],
    ).first()
    if partition is None:
        return False
    revoked = last is not None and last["after"] == Status.REVOKED
    cause = last["cause"] if last is not None and revoked else Cause.NOT_DELIVERED
    at = datetime.fromisoformat(last["since"]) if last is not None and revoked else clock.now(realm)
    LostCertificate.objects.get_or_create(
        partition=partition,
        serial_number=serial,
        defaults={
            "not_after": datetime.fromisoformat(said["not_after"]),
            "crl_entry": revocation.crl_entry(serial, cause=cause, at=at),
        },
    )
    return True


def _certificate(realm: Realm, purpose: str, serial: str) -> Certificate | None:
    found = Certificate.objects.filter(issuer__realm=realm, issuer__purpose=purpose, serial_number=serial)
    return found.select_related("realm").first()


def _said(report: Report, who: str) -> dict[str, Any]:
    return {
        "who": who,
        "proved": report.proved,
        "lost_entries": report.lost_entries,
        "lost_head": report.lost_head,
        "replayed": report.replayed,
        "numbers": report.numbers,
        "revoked_again": report.revoked_again,
        "held_again": report.held_again,
        "lost_certificates": [f"{one['purpose']} {one['serial_number']}" for one in report.lost_certificates],
        "asked_anew": report.asked_anew,
    }


def counted(kinds: Mapping[str, int]) -> Sequence[str]:
    """Return what was lost, by kind, a line each; changes of statuses first."""
    ordered = sorted(kinds.items(), key=lambda one: (one[0] not in STATUSES, one[0]))
    return [f"{count} × {kind}" for kind, count in ordered]
