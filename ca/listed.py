"""What stands on a partition's list: the entries of its certificates that are not good, as their rows keep them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet

from ca import bulk, journal, octets, revocation
from ca.models import Certificate, Partition

_EVER = datetime(1, 1, 2, tzinfo=UTC)
_ROWS = 100_000  # joined at a time: some 4 MB
# The partial index ca_certificate_listed holds all that this reads: the rows themselves, with their certificates, are
# not touched. Pairs are compared and ordered because no other index has that order, whatever the statistics say; so the
# rows come sorted before they are joined, which costs less than to have the aggregate sort them.
_BLOCK = """
SELECT max(id), count(*), count(crl_entry), coalesce(string_agg(crl_entry, ''::bytea), ''::bytea) FROM (
    SELECT id, crl_entry FROM ca_certificate
    WHERE (partition_id, id) > (%(partition)s, %(after)s) AND partition_id <= %(partition)s
    AND NOT (status = 'valid') AND not_after >= %(since)s
    ORDER BY partition_id, id LIMIT %(rows)s
) AS listed
"""


@dataclass(frozen=True)
class Entries:
    """The content of revokedCertificates, in parts to be joined, and the number of its entries."""

    parts: list[bytes]
    count: int


def entries(partition: Partition, since: datetime | None) -> Entries:
    """Return the partition's entries; without the certificates that ended before `since`, when that is given."""
    while True:
        parts, count, present = [], 0, 0
        for rows, with_entry, joined in _blocks(partition, since or _EVER):
            parts.append(joined)
            count += rows
            present += with_entry
        if count == present:
            lost = partition.lost_certificates.filter(not_after__gte=since or _EVER).order_by("pk")
            more = [bytes(entry) for entry in lost.values_list("crl_entry", flat=True)]
            return Entries([*parts, *more], count + len(more))
        _complete(partition)


def _blocks(partition: Partition, since: datetime) -> Iterator[tuple[int, int, bytes]]:
    """Yield blocks in the order of issue: the number of rows, of those with an entry, and the entries joined.

    What changes between two blocks raises the partition's revision, and is published once more.
    """
    if not octets.in_postgresql():
        rows = _not_good(partition).filter(not_after__gte=since).order_by("pk").values_list("crl_entry", flat=True)
        # SQLite can't join octets.
        found = [None if entry is None else bytes(entry) for entry in rows.iterator(chunk_size=10_000)]
        present = [entry for entry in found if entry is not None]
        yield len(found), len(present), b"".join(present)
        return
    after: int | None = 0
    with octets.cursor() as cursor:
        while True:
            cursor.execute(_BLOCK, {"partition": partition.pk, "after": after, "since": since, "rows": _ROWS})
            last, count, present_count, joined = cursor.fetchone() or (None, 0, 0, b"")
            yield count, present_count, joined
            if count < _ROWS:
                return
            after = last


def _not_good(partition: Partition) -> QuerySet[Certificate]:
    return partition.certificates.exclude(status=Certificate.Status.VALID)


def _complete(partition: Partition) -> None:
    """Make the entries that rows lack."""
    with transaction.atomic():
        journal.take(partition.generation.authority.realm)
        lacking = _not_good(partition).filter(crl_entry=None)
        found = lacking.values_list("pk", "serial_number", "cause", "revoked_at", "changed_at")
        rows = [
            (pk, revocation.crl_entry(serial_number, cause=cause, at=revoked_at or changed_at))
            for pk, serial_number, cause, revoked_at, changed_at in found
        ]
        bulk.update(Certificate, ("crl_entry",), rows, where="t.status <> %s", arguments=[Certificate.Status.VALID])
