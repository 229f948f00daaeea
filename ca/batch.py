"""Many issuances in one go: the order of `ca.issuance`, each step once for all of them, each a commit.

Serial numbers are reserved in one transaction, intents recorded in one, certificates stored in one, keys opened once.
Every row moves by compare-and-set as in the single way, so a crash at any point leaves what the single way finishes.
Whatever is out of the ordinary (taken over, in conflict with another of the batch, left by a crash) goes that way.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from ca import assembly, clock, der, issuance, journal, linkage, revocation
from ca.errors import CaError, IssuanceRefused, PhoneCertificateExists, PublicKeyTaken
from ca.models import Authority, Certificate, Generation, Issuance, Realm
from ca.profiles import Medium, Purpose

State = Issuance.State
SIZE = 100  # requests a transaction: some 0.2 s, far within the lease
Outcome = Certificate | CaError

# Compare and set, many rows in one call; the sum of rows says whether all were still as they were.
_RESERVE = "UPDATE ca_issuance SET state = 'reserved', serial_number = %s WHERE id = %s AND state = 'requested'"
_INTEND = (
    "UPDATE ca_issuance SET state = 'signing', tbs = %s, generation_id = %s, partition_id = %s "
    "WHERE id = %s AND state = 'reserved'"
)
_STORED = (
    "UPDATE ca_issuance SET state = 'issued', certificate_id = %s, lease_until = NULL "
    "WHERE id = %s AND state = 'signing'"
)


class _Overtaken(Exception):
    """Say that another worker moved one of the rows: the transaction goes back."""


@dataclass
class _Batch:
    """What one realm's chunk has come to."""

    realm: Realm
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    single: list[Issuance] = field(default_factory=list)  # to go the single way afterwards

    def each(self, rows: Iterable[Issuance], step: Callable[[Issuance], None]) -> list[Issuance]:
        """Take a step for each row; return those that it did not refuse."""
        left = []
        for row in rows:
            try:
                step(row)
            except IssuanceRefused as refused:
                issuance._refuse(row, refused)
                self.outcomes[row.pk] = refused
            else:
                left.append(row)
        return left

    def together(self, rows: list[Issuance], step: Callable[[list[Issuance]], list[Issuance]]) -> list[Issuance]:
        """Take a step for all rows in one transaction; when one was overtaken, let all go the single way."""
        if not rows:
            return []
        try:
            return step(rows)
        except _Overtaken:
            self.single += rows
            return []


def issue(issuance_ids: Sequence[int]) -> dict[int, Outcome]:
    """Issue what was asked for; return by id the certificate, or the error that `issuance.issue` would have raised."""
    ids = list(dict.fromkeys(issuance_ids))
    outcomes: dict[int, Outcome] = {}
    for begin in range(0, len(ids), SIZE):
        outcomes |= _issue_chunk(ids[begin : begin + SIZE])
    return outcomes


def _issue_chunk(ids: list[int]) -> dict[int, Outcome]:
    rows = _claim(ids)
    outcomes: dict[int, Outcome] = {}
    claimed = {row.pk for row in rows}
    single = [pk for pk in ids if pk not in claimed]
    for _, of_realm in groupby(sorted(rows, key=lambda row: (row.realm_id, row.pk)), key=lambda row: row.realm_id):
        some = list(of_realm)
        batch = _Batch(some[0].realm)
        try:
            _issue_of_realm(batch, some)
        except CaError as error:
            # Nothing of the requests' fault (no key, no authority): what is not done waits.
            outcomes |= {row.pk: error for row in some}
        outcomes |= batch.outcomes
        single += [row.pk for row in batch.single]
    left = [row for row in rows if not isinstance(outcomes.get(row.pk), Certificate)]
    if left:
        # Whoever comes next need not wait for the lease.
        Issuance.objects.filter(pk__in=[row.pk for row in left], lease_until=left[0].lease_until).update(
            lease_until=None
        )
    return outcomes | {pk: _singly(pk) for pk in single}


def _singly(issuance_id: int) -> Outcome:
    try:
        return issuance.issue(issuance_id)
    except CaError as error:
        return error


def _claim(ids: list[int]) -> list[Issuance]:
    """Hold the rows that nobody holds and that nothing was recorded for yet."""
    at = clock.machine()
    until = at + issuance.lease()
    Issuance.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=at), pk__in=ids, state__in=[State.REQUESTED, State.RESERVED]
    ).update(lease_until=until)
    return list(
        Issuance.objects.filter(pk__in=ids, lease_until=until, state__in=[State.REQUESTED, State.RESERVED])
        .select_related("realm", "holder", "linked_to")
        .order_by("pk")
    )


def _issue_of_realm(batch: _Batch, rows: list[Issuance]) -> None:
    generations = {
        purpose: issuance.newest_generation(batch.realm, Purpose(purpose))
        for purpose in sorted({row.purpose for row in rows})
    }
    now = clock.now(batch.realm)
    twins: dict[int, tuple[bytes, bool]] = {}

    def lint(row: Issuance) -> None:
        twin, pkilinted = issuance._linted_twin(row, generations[row.purpose], int(row.serial_number, 16), now)
        twins[row.pk] = (twin.tbs_certificate_bytes, pkilinted)

    def intend(fit: list[Issuance]) -> list[Issuance]:
        return _record_intents(batch, fit, generations, twins)

    fit = _acceptable(batch, rows)
    reserved = batch.together(fit, lambda some: _reserve(some, generations))
    intended = batch.together(batch.each(reserved, lint), intend)
    signed = _sign(intended, generations)
    batch.outcomes |= _store(batch.realm, intended, signed)


def _acceptable(batch: _Batch, rows: list[Issuance]) -> list[Issuance]:
    """Hold all against what is certified, as `issuance._require_acceptable` does one, in three queries."""
    identifiers: dict[int, str] = {}

    def identify(row: Issuance) -> None:
        key = assembly.load_public_key(bytes(row.public_key))
        identifiers[row.pk] = assembly.key_identifier(key).hex().upper()

    rows = batch.each(rows, identify)
    owners: dict[str, set[tuple[int, str, str]]] = {}
    certified = Certificate.objects.filter(realm=batch.realm, subject_key_identifier__in=set(identifiers.values()))
    fields = ("subject_key_identifier", "holder_id", "purpose", "medium")
    for identifier, holder_id, purpose, medium in certified.values_list(*fields):
        owners.setdefault(identifier, set()).add((holder_id, purpose, medium))
    living = set(
        Certificate.objects.filter(
            realm=batch.realm,
            holder__in={row.holder_id for row in rows if row.medium == Medium.PHONE and not row.pending},
            medium=Medium.PHONE,
            status__in=[Certificate.Status.VALID, Certificate.Status.ON_HOLD],
        ).values_list("holder_id", "purpose")
    )
    now = clock.now(batch.realm)

    def require(row: Issuance) -> None:
        if owners.get(identifiers[row.pk], set()) - {(row.holder_id, row.purpose, row.medium)}:
            raise PublicKeyTaken("the public key is certified for another holder, purpose or medium")
        if row.linked_to is not None:
            revocation.require_standing(row.linked_to, now=now)
            if not row.pending and (row.holder_id, row.purpose) in living:
                raise PhoneCertificateExists(
                    "the holder has a phone certificate of this purpose that is valid or on hold"
                )

    # Of two that stand in each other's way the later goes after the first is stored.
    keys: set[str] = set()
    holders: set[tuple[int, str]] = set()
    alone = []
    for row in batch.each(rows, require):
        phone = row.medium == Medium.PHONE and not row.pending
        if identifiers[row.pk] in keys or (phone and (row.holder_id, row.purpose) in holders):
            batch.single.append(row)
            continue
        keys.add(identifiers[row.pk])
        if phone:
            holders.add((row.holder_id, row.purpose))
        alone.append(row)
    return alone


def _reserve(rows: list[Issuance], generations: dict[str, Generation]) -> list[Issuance]:
    """Take serial numbers for all that have none yet, a run of them from each authority."""
    asking = [row for row in rows if row.state == State.REQUESTED]
    if not asking:
        return rows
    with transaction.atomic(durable=True):
        # Always in the same order, so that no two workers wait for each other.
        for purpose in sorted({row.purpose for row in asking}):
            run = [row for row in asking if row.purpose == purpose]
            authority: Authority = generations[purpose].authority
            first = issuance.take_serial_number(authority, len(run))
            for number, row in enumerate(run, first):
                row.serial_number = der.integer_hex(number)
        _move(_RESERVE, [(row.serial_number, row.pk) for row in asking])
    for row in asking:
        row.state = State.RESERVED
    return rows


def _record_intents(
    batch: _Batch, rows: list[Issuance], generations: dict[str, Generation], twins: dict[int, tuple[bytes, bool]]
) -> list[Issuance]:
    """Write down what will be signed, all of it, before any key is touched."""
    refused: list[tuple[Issuance, IssuanceRefused]] = []
    with transaction.atomic(durable=True):
        journal.take(batch.realm)
        now = clock.now(batch.realm)
        # Once more, under the realm's turn, as in the single way.
        cards = Certificate.objects.in_bulk([row.linked_to_id for row in rows if row.linked_to_id is not None])
        partitions = {}
        intended = []
        for row in rows:
            generation = generations[row.purpose]
            place = (generation.pk, row.medium, row.holder.municipality_code, row.holder.municipality)
            try:
                if row.linked_to_id is not None:
                    revocation.require_standing(cards[row.linked_to_id], now=now)
                if place not in partitions:
                    partitions[place] = issuance._partition(row, generation)
            except IssuanceRefused as error:
                refused.append((row, error))
                continue
            row.generation, row.partition, row.tbs = generation, partitions[place], twins[row.pk][0]
            intended.append(row)
        _move(_INTEND, [(twins[row.pk][0], row.generation_id, row.partition_id, row.pk) for row in intended])
        journal.record_all(
            batch.realm,
            [
                issuance._intended(row, generations[row.purpose], twins[row.pk][0], pkilinted=twins[row.pk][1])
                for row in intended
            ],
        )
    for row, refusal in refused:
        issuance._refuse(row, refusal)
        batch.outcomes[row.pk] = refusal
    for row in intended:
        row.state = State.SIGNING
    return intended


def _sign(rows: list[Issuance], generations: dict[str, Generation]) -> list[bytes]:
    """Sign what is recorded, each generation's key opened once."""
    signing = {purpose: issuance.signing(generations[purpose]) for purpose in {row.purpose for row in rows}}
    return [signing[row.purpose](bytes(row.tbs or b"")) for row in rows]


def _store(realm: Realm, rows: list[Issuance], signed: list[bytes]) -> dict[int, Outcome]:
    """Keep all that was signed; where anything stands in the way of all, one by one."""
    if not rows:
        return {}
    try:
        certificates = _store_all(realm, rows, signed)
    except (_Overtaken, IntegrityError):
        return dict(_store_each(rows, signed))
    return {row.pk: certificate for row, certificate in zip(rows, certificates, strict=True)}


def _store_each(rows: list[Issuance], signed: list[bytes]) -> Iterator[tuple[int, Outcome]]:
    for row, certificate_der in zip(rows, signed, strict=True):
        yield row.pk, issuance._store(row, certificate_der, recovered=False)


def _store_all(realm: Realm, rows: list[Issuance], signed: list[bytes]) -> list[Certificate]:
    certificates = [
        issuance._as_signed(row, certificate_der, pending=row.pending)
        for row, certificate_der in zip(rows, signed, strict=True)
    ]
    with transaction.atomic(durable=True):
        journal.take(realm)
        Certificate.objects.bulk_create(certificates)
        linkage.watch(certificates)
        _move(_STORED, [(certificate.pk, row.pk) for row, certificate in zip(rows, certificates, strict=True)])
        journal.record_all(
            realm,
            [
                issuance._happened(row, certificate, recovered=False)
                for row, certificate in zip(rows, certificates, strict=True)
            ],
        )
        touched = {
            row.partition.pk for row in rows if row.partition and (row.pending or row.partition.published_revision < 0)
        }
        if touched:
            revocation.touch(sorted(touched))
    return certificates


def _move(statement: str, values: Sequence[tuple[int | str | bytes | None, ...]]) -> None:
    """Move rows of requests by compare-and-set, all or none. Raises _Overtaken."""
    if not values:
        return
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
        if cursor.rowcount != len(values):
            raise _Overtaken
