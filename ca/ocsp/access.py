"""Access: who may ask for statuses, by OCSP_ACCESS, and what is noted of the answers, for OCSP_LOG_DAYS.

By law the authorities answer bodies that filed as verifiers (facts 2). Who is one, the register knows, and the register
stands above `ca`: OCSP_VERIFIERS names the function that is asked, a string.
"""

import base64
import binascii
import ipaddress
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from cryptography import x509
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ca import clock, presented
from ca.models import Realm, StatusAnswer
from ca.profiles import Medium, Purpose
from ca.reply import UNIX, Request

_BATCH = 5000
_MAX_CERTIFICATE = 16_000  # characters of a header


class NotAVerifier(Exception):
    """Say that who asks is no registered verifier, or did not say who they are."""


@dataclass(frozen=True)
class Subject:
    """What is asked about: certificates of a realm, a purpose and a medium."""

    realm: Realm
    purpose: Purpose
    medium: Medium


@dataclass(frozen=True)
class Claim:
    """How who asks shows who they are: at least one of the two."""

    token: str | None = None  # RFC 6750 2.1
    certificate: x509.Certificate | None = None  # its key was proven in TLS, to the proxy before us; nothing else was


# What OCSP_VERIFIERS names: returns the verifier's reference, at most 200 characters, or None for who is none.
Verifiers = Callable[[Claim, Subject], str | None]


def is_open() -> bool:
    """Tell whether anyone may ask."""
    if settings.OCSP_ACCESS not in {"open", "verifiers"}:
        raise ImproperlyConfigured(f"OCSP_ACCESS must be open or verifiers, not {settings.OCSP_ACCESS!r}")
    return bool(settings.OCSP_ACCESS == "open")


def verifier(request: Request, subject: Subject) -> str:
    """Return the reference of the verifier who asks. Raises NotAVerifier."""
    if not settings.OCSP_VERIFIERS:
        raise ImproperlyConfigured("OCSP_ACCESS is verifiers, and OCSP_VERIFIERS names no function that knows them")
    scheme, _, token = request.header(b"authorization").partition(" ")
    claim = Claim(token.strip() or None if scheme.lower() == "bearer" else None, _certificate(request))
    if claim.token is None and claim.certificate is None:
        raise NotAVerifier
    known: Verifiers = import_string(settings.OCSP_VERIFIERS)
    reference = known(claim, subject)
    if not reference:
        raise NotAVerifier
    return reference


def _certificate(request: Request) -> x509.Certificate | None:
    """Return the client's certificate as a trusted proxy hands it on; from anyone else the header is nothing."""
    written = request.header(b"client-cert").strip()
    if not written or len(written) > _MAX_CERTIFICATE or not _is_proxy(request.peer, settings.OCSP_PROXIES):
        return None
    try:
        if written.startswith(":"):  # RFC 9440 2.1
            return presented.of_der(base64.b64decode(written.strip(":"), validate=True))
        # nginx's $ssl_client_escaped_cert: PEM, URL-encoded
        return presented.of_pem(urllib.parse.unquote(written).encode())
    except (ValueError, binascii.Error):
        raise NotAVerifier from None


def _is_proxy(peer: str, setting: str) -> bool:
    if peer == UNIX:
        return UNIX in setting.split()
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in _networks(setting))


@lru_cache(maxsize=4)
def _networks(setting: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    try:
        return tuple(ipaddress.ip_network(one) for one in setting.split() if one != UNIX)
    except ValueError as error:
        raise ImproperlyConfigured(f"OCSP_PROXIES must be addresses, networks, or {UNIX}: {error}") from None


def note(realm: Realm, who: str, asked: tuple[str, ...], said: tuple[str, ...]) -> None:
    """Note an answer to a verifier, when answers are noted at all."""
    if settings.OCSP_LOG_DAYS > 0 and asked:
        StatusAnswer.objects.create(
            realm=realm, verifier=who[:200], at=clock.machine(), asked=list(asked), said=list(said)
        )


def purge() -> int:
    """Delete the notes that are older than OCSP_LOG_DAYS, in batches; return how many."""
    limit = clock.machine() - timedelta(days=settings.OCSP_LOG_DAYS)
    deleted = 0
    # The oldest: so it is the index that is read, also where there is nothing to delete.
    old_first = StatusAnswer.objects.filter(at__lt=limit).order_by("at")
    while old := list(old_first.values_list("pk", flat=True)[:_BATCH]):
        deleted += StatusAnswer.objects.filter(pk__in=old).delete()[0]
    return deleted
