"""The steps of issuing that the database keeps, each for many requests and in the caller's transaction.

Every row moves by compare-and-set. Where another worker moved some of them meanwhile, `Overtaken` says which are left,
and the transaction goes back.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ca import bulk, clock, der, journal, leases, linkage, lint, revisions, revocation
from ca.errors import HolderUnfit, IssuanceRefused
from ca.issuance.drafts import Draft
from ca.issuance.terms import lease, take_serial_number
from ca.models import Certificate, Generation, Issuance, Partition, Realm

State = Issuance.State
_COLUMNS = bulk.columns(Certificate)


class Overtaken(Exception):
    """Say that other workers moved some of the rows."""

    def __init__(self, moved: set[int]) -> None:
        super().__init__()
        self.moved = moved  # ids of the rows that were still as they should be


def read(ids: Iterable[int]) -> list[Issuance]:
    """Return requests by id with all that they name, in the order of their ids. Raises Issuance.DoesNotExist."""
    wanted = set(ids)
    rows = bulk.read(Issuance.objects.filter(pk__in=wanted).order_by("pk"))
    if len(rows) != len(wanted):
        raise Issuance.DoesNotExist(f"no request {sorted(wanted - {row.pk for row in rows})}")
    for name in ("realm", "holder", "linked_to", "partition", "certificate"):
        _attach(rows, name)
    return rows


def _attach(rows: Sequence[Issuance], name: str) -> None:
    """Read what the rows name in one field, each once."""
    field: Any = Issuance._meta.get_field(name)
    named = {row.__dict__[field.attname] for row in rows} - {None}
    found = {one.pk: one for one in bulk.read(field.related_model.objects.filter(pk__in=named))} if named else {}
    for row in rows:
        field.set_cached_value(row, found.get(row.__dict__[field.attname]))


def claim(rows: Sequence[Issuance], until: datetime) -> list[Issuance]:
    """Hold what workers that died left behind, until then; return those that nobody else holds."""
    if not rows:
        return []
    ids = [row.pk for row in rows]
    begun = [State.RESERVED, State.SIGNING]
    free = leases.free(clock.machine(), lease())
    Issuance.objects.filter(free, pk__in=ids, state__in=begun).update(lease_until=until)
    # Read anew: who held them before us may have moved them on.
    return [row for row in read(ids) if row.lease_until == until and row.state in begun]


def let_go(ids: Iterable[int], until: datetime) -> None:
    """Let others have what we held until then."""
    Issuance.objects.filter(pk__in=list(ids), lease_until=until).update(lease_until=None)


def reserve(rows: Sequence[Issuance], generations: Mapping[str, Generation], until: datetime) -> None:
    """Hold requests that nobody holds, and give each the next serial number of its authority."""
    # Always in the same order, so that no two workers wait for each other.
    for purpose in sorted({row.purpose for row in rows}):
        run = [row for row in rows if row.purpose == purpose]
        first = take_serial_number(generations[purpose].authority, len(run))
        for number, row in enumerate(run, first):
            row.serial_number = der.integer_hex(number)
    _move(
        ("state", "serial_number", "lease_until"),
        [(row.pk, State.RESERVED.value, row.serial_number, until) for row in rows],
        where="t.state = 'requested' AND (t.lease_until IS NULL OR t.lease_until < %s OR t.lease_until > %s)",
        arguments=[clock.machine(), leases.latest(clock.machine(), lease())],
    )


def partitions(realm: Realm, drafts: Sequence[Draft], now: datetime) -> dict[int, IssuanceRefused]:
    """Give each request its partition; return, by id, why some can't be issued any more.

    Called under the realm's turn: from here on the revocation of a card certificate comes after us, and the sweep finds
    the phone certificate.
    """
    cards = Certificate.objects.in_bulk({draft.row.linked_to_id for draft in drafts} - {None})
    known: dict[tuple[int, str, str], Partition] = {
        (partition.generation_id, partition.medium, partition.municipality_code): partition
        for partition in Partition.objects.filter(
            generation__in={draft.generation.pk for draft in drafts},
            municipality_code__in={draft.row.holder.municipality_code for draft in drafts},
        )
    }
    refused: dict[int, IssuanceRefused] = {}
    for draft in drafts:
        row, holder = draft.row, draft.row.holder
        place = (draft.generation.pk, row.medium, holder.municipality_code)
        try:
            if row.linked_to_id is not None:
                revocation.require_standing(cards[row.linked_to_id], now=now)
        except IssuanceRefused as error:
            refused[row.pk] = error
            continue
        if place not in known:
            known[place], _ = Partition.objects.get_or_create(
                generation=draft.generation,
                medium=row.medium,
                municipality_code=holder.municipality_code,
                defaults={"prefecture": holder.prefecture, "municipality": holder.municipality},
            )
        partition = known[place]
        if (partition.prefecture, partition.municipality) != (holder.prefecture, holder.municipality):
            message = f"municipality {holder.municipality_code} is {partition.municipality}"
            refused[row.pk] = HolderUnfit(message, field="municipality_code")
            continue
        row.partition = partition
    return refused


def record_intents(realm: Realm, drafts: Sequence[Draft], passed: lint.Passed) -> None:
    """Write down what will be signed, in the rows and in the journal, before any key is touched."""
    _move(
        ("state", "tbs", "partition_id"),
        [(draft.row.pk, State.SIGNING.value, draft.tbs, draft.row.partition_id) for draft in drafts],
        where="t.state = 'reserved'",
    )
    journal.record_all(realm, [draft.intended() for draft in drafts])
    passed.store()


def store(realm: Realm, signed: Sequence[tuple[Draft, bytes]], *, pending: bool | None = None) -> list[Certificate]:
    """Keep signed certificates, pending where they were asked for so, or all as `pending` says."""
    now = clock.now(realm)
    certificates = bulk.insert(
        Certificate,
        [
            _certificate(draft, octets, draft.row.pending if pending is None else pending, now)
            for draft, octets in signed
        ],
    )
    linkage.watch(certificates)
    _move(
        # The certificate has the octets now.
        ("state", "certificate_id", "tbs", "lease_until"),
        [
            (draft.row.pk, State.ISSUED.value, certificate.pk, None, None)
            for (draft, _), certificate in zip(signed, certificates, strict=True)
        ],
        where="t.state = 'signing'",
    )
    journal.record_all(
        realm,
        [
            draft.issued(octets, certificate.status)
            for (draft, octets), certificate in zip(signed, certificates, strict=True)
        ],
    )
    # A partition's first certificate calls for its first CRL; a pending one stands on it as on hold.
    touched = {
        certificate.partition_id
        for (draft, _), certificate in zip(signed, certificates, strict=True)
        if certificate.status == Certificate.Status.PENDING or _is_unpublished(draft.row.partition)
    }
    if touched:
        revisions.touch(sorted(touched))
    return certificates


def _is_unpublished(partition: Partition | None) -> bool:
    return partition is not None and partition.published_revision < 0


def still_signing(ids: Iterable[int]) -> set[int]:
    """Return those requests, by id, whose certificate nobody has stored."""
    return set(Issuance.objects.filter(pk__in=list(ids), state=State.SIGNING).values_list("pk", flat=True))


def _certificate(draft: Draft, certificate_der: bytes, pending: bool, now: datetime) -> bulk.Row:
    """Return the certificate's row, in the order of its columns."""
    row = draft.row
    assert row.partition_id is not None  # noqa: S101  (state signing)
    columns = {
        "realm_id": row.realm_id,
        "generation_id": draft.generation.pk,
        "issuer_id": draft.generation.authority_id,
        "partition_id": row.partition_id,
        "serial_number": row.serial_number,
        "purpose": row.purpose,
        "medium": row.medium,
        "holder_id": row.holder_id,
        "der": certificate_der,
        "public_key": bytes(row.public_key),
        "subject_key_identifier": draft.key_identifier,
        "not_before": draft.not_before,
        "not_after": draft.not_after,
        "status": (Certificate.Status.PENDING if pending else Certificate.Status.VALID).value,
        "cause": revocation.Cause.AWAITING_ACTIVATION.value if pending else "",
        "revoked_at": None,
        "changed_at": now,
        "crl_entry": None,
        "linked_to_id": row.linked_to_id,
    }
    return tuple([columns[name] for name in _COLUMNS])


def refuse(row: Issuance, refused: IssuanceRefused) -> None:
    """Note why no certificate is issued; never once the intent is recorded, for then it may have been signed."""
    journal.take(row.realm)
    moved = Issuance.objects.filter(pk=row.pk, state__in=[State.REQUESTED, State.RESERVED]).update(
        state=State.REFUSED, error_code=refused.code, error_detail=str(refused), lease_until=None
    )
    if moved == 1:
        journal.record(
            row.realm,
            "issuance.refused",
            row.request_key,
            code=refused.code,
            detail=str(refused),
            serial_number=row.serial_number,
        )


def _move(names: Sequence[str], rows: Sequence[bulk.Row], *, where: str, arguments: Sequence[Any] = ()) -> None:
    moved = bulk.update(Issuance, names, rows, where=where, arguments=arguments)
    if len(moved) != len(rows):
        raise Overtaken(moved)
