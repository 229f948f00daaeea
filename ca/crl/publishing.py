"""Publishing: lists signed, held against the last, and stored, many of a realm at a time.

The use of the key is journaled before the key is used, and no key is used inside a transaction.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from ca import assembly, clock, der, journal, keys, octets, points, succession, transcript
from ca.crl.drafts import Draft, newest, newest_of, next_lists, validity
from ca.crl.schedule import due, is_due
from ca.errors import CrlRefused, KeysUnavailable
from ca.models import Crl, JournalEntry, Partition, Realm

_BATCH_LISTS = 128  # published together, and
_BATCH_ENTRIES = 250_000  # with no more entries than that: some 10 MB
# The revision only grows: whoever published an older one in the meantime takes nothing back.
_PUBLISHED = """
UPDATE ca_partition SET published_at = %s,
published_revision = CASE WHEN published_revision < %s THEN %s ELSE published_revision END WHERE id = %s
"""

# What became of a list: it is published, or why it isn't.
Outcome = Crl | CrlRefused | KeysUnavailable


class _Overtaken(Exception):
    """Say that another worker published at one of the points: the transaction goes back."""


def publish(partition: Partition, now: datetime | None = None) -> Crl:
    """Assemble, sign and publish the partition's list as of `now` (the realm's time). Needs the CA's keys.

    When another worker publishes at the same time, the later number wins and this one is made again if it must be.
    Raises CrlRefused when the list doesn't follow from the last one, which then stays; KeysUnavailable.
    """
    (outcome,) = _publish(partition.generation.authority.realm, [partition], now, _Keys())
    if isinstance(outcome, Crl):
        return outcome
    raise outcome


def publish_due(realm: Realm) -> Iterator[Outcome]:
    """Publish the realm's lists that are due, many at a time; yield each, or why it is not published.

    The first time, the list of each generation's own certificates is among them. Needs the CA's keys; where one of
    them doesn't answer, its lists stay as they are, and those of the others are published.
    """
    points.open_own(realm)
    opened = _Keys()
    for batch in _batches(list(due(realm))):
        yield from _publish(realm, batch, None, opened)


def publish_together(partition_ids: Collection[int]) -> Iterator[Outcome]:
    """Publish those of these partitions' lists, of one realm, that are due; yield as `publish_due` does."""
    found = Partition.objects.filter(pk__in=partition_ids).select_related("generation__authority__realm").order_by("pk")
    partitions = list(found)
    if not partitions:
        return
    realm = partitions[0].generation.authority.realm
    now = clock.now(realm)
    opened = _Keys()
    for batch in _batches([partition for partition in partitions if is_due(partition, now)]):
        yield from _publish(realm, batch, None, opened)


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


class _Keys:
    """The keys of one publication. One that didn't answer isn't asked again: each time it may take a token seconds."""

    def __init__(self) -> None:
        self._silent: dict[str, KeysUnavailable] = {}

    def refusal(self, label: str) -> KeysUnavailable | None:
        """Return why the key of that label can't be used, None where nothing speaks against it yet."""
        if label not in self._silent:
            try:
                keys.store().open(label)
            except KeysUnavailable as error:
                self._silent[label] = error
        return self._silent.get(label)

    def sign(self, label: str, tbs: bytes) -> bytes | KeysUnavailable:
        """Return the signature, or why there is none."""
        if (refusal := self.refusal(label)) is not None:
            return refusal
        try:
            return keys.store().open(label).sign(tbs)
        except KeysUnavailable as error:
            self._silent[label] = error
            return error


def _publish(realm: Realm, partitions: list[Partition], now: datetime | None, opened: _Keys) -> list[Outcome]:
    """Publish the lists of partitions of one realm, each step once for all of them; return what became of each."""
    transcript.require_running(realm)
    outcomes: dict[int, Outcome] = {
        partition.pk: refusal  # before anything is written
        for partition in partitions
        if (refusal := opened.refusal(partition.generation.key_label)) is not None
    }
    while left := [partition for partition in partitions if partition.pk not in outcomes]:
        drafts = next_lists(left, (now if now is not None else clock.now(realm)).replace(microsecond=0))
        # The use of the key is written down before the key is used.
        intended = [draft.happening("crl.intended", tbs_sha256=assembly.digest(draft.tbs)) for draft in drafts]
        journal.record_all(realm, intended)
        transcript.keep(realm)
        good = []
        for draft in drafts:
            partition = draft.partition
            signature = opened.sign(partition.generation.key_label, draft.tbs)
            if isinstance(signature, KeysUnavailable):
                outcomes[partition.pk] = signature
                continue
            draft.signed = der.signed(draft.tbs, signature)
            draft.tbs = b""
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


def _is_current(draft: Draft) -> bool:
    """Tell whether what the draft was made from, and held against, is what the database still says."""
    revision = Partition.objects.values_list("revision", flat=True).get(pk=draft.partition.pk)
    return revision == draft.revision and newest_of([draft.partition]).get(draft.partition.pk) == draft.last


def _refusal(realm: Realm, draft: Draft, findings: list[str]) -> CrlRefused:
    """Journal, once for the same findings, that a list is not published; return the error that says so."""
    refused = draft.happening("crl.refused", findings=findings)
    earlier = JournalEntry.objects.filter(realm=realm, subject=draft.subject, kind="crl.refused").order_by("-sequence")
    before = earlier.first()
    if before is None or before.data != refused.data:
        journal.record_all(realm, [refused])
    return CrlRefused(f"the CRL of {draft.partition} is not published: {'; '.join(findings)}", findings=findings)


def _store(realm: Realm, drafts: list[Draft]) -> dict[int, Outcome]:
    """Publish signed lists in one transaction. Raises _Overtaken when one of the numbers was taken meanwhile."""
    published: dict[int, Outcome] = {}
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


def _insert(drafts: list[Draft]) -> list[Crl]:
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


def _require_first(drafts: list[Draft]) -> None:
    """Hold, in the realm's turn, that no other generation's list at one of the points has such a number already."""
    ours = {draft.partition.pk for draft in drafts}
    for draft in drafts:
        others = [one for one in draft.others if one.pk not in ours]
        if others and Crl.objects.filter(partition__in=others, number__gte=draft.number).exists():
            raise _Overtaken


def _overtaking(draft: Draft) -> Crl | None:
    """Return the list that another published instead, where it shows what this one would have shown."""
    latest = newest(draft.partition)
    return (
        latest if latest is not None and latest.number >= draft.number and latest.revision >= draft.revision else None
    )
