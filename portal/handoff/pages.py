"""The hand-off on the citizen's phone: who asks, for what, yes or no.

The PIN or password goes from the page to the phone's element and nowhere else: what comes here is the certificate and
the signature.
"""

import base64
import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ca import clock
from ca.profiles import Purpose
from portal.handoff import hand_offs
from portal.handoff.errors import AnswerMalformed, HandOffOver, HandOffUnknown
from portal.handoff.models import HandOff
from portal.handoff.sentences import REFUSALS
from portal.handoff.states import State
from portal.phone import devices
from portal.phone.session import phone_of
from whitelist import register


@never_cache
@ensure_csrf_cookie
@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link stands for: the question, or how it ended."""
    try:
        hand_off = hand_offs.show(hand_offs.by_token(token), phone=phone_of(request))
    except HandOffUnknown:
        return render(request, "handoff/unknown.html", _phone(request), status=404)
    if hand_off.state == State.REFUSED:
        return _refused(request, hand_off)
    if hand_off.state == State.EXPIRED:
        return _over(request, hand_off, status=410)
    if hand_off.state != State.SHOWN:
        return _over(request, hand_off, status=200)
    return _question(request, hand_off, token)


@never_cache
@csrf_protect
@require_POST
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Take the phone's answer as JSON: {"certificate", "signature"} in base64; answer with the way back."""
    return AnswerView.as_view()(request, token=token)


class AnswerView(APIView):
    """POST: certificate and signature. Reached through `answer`, which checks the CSRF token that DRF would not."""

    def post(self, request: Request, token: str) -> Response:
        data = request.data
        if not isinstance(data, dict):
            raise AnswerMalformed("the body must be an object")
        hand_off = hand_offs.by_token(token)
        hand_offs.answer(
            hand_off,
            certificate=hand_offs.decode(data.get("certificate"), longest=hand_offs.LONGEST_CERTIFICATE),
            signature=hand_offs.decode(data.get("signature"), longest=hand_offs.LONGEST_SIGNATURE),
        )
        return Response({"return_url": hand_offs.way_back(hand_off)})


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, token: str) -> HttpResponse:
    """Take the citizen's no, and show the page that says so."""
    if request.method != "POST":
        return redirect("handoff:page", token=token)
    try:
        hand_offs.decline(hand_offs.by_token(token))
    except HandOffUnknown:
        return render(request, "handoff/unknown.html", _phone(request), status=404)
    except HandOffOver:
        pass  # The page says how it ended.
    return redirect("handoff:page", token=token)


def _question(request: HttpRequest, hand_off: HandOff, token: str) -> HttpResponse:
    entry = _entry(hand_off)
    if entry is None:  # Removed since `show` asked.
        return _over(request, hand_off, status=410)
    language = get_language()
    purpose = Purpose(hand_off.purpose)
    message = hand_off.signed_text.encode()
    digest = hashlib.sha256(message).hexdigest()
    return render(
        request,
        "handoff/ask.html",
        {
            **_phone(request),
            "hand_off": hand_off,
            "token": token,
            "signing": purpose == Purpose.SIGNATURE,
            "entry": entry,
            "name": entry.name.in_language(language),
            "purpose_text": entry.purposes[purpose].in_language(language),
            "message": base64.b64encode(message).decode(),
            "digest": " ".join(digest[at : at + 8] for at in range(0, len(digest), 8)),
        },
    )


def _refused(request: HttpRequest, hand_off: HandOff) -> HttpResponse:
    """Show the register's no. Nothing that the service says of itself is shown, and no way back to it."""
    entry = _entry(hand_off)
    language = get_language()
    return render(
        request,
        "handoff/refused.html",
        {
            **_phone(request),
            "sentence": REFUSALS[hand_off.reason].in_language(language),
            "reason": hand_off.reason,
            "name": entry.name.in_language(language) if entry else None,
            "client_id": hand_off.relying_party.client_id,
        },
        status=403,
    )


def _over(request: HttpRequest, hand_off: HandOff, *, status: int) -> HttpResponse:
    entry = _entry(hand_off)
    context = {
        **_phone(request),
        "state": hand_off.state,
        "name": entry.name.in_language(get_language()) if entry else None,
        "way_back": hand_offs.way_back(hand_off) if entry else "",
    }
    return render(request, "handoff/over.html", context, status=status)


def _entry(hand_off: HandOff) -> register.Entry | None:
    return register.find(hand_off.realm, hand_off.relying_party.client_id, now=clock.now(hand_off.realm))


def _phone(request: HttpRequest) -> dict[str, Any]:
    """Return the phone that this browser stands in for, and how its element is reached; empty when there is none."""
    phone = phone_of(request)
    return {"phone": phone, "device_url": devices.element_url(request, phone)} if phone else {}
