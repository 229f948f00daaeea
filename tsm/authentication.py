"""Which phone asks: by its token, by its TLS client certificate, or by the browser session of its pages."""

import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from ca import clock, presented
from tsm import rows
from tsm.models import Phone

HEARD_EVERY = timedelta(days=1)


class PhoneToken(BaseAuthentication):
    """`Authorization: Bearer <token>`, with the phone's reference before a colon: `<reference>:<token>`."""

    def authenticate(self, request: Request) -> tuple[Phone, str] | None:
        kind, _, value = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        reference, _, token = value.partition(":")
        phone = _find(reference)
        if phone is None or not phone.holds(token):
            raise AuthenticationFailed("no phone has this token")
        _heard(phone)
        return phone, "token"

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PhoneCertificate(BaseAuthentication):
    """The agent's TLS client certificate, as the proxy in front of us has verified and handed it on.

    `TSM_CLIENT_CERTIFICATE_HEADER` names the header with the certificate as PEM, percent-encoded. Empty: no proxy does
    so, and a header of that name is anybody's. With a certificate of ours no token is asked for.
    """

    def authenticate(self, request: Request) -> tuple[Phone, str] | None:
        name = settings.TSM_CLIENT_CERTIFICATE_HEADER
        value = request.headers.get(name, "") if name else ""
        if not value:
            return None
        try:
            digest = certificate_digest(unquote(value).encode())
        except ValueError:
            raise AuthenticationFailed("the client certificate can't be read") from None
        phone = rows.only(Phone.objects.select_related("realm", "element").filter(certificate_digest=digest))
        if phone is None:
            raise AuthenticationFailed("no phone has this client certificate")
        _heard(phone)
        return phone, "certificate"

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def certificate_digest(pem: bytes) -> str:
    """Return how a phone's client certificate is known here: SHA-256 of its DER, hex. Raises `ValueError`."""
    return presented.of_pem(pem).fingerprint(SHA256()).hex()


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


class PhoneSession(BaseAuthentication):
    """The browser's session, which is in the phone's place; unsafe methods need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Phone, str] | None:
        inner: HttpRequest = request._request
        phone = of_session(inner)
        if phone is None:
            return None
        check = _Csrf(lambda _: HttpResponse())
        check.process_request(inner)
        reason = check.process_view(inner, lambda: HttpResponse(), (), {})
        if reason:
            raise PermissionDenied(f"CSRF: {reason}")
        return phone, "session"


class IsPhone(BasePermission):
    """Only a phone may ask."""

    message = "no phone is chosen, and no phone's token was given"

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, Phone)


def of_session(request: HttpRequest) -> Phone | None:
    """Return the phone that this browser session is in the place of, or None."""
    phone = _find(str(request.session.get("phone", "")))
    if phone is not None:
        _heard(phone)
    return phone


def _find(reference: str) -> Phone | None:
    try:
        return rows.only(Phone.objects.select_related("realm", "element").filter(reference=uuid.UUID(reference)))
    except ValueError:
        return None


def _heard(phone: Phone) -> None:
    """Note that the phone was heard of, once a day: a phone that is used isn't silent, whoever it talks to."""
    now = clock.now(phone.realm)
    if phone.heard_at is None or abs(now - phone.heard_at) > HEARD_EVERY:
        Phone.objects.filter(pk=phone.pk).update(heard_at=now)
