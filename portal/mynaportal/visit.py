"""Who is signed in, for how long: the session knows the certificate that signed in, and each page looks at its row.

A certificate that was revoked or held meanwhile ends the visit at once, as does a quarter of an hour without a page,
and a working day in any case.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import get_random_string
from django.views.decorators.cache import never_cache

from ca import clock
from ca.models import Certificate, Holder, Realm
from ca.profiles import Purpose

SIGNED_IN = "mynaportal"
ASKED = "mynaportal_asked"
ENDED = "mynaportal_ended"
OPEN_ASKS = 5  # tabs of one browser that wait for a phone

IDLE, CERTIFICATE, SIGNED_OUT = "idle", "certificate", "signed_out"


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in, with the certificate that says so."""

    certificate: Certificate

    @property
    def holder(self) -> Holder:
        return self.certificate.holder

    @property
    def realm(self) -> Realm:
        return self.certificate.realm


def begin(request: HttpRequest, certificate: Certificate) -> None:
    """Sign in with a certificate that was just proved."""
    request.session.cycle_key()
    request.session.pop(ENDED, None)
    now = clock.machine().timestamp()
    request.session[SIGNED_IN] = {"certificate": certificate.pk, "seen": now, "began": now}


def end(request: HttpRequest, why: str) -> None:
    """Sign out; the next page says why."""
    request.session.pop(SIGNED_IN, None)
    request.session.pop(ASKED, None)
    request.session[ENDED] = why
    request.session.cycle_key()


def visitor(request: HttpRequest) -> Visitor | None:
    """Return who is signed in, or None. Who was away too long, or has no good certificate any more, is signed out."""
    kept = request.session.get(SIGNED_IN)
    if kept is None:
        return None
    now = clock.machine().timestamp()
    # A visit from before there was a longest one begins now.
    began = kept.get("began", now)
    if now - kept["seen"] > settings.MYNAPORTAL_IDLE_SECONDS or now - began > settings.MYNAPORTAL_SESSION_SECONDS:
        end(request, IDLE)
        return None
    found = (
        Certificate.objects.select_related("holder", "realm")
        .filter(pk=kept["certificate"], purpose=Purpose.USER_AUTHENTICATION, status=Certificate.Status.VALID)
        .first()
    )
    if found is None or found.not_after < clock.now(found.realm):
        end(request, CERTIFICATE)
        return None
    request.session[SIGNED_IN] = {**kept, "seen": now, "began": began}
    return Visitor(found)


def signed_in(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a page its `Visitor` as second argument; who isn't signed in is sent to the front page."""

    @never_cache
    @wraps(page)
    def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        who = visitor(request)
        if who is None:
            return redirect("mynaportal:home")
        return page(request, who, *arguments, **named)

    return guarded


def note_ask(request: HttpRequest, hand_off: str, **about: str) -> None:
    """Remember in the session which hand-off this browser began, and what for."""
    asked = dict(list(request.session.get(ASKED, {}).items())[1 - OPEN_ASKS :])
    request.session[ASKED] = {**asked, hand_off: about}


def take_ask(request: HttpRequest, hand_off: str, state: str) -> dict[str, str] | None:
    """Return what a hand-off that comes back was for, once; None for one that this browser didn't begin."""
    asked = dict(request.session.get(ASKED, {}))
    about = asked.pop(hand_off, None)
    if about is None or about.get("state") != state:
        return None
    request.session[ASKED] = asked
    return about


def new_state() -> str:
    """Return a text that only this browser's session will know, of 250 bits and more: a state, or PKCE's verifier."""
    return get_random_string(43)
