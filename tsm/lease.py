"""One worker at a time for one element: a lease in the element's row, claimed by conditional UPDATE."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from ca import clock, leases
from tsm.models import SecureElement


@contextmanager
def held(element_id: int, *, seconds: float) -> Iterator[bool]:
    """Hold the element for at most `seconds`; yields False when someone else holds it.

    A worker that dies keeps the lease until it runs out, and the sweep finds the work again.
    """
    holder = str(uuid.uuid4())
    now = clock.machine()
    length = timedelta(seconds=seconds)
    claimed = SecureElement.objects.filter(leases.free(now, length), pk=element_id).update(
        lease_until=now + length, lease_holder=holder
    )
    try:
        yield bool(claimed)
    finally:
        if claimed:
            SecureElement.objects.filter(pk=element_id, lease_holder=holder).update(lease_until=None, lease_holder="")
