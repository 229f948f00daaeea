"""What the journal says became happenings: each entry is read once, whichever screen, command or sweep wrote it.

Entries of one holder and one moment are one happening: both certificates of a pair, or the old pair's end and the new
pair's beginning in a device change.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from ca import clock
from ca.models import Certificate, JournalEntry, JournalHead, Realm
from ca.profiles import Medium
from portal.notices import outbox
from portal.notices.models import Happening, JournalCursor, Notice
from tsm.models import Enrolment

Kind = Happening.Kind
BATCH = 1000  # entries a transaction

ACTIVATED, HELD, RELEASED, REVOKED = (f"certificate.{word}" for word in ("activated", "held", "released", "revoked"))
CERTIFICATE = (ACTIVATED, HELD, RELEASED, REVOKED)
UNBLOCK = ("service.unblock_signature", "service.unblock_authentication")
SCREEN_LOCK = "screen_lock.set_up"
MEASURE = "incident.measure"
READ = (*CERTIFICATE, *UNBLOCK, SCREEN_LOCK, MEASURE)
# What befalls no certificate is told by the kind of its entry.
OF_ENROLMENTS = {**dict.fromkeys(UNBLOCK, Kind.UNBLOCKED), SCREEN_LOCK: Kind.SCREEN_LOCK, MEASURE: Kind.SILENT}
OF_CERTIFICATES = (Kind.ISSUED, Kind.DEVICE_CHANGED, Kind.HELD, Kind.RELEASED, Kind.REVOKED, Kind.ABANDONED)


class _Group(NamedTuple):
    """What happened to one holder at one moment; `what` is empty for all that befalls certificates."""

    holder_id: int
    at: datetime
    what: str


def read(realm: Realm) -> int:
    """Read the realm's journal up to its head, and make what is to be told of it. Return how many happenings are new.

    Two workers at once share the work and do no harm: who moves the cursor has the entries.
    """
    made = 0
    while True:
        found = _read_batch(realm)
        if found is None:
            return made
        made += found


def decide(entries: Iterable[Mapping[str, Any]]) -> Kind:
    """Return what entries about certificates of one moment come to."""
    kinds = {entry["kind"] for entry in entries}
    begun = {entry["kind"] for entry in entries if entry.get("before") != Certificate.Status.PENDING}
    if ACTIVATED in kinds:
        return Kind.DEVICE_CHANGED if REVOKED in begun else Kind.ISSUED
    if REVOKED in kinds:
        return Kind.REVOKED if REVOKED in begun else Kind.ABANDONED
    return Kind.HELD if HELD in kinds else Kind.RELEASED


def _read_batch(realm: Realm) -> int | None:
    """Read the next entries; return how many happenings they made, None when there are none or another has them."""
    cursor, _ = JournalCursor.objects.get_or_create(realm=realm)
    head = JournalHead.objects.filter(realm=realm).values_list("sequence", flat=True).first() or 0
    end = min(head, cursor.sequence + BATCH)
    if end <= cursor.sequence:
        return None
    with transaction.atomic():
        claimed = JournalCursor.objects.filter(pk=cursor.pk, sequence=cursor.sequence).update(sequence=end)
        if not claimed:
            return None
        entries = JournalEntry.objects.filter(
            realm=realm, sequence__gt=cursor.sequence, sequence__lte=end, kind__in=READ
        )
        return _make(realm, list(entries.order_by("sequence")))


def _make(realm: Realm, entries: Sequence[JournalEntry]) -> int:
    certificates = _certificates(realm, entries)
    enrolments = _enrolments(realm, entries, certificates.values())
    by_reference = {str(one.reference): one for one in enrolments}
    by_certificate = {
        pk: one for one in enrolments for pk in (one.signature_certificate_id, one.authentication_certificate_id) if pk
    }
    signals = {entry.subject: entry.data["signal"] for entry in entries if entry.kind == MEASURE}
    groups: dict[_Group, list[dict[str, Any]]] = {}
    sequences: dict[_Group, int] = {}
    for entry in entries:
        if entry.kind in CERTIFICATE:
            certificate = certificates.get((entry.data["purpose"], entry.subject))
            if certificate is None or entry.data["medium"] != Medium.PHONE:
                continue
            enrolment = by_certificate.get(certificate.pk)
            since = datetime.fromisoformat(entry.data["since"])
            group = _Group(certificate.holder_id, since, "")
            said = {
                "kind": entry.kind,
                "purpose": certificate.purpose,
                "serial_number": certificate.serial_number,
                "before": entry.data["before"],
                "cause": entry.data["cause"],
                "not_after": certificate.not_after.isoformat(),
                "signal": signals.get(str(enrolment.reference), "") if enrolment else "",
            }
        else:
            enrolment = by_reference.get(entry.subject)
            if enrolment is None or (entry.kind == MEASURE and entry.data["action"] != "notice"):
                continue
            group = _Group(enrolment.holder_id, entry.at, entry.kind)
            said = {"kind": entry.kind}
        said["phone"] = enrolment.phone.name if enrolment else ""
        groups.setdefault(group, []).append(said)
        sequences.setdefault(group, entry.sequence)
    return sum(_tell(realm, group, told, sequences[group]) for group, told in groups.items())


def _tell(realm: Realm, group: _Group, entries: list[dict[str, Any]], sequence: int) -> bool:
    """Make one happening with its notice, or add to one of the same moment that nobody has begun to tell."""
    if not group.what and _joined(realm, group, entries):
        return False
    kind = OF_ENROLMENTS[group.what] if group.what else decide(entries)
    happening = Happening.objects.create(
        realm=realm, holder_id=group.holder_id, kind=kind, at=group.at, sequence=sequence, entries=entries
    )
    outbox.put(happening, now=clock.now(realm))
    return True


def _joined(realm: Realm, group: _Group, entries: list[dict[str, Any]]) -> bool:
    """Add entries to a happening that an earlier batch began, as long as it is told to nobody; say whether."""
    standing = Happening.objects.filter(
        realm=realm, holder_id=group.holder_id, at=group.at, kind__in=OF_CERTIFICATES
    ).first()
    if standing is None:
        return False
    waiting = Notice.objects.filter(happening=standing, state=Notice.State.WAITING, attempts=0)
    # The write holds the rows: whoever takes one in hand from now on reads what we add.
    if waiting.update(state=Notice.State.WAITING) != Notice.objects.filter(happening=standing).count():
        return False
    together = [*standing.entries, *entries]
    Happening.objects.filter(pk=standing.pk).update(entries=together, kind=decide(together))
    return True


def _certificates(realm: Realm, entries: Iterable[JournalEntry]) -> dict[tuple[str, str], Certificate]:
    serials = {entry.subject for entry in entries if entry.kind in CERTIFICATE}
    if not serials:
        return {}
    # Authorities count their serial numbers each for itself: the purpose tells whose it is.
    # By the authorities, as the index of the numbers is.
    issuers = list(realm.authorities.values_list("pk", flat=True))
    rows = Certificate.objects.filter(issuer__in=issuers, serial_number__in=serials, medium=Medium.PHONE)
    return {(one.purpose, one.serial_number): one for one in rows.defer("der", "public_key")}


def _enrolments(realm: Realm, entries: Iterable[JournalEntry], certificates: Iterable[Certificate]) -> list[Enrolment]:
    references = {entry.subject for entry in entries if entry.kind not in CERTIFICATE}
    ids = [one.pk for one in certificates]
    if not references and not ids:
        return []
    chosen = Q(reference__in=references) | Q(signature_certificate__in=ids) | Q(authentication_certificate__in=ids)
    return list(Enrolment.objects.filter(chosen, realm=realm).select_related("phone"))
