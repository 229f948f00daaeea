"""Whether the responder lives, and whether it is ready to be sent anybody: for balancers and supervisors.

Ready means that its database can be read, and that for each authority of the site's realm somebody may speak whose
certificate holds. What is wrong is said in a word; `manage.py doctor` says more.
"""

from django.conf import settings
from django.db import DatabaseError

from ca import clock
from ca.ocsp import house
from ca.profiles import Purpose
from ca.reply import NO_STORE, TEXT, Reply, Request

ANSWERED = (b"/healthz", b"/readyz")


def respond(request: Request) -> Reply:
    """Answer one of these two."""
    trouble = _trouble() if request.target == b"/readyz" else ""
    if trouble:
        return Reply("503 Service Unavailable", TEXT, f"{trouble}\n".encode(), NO_STORE)
    return Reply("200 OK", TEXT, b"ready\n" if request.target == b"/readyz" else b"alive\n", NO_STORE)


def _trouble() -> str:
    try:
        seen = house.current()
    except DatabaseError:
        return "database"
    realm = seen.realms.get(settings.DEFAULT_REALM)
    if realm is None:
        return "realm"
    now = clock.now(realm)
    # A generation that is over has nobody who could speak for it, and is asked about no more.
    spoken_for = all(any(one.speaker(now) for one in seen.generations(realm, purpose)) for purpose in Purpose)
    return "" if spoken_for else "responder certificate"
