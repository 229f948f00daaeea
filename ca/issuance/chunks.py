"""Chunks: requests as they come, cut into what takes each step of issuing together."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from ca.errors import CaError
from ca.issuance import steps
from ca.issuance.issuing import Batch, Outcome
from ca.models import Certificate

SIZE = 500  # requests a transaction: some 0.3 s, far within the lease; by itself a chunk costs 10 to 20 ms


def issue(issuance_id: int) -> Certificate:
    """Issue what was asked for, or return what was issued before; safe to run twice and at once. Needs the CA's keys.

    Raises IssuanceRefused (its code says why) when it is, or was, refused; IssuanceInProgress while another worker
    holds it; KeysUnavailable, NoAuthority.
    """
    outcome = issue_many([issuance_id])[issuance_id]
    if isinstance(outcome, CaError):
        raise outcome
    return outcome


def issue_many(issuance_ids: Sequence[int]) -> dict[int, Outcome]:
    """Issue what was asked for; return by id the certificate, or the error that `issue` raises for it."""
    ids = list(dict.fromkeys(issuance_ids))
    outcomes: dict[int, Outcome] = {}
    for begin in range(0, len(ids), SIZE):
        with _uncollected():
            outcomes |= _issue_chunk(ids[begin : begin + SIZE])
    return {pk: outcomes[pk] for pk in ids}


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for rings of dead objects meanwhile.

    A chunk's tens of thousands live until it is done, and to walk them again and again, with all that a worker has
    loaded, took a twelfth of the time. What is no ring is freed as ever.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _issue_chunk(ids: Sequence[int]) -> dict[int, Outcome]:
    outcomes: dict[int, Outcome] = {}
    rows = sorted(steps.read(ids), key=lambda row: (row.realm_id, row.pk))
    for _, of_realm in groupby(rows, key=lambda row: row.realm_id):
        some = list(of_realm)
        batch = Batch(some[0].realm, some)
        outcomes |= batch.issue()
        if batch.later:
            # They stood in another's way; that one is stored now, or refused.
            outcomes |= _issue_chunk([row.pk for row in batch.later])
    return outcomes
