"""Memory: the answers that a process keeps, and may give again as long as their marks hold (`ca.ocsp.standing`).

Signed on demand and kept. One that is asked for after half its life is signed anew in the background, so a hot answer
is never waited for; a cold one costs nothing and falls out when the memory is full. The key is the request as it came,
so SHA-1 and SHA-256 CertIDs never share an answer.
"""

import threading
import time

from django.conf import settings

from ca.ocsp import house
from ca.ocsp.answer import VALIDITY, Answer

Key = tuple[bytes, bytes]  # target, body
# RFC 5019 5: a GET is at most 255 octets; what is longer asks more than the lightweight profile does.
MAX_KEY = 1024
# Of its life: when it is signed anew, and after how much it is not given any more.
_RENEW, _LAST = VALIDITY.total_seconds() / 2, VALIDITY.total_seconds() * 3 / 4

_lock = threading.Lock()
_kept: dict[Key, Answer] = {}
_renewing: set[Key] = set()


def find(key: Key) -> Answer | None:
    """Return the answer kept for a request, if it is young and who made it still speaks; whether it holds is open."""
    answer = _kept.get(key)
    if answer is None or time.monotonic() - answer.made_at > _LAST:
        return None
    known = house.known()
    return answer if known is not None and answer.issuers is known.issuers else None


def is_due(answer: Answer) -> bool:
    """Tell whether an answer that is given is to be signed anew."""
    return time.monotonic() - answer.made_at > _RENEW


def renewal(key: Key, answer: Answer) -> bool:
    """Tell one caller that an answer just given is to be signed anew; who is told calls `keep` or `give_up`."""
    if not is_due(answer):
        return False
    with _lock:
        if key in _renewing:
            return False
        _renewing.add(key)
        return True


def keep(key: Key, answer: Answer) -> None:
    """Keep an answer, in place of the oldest when there are OCSP_KEPT_ANSWERS."""
    with _lock:
        renewed = key in _renewing
        _renewing.discard(key)
        before = _kept.get(key)
        # Two were signed at once: the first stays while it says the same, for a cache in between has its ETag.
        same = before and before.marks == answer.marks and before.issuers is answer.issuers
        if before and same and not renewed and not is_due(before):
            return
        if len(key[0]) + len(key[1]) > MAX_KEY or not answer.can_be_kept:
            return
        # Taken out first, so that what is signed anew counts as new.
        _kept.pop(key, None)
        while len(_kept) >= max(1, settings.OCSP_KEPT_ANSWERS):
            del _kept[next(iter(_kept))]
        _kept[key] = answer


def give_up(key: Key) -> None:
    """Let another try what `renewal` gave to the caller."""
    with _lock:
        _renewing.discard(key)


def forget() -> None:
    """Forget every answer."""
    with _lock:
        _kept.clear()
        _renewing.clear()
