"""A population's frame: how many there are, the rows that are copied, and what is true of the n-th holder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PLACES = 1_900
SERVICES = 300
EACH_FIFTH = 5  # holders to a phone pair
FIRST_SERIAL = 0x10000000
HASH = "md5('{0}' || {1}) || md5('{0}.' || {1})"
# What is copied: table, series, what differs by column, and which sample.
Copied = tuple[str, str, Mapping[str, str], str]


@dataclass(frozen=True)
class Size:
    """How many there are, and whether each copy has octets of true size."""

    holders: int
    # From some millions on the disk doesn't hold what nobody reads: certificates, keys, requests of cards.
    octets: bool

    @property
    def pairs(self) -> int:
        """Return the number of phone pairs."""
        return self.holders // EACH_FIFTH


@dataclass(frozen=True)
class Samples:
    """The rows that are copied."""

    realm: Any
    enrolment: Any
    hand_off: Any


class Frame:
    """What every copy is computed from. `n` counts holders, `p` pairs, from 1."""

    def __init__(self, size: Size, samples: Samples) -> None:
        from ca.models import CardRevocation, JournalHead, Partition

        self.size, self.realm, self.enrolment, self.hand_off = size, samples.realm, samples.enrolment, samples.hand_off
        self.revocation = CardRevocation.objects.order_by("pk")[0].pk
        self.head = JournalHead.objects.get(realm=self.realm).sequence
        self.partitions = Partition.objects.order_by("-pk").values_list("pk", flat=True)[0]
        # Where each kind's ids begin: behind those of all samples.
        self.first = 10_000
        self.phones = self.first + 2 * size.holders + 2  # certificates of phones

    # What is true of the n-th holder: the place, when the cards were issued, what fell. Two in a hundred live in the
    # largest place and one in two thousand in the middle one, much as in Japan.
    PLACE = f"floor({PLACES} * power((n * 0.6180339887498949) % 1.0, 2))::int"
    LIVED = "(interval '1 hour' + interval '4 years' * (1 - n::float8 / {0}))"
    FELL = "(n % 23 = 0 AND ({0} = 0 OR n % 92 = 0))"  # the first purpose is the signature's; the second falls by death

    def offset(self, partition: int) -> int:
        """Return the id behind which a sample's list's copies begin, one a place."""
        from ca.models import Partition

        order = list(Partition.objects.order_by("pk").values_list("pk", flat=True)[:4])
        return self.first + PLACES * order.index(partition)
