"""The hand-off on the citizen's phone: who asks, for what, yes or no.

The PIN or password goes from the page to the phone's element and nowhere else: what comes here is the certificate and
the signature. Every page but the first is for the browser alone that opened the hand-off.
"""

import base64
import hashlib
import uuid
from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ca import clock
from ca.profiles import Purpose
from portal import cookies
from portal.handoff import binding, delivery, hand_offs, numbers, octets, scanning, screens
from portal.handoff.errors import AnswerMalformed, HandOffOtherService, HandOffOver
from portal.handoff.models import HandOff
from portal.handoff.states import State
from portal.handoff.ways import Format, Way
from portal.phone import devices
from portal.phone.session import phone_of
from tsm import enrolment as enrolments
from tsm.enrolment import State as EnrolmentState
from whitelist.published import shown

# Certificates are under 2 kB, signatures 256 bytes (jpki-facts 1.4).
LONGEST_CERTIFICATE = 8192
LONGEST_SIGNATURE = 1024


@never_cache
@require_safe
@screens.telling
def scan(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Take what the phone's camera read from a screen, and lead to the phone's own link."""
    if screens.looked_at_by_no_one(request):
        return HttpResponse(status=503)
    hand_off = hand_offs.found(pk=reference)
    key = binding.key_of(request)
    mark = binding.mark(key, hand_off)
    try:
        token = scanning.scan(hand_off, request.GET.dict(), mark, now=clock.now(hand_off.realm))
    except HandOffOver:
        hand_off = hand_offs.found(pk=reference)
        return (
            screens.refused(request, hand_off)
            if hand_off.state == State.REFUSED
            else screens.over(request, hand_off, "")
        )
    response = redirect("handoff:page", token=token)
    binding.remember(response, key)
    return response


@never_cache
@ensure_csrf_cookie
@require_safe
@screens.telling
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link stands for: the numbers to compare, the question, or how it ended."""
    hand_off = hand_offs.by_token(token)
    if screens.looked_at_by_no_one(request):
        return HttpResponse(status=503)
    key = binding.key_of(request)
    request.COOKIES[cookies.called(binding.COOKIE)] = key
    hand_off = hand_offs.show(hand_off, binding.mark(key, hand_off), phone=phone_of(request))
    response = _shown(request, hand_off, token)
    binding.remember(response, key)
    return response


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@screens.telling
def number(request: HttpRequest, token: str) -> HttpResponse:
    """Take the number that was chosen, and go on or end."""
    if request.method == "POST":
        hand_off = hand_offs.by_token(token)
        binding.require_answering(hand_off, request)
        with suppress(HandOffOver):  # The page says how it ended.
            scanning.choose(hand_off, request.POST.get("number", ""), now=clock.now(hand_off.realm))
    return redirect("handoff:page", token=token)


@never_cache
@csrf_protect
@require_POST
def prepare(request: HttpRequest, token: str) -> HttpResponse:
    """Take the certificate as JSON, {"certificate"} in base64; answer with what it is to sign, {"message"}."""
    return PrepareView.as_view()(request, token=token)


class PrepareView(APIView):
    """POST: the certificate. Reached through `prepare`, which checks the CSRF token that DRF would not."""

    def post(self, request: Request, token: str) -> Response:
        data = _members(request)
        hand_off = hand_offs.by_token(token)
        binding.require_answering(hand_off, request._request)
        message = hand_offs.prepare(hand_off, _octets(data, "certificate", LONGEST_CERTIFICATE))
        return Response({"message": base64.b64encode(message).decode(), "document_digest": hand_off.document_digest})


@never_cache
@csrf_protect
@require_POST
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Take the answer as JSON, {"service", "certificate", "signature"}, the last two in base64; say where to go."""
    return AnswerView.as_view()(request, token=token)


class AnswerView(APIView):
    """POST: certificate and signature. Reached through `answer`, which checks the CSRF token that DRF would not."""

    def post(self, request: Request, token: str) -> Response:
        data = _members(request)
        hand_off = hand_offs.by_token(token)
        binding.require_answering(hand_off, request._request)
        if data.get("service") != hand_off.relying_party.client_id:
            raise HandOffOtherService("the page names another service than the one that asks")
        hand_offs.answer(
            hand_off,
            certificate=_octets(data, "certificate", LONGEST_CERTIFICATE),
            signature=_octets(data, "signature", LONGEST_SIGNATURE),
        )
        # From a screen with a code the outcome goes back with that screen's browser; the phone says so.
        on = "handoff:page" if hand_off.way == Way.QR else "handoff:return"
        return Response({"return_url": reverse(on, args=[token])})


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@screens.telling
def decline(request: HttpRequest, token: str) -> HttpResponse:
    """Take the citizen's no, and show the page that says so."""
    if request.method != "POST":
        return redirect("handoff:page", token=token)
    hand_off = hand_offs.by_token(token)
    binding.require_answering(hand_off, request)
    with suppress(HandOffOver):  # The page says how it ended.
        hand_offs.decline(hand_off)
    return redirect("handoff:page", token=token)


@never_cache
@require_safe
@screens.telling
def go_back(request: HttpRequest, token: str) -> HttpResponse:
    """Lead the browser that began back to the service, with the code that is good once."""
    hand_off = hand_offs.by_token(token)
    if screens.looked_at_by_no_one(request):
        return HttpResponse(status=503)
    if hand_off.way == Way.QR or hand_off.state == State.REFUSED:
        return redirect("handoff:page", token=token)
    return redirect(delivery.leave(hand_off, binding.mark(binding.key_of(request), hand_off)))


@never_cache
@require_safe
@screens.telling
def why(request: HttpRequest, token: str) -> HttpResponse:
    """Say why the service that asks may ask, from the register. Nothing happens to the hand-off by it."""
    hand_off = hand_offs.by_token(token)
    binding.require_answering(hand_off, request)
    entry = shown.find(hand_off.relying_party.client_id, get_language())
    if entry is None:
        return screens.refused(request, hand_off)
    return render(request, "handoff/why.html", {**screens.phone(request), "entry": entry, "token": token})


def _shown(request: HttpRequest, hand_off: HandOff, token: str) -> HttpResponse:
    if hand_off.state == State.REFUSED:
        return screens.refused(request, hand_off)
    entry = screens.entry_of(hand_off)
    if hand_off.state in {State.SCANNED, State.SHOWN} and entry is not None:
        context = {
            **screens.phone(request),
            **screens.named(entry),
            "hand_off": hand_off,
            "token": token,
            "signing": hand_off.purpose == Purpose.SIGNATURE,
            "purpose_text": entry.purposes[Purpose(hand_off.purpose)].in_language(get_language()),
        }
        if hand_off.state == State.SCANNED:
            return render(request, "handoff/number.html", {**context, "numbers": numbers.choices(hand_off)})
        return render(request, "handoff/ask.html", {**context, **_question(request, hand_off, context)})
    return screens.over(request, hand_off, "" if hand_off.way == Way.QR else screens.way_back_of(hand_off, token))


def _question(request: HttpRequest, hand_off: HandOff, known: dict[str, Any]) -> dict[str, Any]:
    """Return what is signed, and with which of phone and card: the phone where it has certificates."""
    pdf = hand_off.pdf if hand_off.format == Format.PADES else None
    message = hand_off.signed_text.encode()
    digest = hand_off.document_digest or hashlib.sha256(message).hexdigest()
    with_card = hand_off.card_allowed and (
        "card" in request.GET or ("phone" not in request.GET and not _has_certificates(known.get("phone")))
    )
    return {
        "pdf": pdf,
        "pages": range(1, pdf.pages + 1) if pdf else (),
        "message": base64.b64encode(message).decode() if pdf is None else "",
        "digest": " ".join(digest[at : at + 8] for at in range(0, len(digest), 8)),
        "prepared": hand_off.format != Format.RAW,
        "with_card": with_card,
        "cards": devices.cards(request, hand_off.realm) if with_card else [],
    }


def _has_certificates(phone: Any) -> bool:
    enrolment = enrolments.current(phone) if phone is not None else None
    return enrolment is not None and enrolment.state == EnrolmentState.ACTIVE


def _members(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise AnswerMalformed("the body must be an object")
    return request.data


def _octets(data: dict[str, Any], member: str, longest: int) -> bytes:
    try:
        return octets.decode(data.get(member), longest=longest)
    except ValueError as error:
        raise AnswerMalformed(f"{member} {error}") from None
