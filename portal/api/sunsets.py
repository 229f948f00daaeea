"""What of the APIs goes away, and when: told in headers from the day it is decided (RFC 8594, RFC 9745).

An operation isn't changed under its callers: a new one takes its place, and the old one stands here with two dates.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.http import http_date


@dataclass(frozen=True)
class Sunset:
    """Addresses that begin with `path`, for one method or all; `page` says what to use instead."""

    path: str
    deprecated: datetime
    gone: datetime
    page: str
    method: str = ""

    def holds(self, method: str, path: str) -> bool:
        """Return whether a request is for it."""
        return path.startswith(self.path) and self.method in ("", method)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that tell it."""
        page = f"{settings.PUBLIC_URL}{self.page}"
        return {
            "Deprecation": f"@{int(self.deprecated.timestamp())}",
            "Sunset": http_date(self.gone.timestamp()),
            "Link": f'<{page}>; rel="deprecation", <{page}>; rel="sunset"',
        }


TABLE: list[Sunset] = []


def of(method: str, path: str) -> Sunset | None:
    """Return what is said of a request's operation, or None."""
    return next((each for each in TABLE if each.holds(method, path)), None)
