"""A partition's revision: it grows with each change that its CRL has to show, which is woken after the commit."""

from collections.abc import Collection
from functools import partial

from django.db import transaction
from django.db.models import F

from ca import messages
from ca.models import Partition

TOGETHER = 128  # CRLs woken by one message: as many as are published in one transaction (ca.crl)


def touch(partitions: Collection[int]) -> None:
    """Note that statuses changed in partitions, by id, and wake the publication of their CRLs after the commit."""
    note(partitions)
    # robust: the change is committed, and whoever made it must not be told that it failed.
    transaction.on_commit(partial(wake, set(partitions)), robust=True)


def note(partitions: Collection[int]) -> None:
    """Note that statuses changed in partitions, by id: their CRLs are due from the commit on."""
    Partition.objects.filter(pk__in=set(partitions)).update(revision=F("revision") + 1)


def wake(partitions: Collection[int]) -> None:
    """Wake the publication of these partitions' CRLs, as far as they are due: one message for many."""
    ordered = sorted(partitions)
    for start in range(0, len(ordered), TOGETHER):
        messages.send("ca.publish_crls", ordered[start : start + TOGETHER])
