"""A partition's next list before it is signed, and the list that it follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings

from ca import assembly, der, journal, listed, points
from ca.models import Authority, Crl, Partition

_NEWEST = """
SELECT id, partition_id, number, this_update, next_update, entries, revision FROM ca_crl WHERE id IN (
    SELECT (SELECT l.id FROM ca_crl l WHERE l.partition_id = p.id ORDER BY l.number DESC LIMIT 1)
    FROM ca_partition p WHERE p.id IN ({})
)
"""


@dataclass
class Draft:
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


def validity() -> timedelta:
    """Return the time from a list's thisUpdate to its nextUpdate."""
    return timedelta(seconds=settings.CRL_VALIDITY_SECONDS)


def newest(partition: Partition) -> Crl | None:
    """Return the partition's list that holds now, or None before the first."""
    return partition.crls.order_by("-number").first()


def newest_of(partitions: Iterable[Partition]) -> dict[int, Crl]:
    """Return the list of each partition that holds now, by the partition's id, without its octets."""
    wanted = [partition.pk for partition in partitions]
    if not wanted:
        return {}
    # Two steps down an index for each; Django's own words for it cost more than the answer.
    lists = Crl.objects.raw(_NEWEST.format(", ".join(["%s"] * len(wanted))), wanted)
    return {crl.partition_id: crl for crl in lists}


def next_lists(partitions: list[Partition], at: datetime) -> list[Draft]:
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
    authorities = {partition.generation.authority_id for partition in partitions}
    floors = dict(Authority.objects.filter(pk__in=authorities).values_list("pk", "crl_floor"))
    made = []
    for partition in partitions:
        last = lasts.get(partition.pk)
        # RFC 5280 3.3: an entry stays until it stood on one list issued after the certificate's end. Where the realm's
        # clock was set back that list is still to come: what it left out, because it had ended, hasn't.
        entries = listed.entries(partition, min(last.this_update, at) if last is not None else None)
        number = max(numbers[points.key(partition)], floors[partition.generation.authority_id]) + 1
        numbers[points.key(partition)] = number
        tbs = assemble(partition, entries.parts, number, at)
        others = [one for one in at_point[points.key(partition)] if one != partition]
        made.append(Draft(partition, revisions[partition.pk], last, number, at, entries.count, tbs, others))
    return made


def assemble(partition: Partition, entries: list[bytes], number: int, now: datetime) -> bytes:
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
