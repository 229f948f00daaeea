"""The uses of the responders' keys: counted in each process, noted by it now and then, and summed up in the journal.

A responder writes no journal: whoever writes it holds its realm's turn, and could hold up the authorities. It adds rows
to a table of notes. Where it may not even do that, the log has the figures.
"""

import logging
import threading
from collections import Counter

from django.db import DatabaseError, transaction

from ca import journal
from ca.connections import connections
from ca.models import KeyUse, Realm, ResponderKey

logger = logging.getLogger(__name__)

_BATCH = 1000

_counted: Counter[str] = Counter()
_lock = threading.Lock()


def count(key_label: str) -> None:
    """Count one signature."""
    with _lock:
        _counted[key_label] += 1


def note() -> None:
    """Note how many signatures this process has counted since it last did so."""
    with _lock:
        told = dict(_counted)
        _counted.clear()
    if not told:
        return
    try:
        with connections():
            KeyUse.objects.bulk_create(KeyUse(key_label=label, answers=number) for label, number in told.items())
    except DatabaseError as error:
        for label, number in told.items():
            logger.info("responder key %s signed %d answers: not noted (%s)", label, number, type(error).__name__)


def journal_noted() -> int:
    """Write into each realm's journal how many answers which of its responders' keys signed; return how many."""
    return sum(_journal(realm) for realm in Realm.objects.order_by("pk"))


def _journal(realm: Realm) -> int:
    labels = ResponderKey.objects.filter(generation__authority__realm=realm).values("key_label")
    noted = KeyUse.objects.filter(key_label__in=labels).order_by("pk")
    journaled = 0
    while noted.exists():
        with transaction.atomic():
            # Read in the realm's turn: whoever was at it before us has deleted what is in the journal.
            journal.take(realm)
            rows = list(noted[:_BATCH])
            signed: Counter[str] = Counter()
            for row in rows:
                signed[row.key_label] += row.answers
            journal.record_all(
                realm,
                [
                    journal.Happening("responder.answered", label, {"key_label": label, "answers": number})
                    for label, number in sorted(signed.items())
                ],
            )
            KeyUse.objects.filter(pk__in=[row.pk for row in rows]).delete()
        journaled += signed.total()
    return journaled
