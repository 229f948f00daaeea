"""Database connections of a process that is no Django site."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def connections() -> Iterator[None]:
    """Close what is too old or broken, before and after, as Django does around each of its requests.

    SQLite's stay open while they work: to open the file again costs more than to sign an answer.
    """
    from django.db import connection

    # Inside an open transaction we are somebody's guest, and the connection is theirs.
    guest = connection.in_atomic_block
    if not guest:
        _close_old()
    try:
        yield
    finally:
        if not guest:
            _close_old()


def _close_old() -> None:
    from django.db import connections

    for one in connections.all(initialized_only=True):
        if one.vendor != "sqlite" or one.errors_occurred:
            one.close_if_unusable_or_obsolete()
