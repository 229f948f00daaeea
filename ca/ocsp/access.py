"""Access: who may ask for statuses, by OCSP_ACCESS, and what is noted of the answers, for OCSP_LOG_DAYS.

By law the authorities answer bodies that filed as verifiers (facts 2). Who is one, the register knows, and the register
stands above `ca`: OCSP_VERIFIERS names the function that is asked, a string.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ca import clock
from ca.models import Realm, StatusAnswer

_BATCH = 5000


class NotAVerifier(Exception):
    """Say that who asks is no registered verifier, or did not say who they are."""


def is_open() -> bool:
    """Tell whether anyone may ask."""
    if settings.OCSP_ACCESS not in {"open", "verifiers"}:
        raise ImproperlyConfigured(f"OCSP_ACCESS must be open or verifiers, not {settings.OCSP_ACCESS!r}")
    return bool(settings.OCSP_ACCESS == "open")


def verifier(environ: dict[str, Any]) -> str:
    """Return the verifier's reference by the request's bearer token (RFC 6750 2.1). Raises NotAVerifier."""
    if not settings.OCSP_VERIFIERS:
        raise ImproperlyConfigured("OCSP_ACCESS is verifiers, and OCSP_VERIFIERS names no function that knows them")
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    known: Callable[[str], str | None] = import_string(settings.OCSP_VERIFIERS)
    reference = known(token.strip()) if scheme.lower() == "bearer" and token.strip() else None
    if not reference:
        raise NotAVerifier
    return reference


def note(realm: Realm, who: str, asked: tuple[str, ...], said: tuple[str, ...]) -> None:
    """Note an answer to a verifier, when answers are noted at all."""
    if settings.OCSP_LOG_DAYS > 0:
        StatusAnswer.objects.create(
            realm=realm, verifier=who[:200], at=clock.machine(), asked=list(asked), said=list(said)
        )


def purge() -> int:
    """Delete the notes that are older than OCSP_LOG_DAYS, in batches; return how many."""
    limit = clock.machine() - timedelta(days=settings.OCSP_LOG_DAYS)
    deleted = 0
    while old := list(StatusAnswer.objects.filter(at__lt=limit).values_list("pk", flat=True)[:_BATCH]):
        deleted += StatusAnswer.objects.filter(pk__in=old).delete()[0]
    return deleted
