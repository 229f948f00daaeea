"""A lost phone: its holder puts the pair on hold from any browser, signed in with the card; and what to do when found.

A hold is `tsm.services.suspend`: both certificates on hold at once (`certificateHold`, cause loss), the applet locked
when the phone is next in contact. Who may have it released, the authorities' table of causes says (`ca.causes`).
"""

import base64
import binascii
import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ca.causes import Event
from portal import api_errors, cookies
from portal.phone import card_sign_in, devices, holds
from portal.phone.errors import PhonePageError
from portal.phone.session import realm_of
from tsm import services
from tsm.errors import WrongState
from tsm.models import Enrolment

LARGEST_BODY = 20_000


@require_GET
def lost(request: HttpRequest) -> HttpResponse:
    """Tell what to do: stop it here with the card, or call."""
    return render(request, "phone/lost.html", {"help_desk": settings.HELP_DESK_NUMBER})


@never_cache
@require_GET
@ensure_csrf_cookie
def card(request: HttpRequest) -> HttpResponse:
    """Ask for the card and its PIN; the page does the rest."""
    context = {"cards": devices.cards(request, realm_of(request)), "next_url": reverse("phone:lost-mine")}
    return render(request, "phone/lost_card.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def challenge(request: HttpRequest) -> HttpResponseBase:
    """GET: {text}, to be signed with the card's user authentication key. POST: {certificate, signature}, Base64."""
    if request.method == "GET":
        return JsonResponse({"text": card_sign_in.challenge(request)})
    try:
        given = _parsed(request)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        return _refused("invalid_request", "certificate and signature must be Base64")
    try:
        card_sign_in.sign_in(request, **given)
    except PhonePageError as error:
        return _refused(error.code, str(error), **error.data)
    return JsonResponse({"signed_in": True})


@never_cache
@require_GET
def mine(request: HttpRequest) -> HttpResponseBase:
    """Show the holder's phone, and the one button that is right for it now."""
    return _mine(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest) -> HttpResponseBase:
    """Put the holder's pair on hold."""
    if request.method != "POST":
        return redirect("phone:lost-mine")
    return _decide(request, Event.HOLD)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest) -> HttpResponseBase:
    """Have the holder's pair released, where the policy lets a holder do so."""
    if request.method != "POST":
        return redirect("phone:lost-mine")
    return _decide(request, Event.RELEASE)


@require_POST
def leave(request: HttpRequest) -> HttpResponseBase:
    """End the card's session."""
    card_sign_in.sign_out(request)
    response = redirect("phone:lost")
    response["Clear-Site-Data"] = cookies.CLEARED
    return response


def _decide(request: HttpRequest, event: Event) -> HttpResponseBase:
    known = card_sign_in.signed_in(request)
    if known is None:
        return redirect("phone:lost-card")
    if not holds.holder_may(event):
        raise Http404("not a holder's to decide")
    found = _active(known)
    wanted = request.POST.get("enrolment")
    try:
        if found is None or str(found.reference) != wanted:
            raise WrongState("this isn't the pair in use any more")
        act = services.suspend if event is Event.HOLD else services.resume
        act(found, source="holder's card")
    except WrongState:
        problem = _("その間に状態が変わりました。いまの状態を確かめて、必要ならもう一度お試しください。")
        return _mine(request, problem=problem, status=409)
    return redirect("phone:lost-mine")


def _mine(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponseBase:
    known = card_sign_in.signed_in(request)
    if known is None:
        return redirect("phone:lost-card")
    found = _active(known)
    context = {
        "known": known,
        "problem": problem,
        "help_desk": settings.HELP_DESK_NUMBER,
        "enrolment": found,
        "hold": holds.of(found) if found is not None else None,
        "may_hold": holds.holder_may(Event.HOLD),
        "may_release": holds.holder_may(Event.RELEASE),
    }
    return render(request, "phone/lost_mine.html", context, status=status)


def _active(known: card_sign_in.SignedIn) -> Enrolment | None:
    active = Enrolment.objects.filter(holder=known.holder, state=Enrolment.State.ACTIVE)
    return active.select_related("phone", "signature_certificate", "authentication_certificate").first()


def _parsed(request: HttpRequest) -> dict[str, bytes]:
    if len(request.body) > LARGEST_BODY:
        raise ValueError("too long")
    body: Any = json.loads(request.body)
    return {name: base64.b64decode(body[name], validate=True) for name in ("certificate", "signature")}


def _refused(code: str, detail: str, **members: Any) -> JsonResponse:
    problem = api_errors.body(code, detail, **members)
    return JsonResponse(problem, status=problem["status"], content_type="application/problem+json")
