"""Doubts: what is no longer certain about elements when the database was restored from a backup."""

from ca.models import Realm
from tsm.models import SecureElement


def doubt_counters(realm: Realm) -> int:
    """Take no counter of the realm's elements for certain any more; return how many elements there are.

    The next conversation with each asks the element itself, as after a report that never came (`tsm.plans`).
    """
    return SecureElement.objects.filter(phone__realm=realm).update(isd_counter=None, domain_counter=None)
