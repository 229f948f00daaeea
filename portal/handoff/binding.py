"""Which browser a hand-off belongs to: a cookie that says "the same as before", and nothing else.

A browser has one key, in a cookie that only the hand-off's pages get. The database holds a digest of key and hand-off
together: it recognises the browser at this hand-off, and can't tell that two hand-offs were opened in the same one.
"""

import hashlib
import hmac
import secrets

from django.http import HttpRequest, HttpResponseBase

from portal import cookies
from portal.handoff.errors import HandOffWrongBrowser
from portal.handoff.models import HandOff

COOKIE = "jpki_handoff"
_LENGTH = 43


def key_of(request: HttpRequest) -> str:
    """Return the browser's key; a new one where it brought none, which `remember` then gives it."""
    key = cookies.of(request, COOKIE)
    return key if len(key) == _LENGTH and key.isascii() else secrets.token_urlsafe(32)


def mark(key: str, hand_off: HandOff) -> str:
    """Return what the database knows this browser by at this hand-off: 64 hex digits."""
    return hashlib.sha256(f"portal.handoff.binding\n{hand_off.pk}\n{key}".encode()).hexdigest()


def remember(response: HttpResponseBase, key: str) -> None:
    """Have the browser keep its key until it is closed, and bring it to the hand-off's pages alone.

    SameSite=Lax: the citizen comes from the service by a link, which must bring it; a form of another site must not.
    """
    cookies.keep(response, COOKIE, key, same_site="Lax", path="/handoff/")


def same(known: str, given: str) -> bool:
    """Return whether the browser is the one that is known."""
    return bool(known) and hmac.compare_digest(known, given)


def require_answering(hand_off: HandOff, request: HttpRequest) -> None:
    """Raise `HandOffWrongBrowser` unless this is the browser on which the hand-off was opened to be answered."""
    if not same(hand_off.answers_in, mark(key_of(request), hand_off)):
        raise HandOffWrongBrowser("opened in another browser before")


def require_beginning(hand_off: HandOff, request: HttpRequest) -> None:
    """Raise `HandOffWrongBrowser` unless this is the browser that came from the service."""
    if not same(hand_off.began_in, mark(key_of(request), hand_off)):
        raise HandOffWrongBrowser("begun in another browser")
