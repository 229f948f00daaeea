"""Memory: the answers that a process keeps, and gives again as long as the view says that nothing changed.

Signed on demand, kept, and signed anew at half their life when they are asked for: a hot answer never ages, a cold one
costs nothing and falls out when the memory is full. The key is the request as it came, so SHA-1 and SHA-256 CertIDs
never share an answer.
"""

import threading
import time

from django.conf import settings

from ca.ocsp.answer import VALIDITY, Answer
from ca.ocsp.view import View

Key = tuple[str, bytes]  # path, body
# RFC 5019 5: a GET is at most 255 octets; what is longer asks more than the lightweight profile does.
MAX_KEY = 1024
_REFRESH = VALIDITY.total_seconds() / 2

_lock = threading.Lock()
_kept: dict[Key, Answer] = {}


def find(key: Key, view: View) -> Answer | None:
    """Return the answer kept for a request, if it is young and still right by the view."""
    answer = _kept.get(key)
    if (
        answer is None
        or view.is_stale
        or answer.house is not view.house
        or time.monotonic() - answer.made_at > _REFRESH
    ):
        return None
    for partition, revision in answer.revisions:
        if view.revisions.get(partition, 0) != revision:
            return None
    return answer


def keep(key: Key, answer: Answer) -> None:
    """Keep an answer, in place of the oldest when there are OCSP_KEPT_ANSWERS."""
    if len(key[0]) + len(key[1]) > MAX_KEY or not answer.can_be_kept:
        return
    with _lock:
        # Taken out first, so that what is signed anew counts as new.
        _kept.pop(key, None)
        while len(_kept) >= max(1, settings.OCSP_KEPT_ANSWERS):
            del _kept[next(iter(_kept))]
        _kept[key] = answer


def forget() -> None:
    """Forget every answer."""
    with _lock:
        _kept.clear()
