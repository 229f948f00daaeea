"""CRLs: one list per partition, signed whole, published by one committed row; all are kept.

A partition is one CRL distribution point of one generation. Its list says which of its certificates are not good:
revoked ones with their reason, those on hold and those awaiting activation as certificateHold. Each list is held
against the last before anyone sees it (`ca.succession`); where it doesn't follow, the last one stays.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet

from ca import assembly, clock, der, journal, keys, listed, octets, points, succession
from ca.errors import CrlRefused
from ca.models import Crl, JournalEntry, Partition, Realm

_BATCH_LISTS = 128  # published together, and
_BATCH_ENTRIES = 250_000  # with no more entries than that: some 10 MB
_NEWEST = """
SELECT id, partition_id, number, this_update, next_update, entries, revision FROM ca_crl WHERE id IN (
    SELECT (SELECT l.id FROM ca_crl l WHERE l.partition_id = p.id ORDER BY l.number DESC LIMIT 1)
    FROM ca_partition p WHERE p.id IN ({})
)
"""
# The revision only grows: whoever published an older one in the meantime takes nothing back.
_PUBLISHED = """
UPDATE ca_partition SET published_at = %s,
published_revision = CASE WHEN published_revision < %s THEN %s ELSE published_revision END WHERE id = %s
"""


@dataclass
class _Draft:
    """A partition's next list on its way."""

    partition: Partition
    revision: int  # read before the entries: what changes in between is published once more, never missed
    last: Crl | None
    number: int
    at: datetime
    entries: int
    tbs: bytes
    others: list[Partition]  # of other generations, at the same point
    signed: bytes = b""

    @property
    def subject(self) -> str:
        """Return what the journal calls it."""
        where = f"{self.partition.medium}/{self.partition.municipality_code}" if self.partition.medium else "authority"
        return f"{self.partition.generation.authority.purpose}/{where}"

    def happening(self, kind: str, **more: object) -> journal.Happening:
        """Return an entry for the journal."""
        generation = self.partition.generation
        data = {"generation": generation.number, "number": self.number, "key_label": generation.key_label}
        return journal.Happening(kind, self.subject, data | more)


class _Overtaken(Exception):
    """Say that another worker published at one of the points: the transaction goes back."""


def interval() -> timedelta:
    """Return the time from one regular issue to the next."""
    return timedelta(seconds=settings.CRL_PUBLISH_SECONDS)


def validity() -> timedelta:
    """Return the time from a list's thisUpdate to its nextUpdate."""
    return timedelta(seconds=settings.CRL_VALIDITY_SECONDS)


def due(realm: Realm) -> QuerySet[Partition]:
    """Return the realm's partitions that have no list, whose statuses changed since, or whose next issue has come."""
    return (
        Partition.objects.filter(generation__authority__realm=realm)
        .filter(_due(clock.now(realm)))
        .select_related("generation__authority__realm")
        .order_by("pk")
    )


def is_due(partition: Partition, now: datetime) -> bool:
    """Tell whether a partition, as just read, is due at `now`: what `due` asks of the database."""
    at = partition.published_at
    return at is None or partition.published_revision < partition.revision or not now - interval() < at <= now


def _due(now: datetime) -> Q:
    # A list from the realm's future (its clock was set back) is due as well.
    return (
        Q(published_at=None)
        | Q(published_revision__lt=F("revision"))
        | Q(published_at__lte=now - interval())
        | Q(published_at__gt=now)
    )


def newest(partition: Partition) -> Crl | None:
    """Return the partition's list that holds now, or None before the first."""
    return partition.crls.order_by("-number").first()


# --- Publishing ------------------------------------------------------------------------------------------------------
def publish(partition: Partition, now: datetime | None = None) -> Crl:
    """Assemble, sign and publish the partition's list as of `now` (the realm's time). Needs the CA's keys.

    When another worker publishes at the same time, the later number wins and this one is made again if it must be.
    Raises CrlRefused when the list doesn't follow from the last one, which then stays; KeysUnavailable.
    """
    (outcome,) = _publish(partition.generation.authority.realm, [partition], now)
    if isinstance(outcome, CrlRefused):
        raise outcome
    return outcome


def publish_due(realm: Realm) -> Iterator[Crl | CrlRefused]:
    """Publish the realm's lists that are due, many at a time; yield each, or why it is not published.

    The first time, the list of each generation's own certificates is among them. Needs the CA's keys.
    """
    points.open_own(realm)
    for batch in _batches(list(due(realm))):
        yield from _publish(realm, batch, None)


def publish_together(partition_ids: Collection[int]) -> Iterator[Crl | CrlRefused]:
    """Publish those of these partitions' lists, of one realm, that are due; yield as `publish_due` does."""
    found = Partition.objects.filter(pk__in=partition_ids).select_related("generation__authority__realm").order_by("pk")
    partitions = list(found)
    if not partitions:
        return
    realm = partitions[0].generation.authority.realm
    now = clock.now(realm)
    for batch in _batches([partition for partition in partitions if is_due(partition, now)]):
        yield from _publish(realm, batch, None)


def _batches(partitions: list[Partition]) -> Iterator[list[Partition]]:
    if len(partitions) == 1:
        yield partitions
        return
    lasts = newest_of(partitions)
    batch: list[Partition] = []
    entries = 0
    for partition in partitions:
        size = lasts[partition.pk].entries if partition.pk in lasts else 0
        if batch and (len(batch) == _BATCH_LISTS or entries + size > _BATCH_ENTRIES):
            yield batch
            batch, entries = [], 0
        batch.append(partition)
        entries += size
    if batch:
        yield batch


def _publish(realm: Realm, partitions: list[Partition], now: datetime | None) -> list[Crl | CrlRefused]:
    """Publish the lists of partitions of one realm, each step once for all of them; return what became of each."""
    signers = {
        label: keys.store().open(label)  # before anything is written
        for label in {partition.generation.key_label for partition in partitions}
    }
    outcomes: dict[int, Crl | CrlRefused] = {}
    while left := [partition for partition in partitions if partition.pk not in outcomes]:
        drafts = _drafts(left, (now if now is not None else clock.now(realm)).replace(microsecond=0))
        # The use of the key is written down before the key is used.
        intended = [draft.happening("crl.intended", tbs_sha256=assembly.digest(draft.tbs)) for draft in drafts]
        journal.record_all(realm, intended)
        good = []
        for draft in drafts:
            draft.signed = der.signed(draft.tbs, signers[draft.partition.generation.key_label].sign(draft.tbs))
            draft.tbs = b""
            partition = draft.partition
            findings = succession.examine(partition, draft.signed, draft.last, points.extension(partition))
            if not findings:
                good.append(draft)
            elif _is_current(draft):
                outcomes[partition.pk] = _refusal(realm, draft, findings)
        try:
            outcomes |= _store(realm, good) if good else {}
        except _Overtaken:
            outcomes |= {draft.partition.pk: latest for draft in good if (latest := _overtaking(draft)) is not None}
    return [outcomes[partition.pk] for partition in partitions]


def newest_of(partitions: Iterable[Partition]) -> dict[int, Crl]:
    """Return the list of each partition that holds now, by the partition's id, without its octets."""
    wanted = [partition.pk for partition in partitions]
    if not wanted:
        return {}
    # Two steps down an index for each; Django's own words for it cost more than the answer.
    lists = Crl.objects.raw(_NEWEST.format(", ".join(["%s"] * len(wanted))), wanted)
    return {crl.partition_id: crl for crl in lists}


def _drafts(partitions: list[Partition], at: datetime) -> list[_Draft]:
    """Return the partitions' next lists, assembled and not yet signed."""
    siblings = list(points.siblings(partitions))
    lasts = newest_of(siblings)
    revisions = {sibling.pk: sibling.revision for sibling in siblings}
    # RFC 5280 5.2.3: one sequence for an issuer's name and a scope, and the generations share both.
    numbers: dict[points.Key, int] = {}
    at_point: dict[points.Key, list[Partition]] = {}
    for sibling in siblings:
        number = lasts[sibling.pk].number if sibling.pk in lasts else 0
        numbers[points.key(sibling)] = max(number, numbers.get(points.key(sibling), 0))
        at_point.setdefault(points.key(sibling), []).append(sibling)
    drafts = []
    for partition in partitions:
        last = lasts.get(partition.pk)
        # RFC 5280 3.3: an entry stays until it stood on one list issued after the certificate's end.
        entries = listed.entries(partition, last.this_update if last is not None else None)
        number = numbers[points.key(partition)] = numbers[points.key(partition)] + 1
        tbs = _assemble(partition, entries.parts, number, at)
        others = [one for one in at_point[points.key(partition)] if one != partition]
        drafts.append(_Draft(partition, revisions[partition.pk], last, number, at, entries.count, tbs, others))
    return drafts


def _assemble(partition: Partition, entries: list[bytes], number: int, now: datetime) -> bytes:
    """Return the TBSCertList: the builder's, of a list without entries, with ours put where they belong."""
    issuer = assembly.Issuer.of(partition.generation)
    empty = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.name)
        .last_update(now)
        .next_update(now + validity())
        .add_extension(x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(points.extension(partition), critical=True)
        .sign(assembly.throw_away_key(), hashes.SHA256())
        .tbs_certlist_bytes
    )
    if not any(entries):
        return empty  # RFC 5280 5.1.2.6: no entries, no revokedCertificates
    *before, extensions = (der.whole(element) for element in der.elements(empty))
    # The entries are copied once: a million of them are 40 MB.
    head = der.header(der.SEQUENCE, sum(map(len, entries)))
    return der.tlv(der.SEQUENCE, *before, head, *entries, extensions)


def _is_current(draft: _Draft) -> bool:
    """Tell whether what the draft was made from, and held against, is what the database still says."""
    revision = Partition.objects.values_list("revision", flat=True).get(pk=draft.partition.pk)
    return revision == draft.revision and newest_of([draft.partition]).get(draft.partition.pk) == draft.last


def _refusal(realm: Realm, draft: _Draft, findings: list[str]) -> CrlRefused:
    """Journal, once for the same findings, that a list is not published; return the error that says so."""
    refused = draft.happening("crl.refused", findings=findings)
    earlier = JournalEntry.objects.filter(realm=realm, subject=draft.subject, kind="crl.refused").order_by("-sequence")
    before = earlier.first()
    if before is None or before.data != refused.data:
        journal.record_all(realm, [refused])
    return CrlRefused(f"the CRL of {draft.partition} is not published: {'; '.join(findings)}", findings=findings)


def _store(realm: Realm, drafts: list[_Draft]) -> dict[int, Crl | CrlRefused]:
    """Publish signed lists in one transaction. Raises _Overtaken when one of the numbers was taken meanwhile."""
    published: dict[int, Crl | CrlRefused] = {}
    with transaction.atomic():
        # Long rows first, and always in one order: the realm waits for us only while the rest is written.
        for crl in _insert(sorted(drafts, key=lambda draft: draft.partition.pk)):
            published[crl.partition_id] = crl
        # This takes the realm's turn.
        journal.record_all(
            realm,
            [d.happening("crl.published", entries=d.entries, sha256=assembly.digest(d.signed)) for d in drafts],
        )
        _require_first(drafts)
        with connection.cursor() as cursor:
            at = [connection.ops.adapt_datetimefield_value(draft.at) for draft in drafts]
            cursor.executemany(
                _PUBLISHED,
                [(t, d.revision, d.revision, d.partition.pk) for t, d in zip(at, drafts, strict=True)],
            )
    return published


def _insert(drafts: list[_Draft]) -> list[Crl]:
    """Write the rows. Raises _Overtaken when there is one of that partition and number."""
    crls = [
        Crl(
            partition=draft.partition,
            number=draft.number,
            der=draft.signed,
            this_update=draft.at,
            next_update=draft.at + validity(),
            entries=draft.entries,
            revision=draft.revision,
        )
        for draft in drafts
    ]
    if not octets.in_postgresql():
        try:
            for crl in crls:
                crl.save(force_insert=True)
        except IntegrityError:
            raise _Overtaken from None
    elif not octets.insert(crls):
        raise _Overtaken
    return crls


def _require_first(drafts: list[_Draft]) -> None:
    """Hold, in the realm's turn, that no other generation's list at one of the points has such a number already."""
    ours = {draft.partition.pk for draft in drafts}
    for draft in drafts:
        others = [one for one in draft.others if one.pk not in ours]
        if others and Crl.objects.filter(partition__in=others, number__gte=draft.number).exists():
            raise _Overtaken


def _overtaking(draft: _Draft) -> Crl | None:
    """Return the list that another published instead, where it shows what this one would have shown."""
    latest = newest(draft.partition)
    return (
        latest if latest is not None and latest.number >= draft.number and latest.revision >= draft.revision else None
    )
