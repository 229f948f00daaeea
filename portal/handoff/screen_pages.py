"""The screen that shows the code: a page of ours to which the service sends a desk's browser.

It says whose request it is, shows a new code every second, then the number, and takes the outcome back to the service.
Without JavaScript the page loads itself again every few seconds.
"""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from ca import clock
from ca.profiles import Purpose
from portal import cookies
from portal.handoff import asking, binding, delivery, hand_offs, numbers, qr, scanning, screens
from portal.handoff.errors import HandOffOver
from portal.handoff.models import HandOff
from portal.handoff.states import OPEN, State
from portal.qr import picture


@never_cache
@require_safe
@screens.telling
def screen(request: HttpRequest, token: str) -> HttpResponse:
    """Show the code, or the number to be compared, or how it ended."""
    hand_off = hand_offs.by_screen(token)
    if screens.looked_at_by_no_one(request):
        return HttpResponse(status=503)
    key = binding.key_of(request)
    request.COOKIES[cookies.called(binding.COOKIE)] = key
    hand_off = scanning.begin(hand_off, binding.mark(key, hand_off))
    response = _shown(request, hand_off, token)
    binding.remember(response, key)
    return response


@never_cache
@require_safe
@screens.telling
def now(request: HttpRequest, token: str) -> HttpResponse:
    """Answer how it stands, as JSON: {"state", "code": the picture as a data address or null, "seconds" left}."""
    hand_off = hand_offs.by_screen(token)
    binding.require_beginning(hand_off, request)
    return JsonResponse(_standing(hand_off))


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@screens.telling
def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Take the citizen's no at this screen."""
    if request.method == "POST":
        hand_off = hand_offs.by_screen(token)
        binding.require_beginning(hand_off, request)
        with suppress(HandOffOver):  # The page says how it ended.
            hand_offs.cancel(hand_off)
    return redirect("handoff:screen", token=token)


@never_cache
@require_safe
@screens.telling
def go_back(request: HttpRequest, token: str) -> HttpResponse:
    """Lead the browser that began back to the service, with the code that is good once."""
    hand_off = hand_offs.by_screen(token)
    if screens.looked_at_by_no_one(request):
        return HttpResponse(status=503)
    if hand_off.state == State.REFUSED:
        return redirect("handoff:screen", token=token)
    return redirect(delivery.leave(hand_off, binding.mark(binding.key_of(request), hand_off)))


def _shown(request: HttpRequest, hand_off: HandOff, token: str) -> HttpResponse:
    if hand_off.state == State.REFUSED:
        return screens.refused(request, hand_off)
    entry = screens.entry_of(hand_off)
    if hand_off.state in OPEN and entry is not None:
        context = {
            **screens.named(entry),
            **_standing(hand_off),
            "hand_off": hand_off,
            "token": token,
            "signing": hand_off.purpose == Purpose.SIGNATURE,
            "purpose_text": entry.purposes[Purpose(hand_off.purpose)].in_language(get_language()),
            "number": numbers.of(hand_off) if hand_off.state == State.SCANNED else "",
            "minutes": asking.LIFETIME.seconds // 60,
        }
        return render(request, "handoff/screen.html", context)
    if hand_off.state == State.ANSWERED and hand_off.fetched_at is None:
        return redirect("handoff:screen_return", token=token)
    return screens.over(request, hand_off, screens.way_back_of(hand_off, token))


def _standing(hand_off: HandOff) -> dict[str, Any]:
    at = clock.now(hand_off.realm)
    code = None
    if hand_off.state == State.WAITING:
        code = picture(qr.link(hand_off, at))
    return {
        "state": hand_off.state,
        "code": code,
        "seconds": max(0, int((hand_off.expires_at - at).total_seconds())) if hand_off.state in OPEN else 0,
    }
