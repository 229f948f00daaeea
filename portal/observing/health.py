"""Whether the site lives, and whether it is ready to be sent anybody: for balancers and supervisors of this network.

Alive means that it answers. Ready means that its database does, and has the tables that this version asks for. Neither
says more than yes or no to each: what is wrong is `manage.py doctor`'s to say. A broker that is away makes nobody
unready: it costs time and no work.
"""

import threading
import time
from collections.abc import Callable, Mapping

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader

Told = tuple[bool, dict[str, object]]
KEPT_SECONDS = 1.0
_lock = threading.Lock()
_kept: tuple[float, Told] = (0.0, (False, {}))
_migrated = False


def alive() -> Told:
    """Tell that the process answers."""
    return True, {"alive": True}


def ready() -> Told:
    """Tell whether the database answers and has every migration; kept for a second, however many ask."""
    global _kept
    with _lock:
        at, told = _kept
        if time.monotonic() - at < KEPT_SECONDS and at:
            return told
        told = _look()
        _kept = (time.monotonic(), told)
        return told


def _look() -> Told:
    global _migrated
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
        # Once it has them it keeps them: a migration is never taken back while this runs.
        _migrated = _migrated or _has_migrations()
    except Error:
        connection.close()
        return False, {"ready": False, "database": False, "migrations": False}
    return _migrated, {"ready": _migrated, "database": True, "migrations": _migrated}


def _has_migrations() -> bool:
    loader = MigrationLoader(connection)
    return set(loader.disk_migrations) <= set(loader.applied_migrations)


ANSWERED: Mapping[str, Callable[[], Told]] = {"/healthz": alive, "/readyz": ready}
