"""Database connections of a process that is no Django site."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def connections() -> Iterator[None]:
    """Close what is too old or broken, before and after, as Django does around each of its requests."""
    from django.db import close_old_connections, connection

    # Inside an open transaction we are somebody's guest, and the connection is theirs.
    guest = connection.in_atomic_block
    if not guest:
        close_old_connections()
    try:
        yield
    finally:
        if not guest:
            close_old_connections()
