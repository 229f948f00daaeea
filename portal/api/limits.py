"""How much a credential may ask for: so many requests in a window of the clock, counted for all processes at once.

One row a credential, two statements a request. What the headers say is draft-ietf-httpapi-ratelimit-headers.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When

from ca import clock
from portal.api.errors import TooManyRequests
from portal.api.models import Allowance
from whitelist.models import Credential


@dataclass(frozen=True)
class Left:
    """What a credential has left, below zero when this request was one too many; the window ends in so many seconds."""

    requests: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that tell it."""
        told = {
            "RateLimit-Policy": f'"credential";q={settings.API_REQUESTS};w={settings.API_WINDOW_SECONDS}',
            "RateLimit": f'"credential";r={max(0, self.requests)};t={self.seconds}',
        }
        return told | ({"Retry-After": str(self.seconds)} if self.requests < 0 else {})


def take(credential: Credential) -> Left:
    """Count one request; return what is left."""
    length, now = settings.API_WINDOW_SECONDS, int(clock.machine().timestamp())
    return Left(settings.API_REQUESTS - _count(credential, now // length), length - now % length)


def require(left: Left) -> None:
    """Raise `TooManyRequests` where nothing was left for this one."""
    if left.requests < 0:
        raise TooManyRequests("the window's requests are used up", retry_after=left.seconds)


def _count(credential: Credential, window: int) -> int:
    rows = Allowance.objects.filter(credential=credential)
    counted = {"window": window, "used": Case(When(window=window, then=F("used") + 1), default=Value(1))}
    if not rows.update(**counted):
        try:
            with transaction.atomic():
                Allowance.objects.create(credential=credential, window=window, used=1)
        except IntegrityError:
            rows.update(**counted)
    return rows.values_list("used", flat=True)[0]
