"""The screen lock's page and what its script asks: parse, one call, answer. No PIN comes here."""

import base64
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from webauthn.helpers import bytes_to_base64url

from portal import gestures
from portal.gestures import GestureRefused
from portal.phone import devices
from portal.phone.session import phone_of
from portal.screen_lock import locks, proof
from portal.screen_lock.challenges import Use
from portal.screen_lock.models import ScreenLock
from tsm import compatibility
from tsm.api import Base64Field, PhoneView
from tsm.authentication import PhoneSession


class CredentialField(serializers.Field[Any, Any, Any, Any]):
    """What an authenticator answered."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        try:
            return gestures.kept(data)
        except GestureRefused as refused:
            raise serializers.ValidationError(str(refused)) from None


class KindSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(ScreenLock.Kind.choices)


class SetUpSerializer(KindSerializer):
    text = serializers.CharField(max_length=1000, trim_whitespace=False)
    signature = Base64Field()
    credential = CredentialField()


class GestureSerializer(serializers.Serializer[Any]):
    credential = CredentialField()


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(["by_holder", "pin_changed", "not_finished"])


class ProofSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=1000, trim_whitespace=False)
    signature = Base64Field()
    typed = serializers.BooleanField()


class UseSerializer(serializers.Serializer[Any]):
    use = serializers.ChoiceField([Use.OPEN, Use.TYPED])


class SessionView(PhoneView):
    """A view that only the pages of a phone may ask, in the browser that stands for it."""

    authentication_classes = (PhoneSession,)


class Offer(SessionView):
    """POST {kind}: {text, options, salt} to set the screen lock up."""

    def post(self, request: Request) -> Response:
        offered = locks.offer(self.phone, self.parsed(KindSerializer)["kind"])
        return Response({"text": offered.text, "options": offered.options, "salt": _b64(offered.salt)})


class SetUp(SessionView):
    """POST {kind, text, signature, credential}: {credential, share}."""

    def post(self, request: Request) -> Response:
        lock = locks.set_up(self.phone, **self.parsed(SetUpSerializer))
        return Response({"credential": locks.name(lock), "share": _b64(bytes(lock.share))}, status=201)


class Ask(SessionView):
    """POST: {options, salt} for a gesture."""

    def post(self, request: Request) -> Response:
        gesture = locks.ask(self.phone)
        return Response({"options": gesture.options, "salt": _b64(gesture.salt)})


class Unlock(SessionView):
    """POST {credential}: {share}."""

    def post(self, request: Request) -> Response:
        return Response({"share": _b64(locks.unlock(self.phone, self.parsed(GestureSerializer)["credential"]))})


class Off(SessionView):
    """POST {reason}: {off}, whether there was anything to turn off."""

    def post(self, request: Request) -> Response:
        return Response({"off": locks.turn_off(self.phone, reason=self.parsed(ReasonSerializer)["reason"])})


class ProofText(SessionView):
    """POST {use}: {text}, which the phone's authentication key signs."""

    def post(self, request: Request) -> Response:
        return Response({"text": proof.ask(self.phone, self.parsed(UseSerializer)["use"])})


class Proof(SessionView):
    """POST {text, signature, typed}: {until}; opens what the session alone may not see. `typed`: not by screen lock."""

    def post(self, request: Request) -> Response:
        sent = self.parsed(ProofSerializer)
        enrolment = proof.take(self.phone, Use.OPEN, sent["text"], sent["signature"])
        if sent["typed"]:
            locks.typed(self.phone, enrolment)
        return Response({"until": proof.open_for(request._request, enrolment).until})


class Typed(SessionView):
    """POST {text, signature}: the PIN was typed elsewhere, in a hand-off; it is not due again for a while."""

    def post(self, request: Request) -> Response:
        sent = self.parsed(ProofSerializer)
        locks.typed(self.phone, proof.take(self.phone, Use.TYPED, sent["text"], sent["signature"]))
        return Response({"hours": locks.hours()})


@never_cache
@require_http_methods(["GET", "HEAD"])
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponseBase:
    """Show whether the screen lock stands for the PIN here, and set it up or turn it off."""
    phone = phone_of(request)
    if phone is None:
        return redirect("phone:home")
    enrolment = proof.able(phone)
    model = compatibility.find(phone.model_code)
    lock = locks.find(phone) if enrolment else None
    context = {
        "phone": phone,
        "able": enrolment is not None,
        "lock": lock,
        "credential": locks.name(lock) if lock else "",
        "credential_url": bytes_to_base64url(bytes(lock.credential_id)) if lock else "",
        "model": model,
        "kinds": [str(kind) for kind in locks.kinds(phone)],
        "biometrics_only": locks.kinds(phone) == (ScreenLock.Kind.BIOMETRICS,),
        "element_url": devices.element_url(request, phone),
        "hours": locks.hours(),
    }
    return render(request, "screen_lock/page.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def off(request: HttpRequest) -> HttpResponse:
    """Turn it off, also without JavaScript: without the server's share, what is left in the browser opens no more."""
    phone = phone_of(request)
    if phone is not None and request.method == "POST":
        locks.turn_off(phone, reason="by_holder")
    return redirect("screen_lock:page")


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
