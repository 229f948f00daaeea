"""Cookies of the site: over TLS each is this host's alone, by its name (`__Host-`: RFC 6265bis, section 4.1.3.2).

A browser takes such a name only with Secure, with Path=/ and without Domain, so that no neighbouring host and no page
that was reached without TLS can put one there. Without TLS, as on the machine of who tries it, names stand bare.
"""

from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponseBase

# The header Clear-Site-Data of a sign-out: what a browser may have kept of the pages in spite of `no-store`. Not what
# scripts store: a phone's sealed PIN is there.
CLEARED = '"cache"'


def called(name: str) -> str:
    """Return the name under which browsers keep the cookie here."""
    return f"{settings.COOKIE_PREFIX}{name}"


def of(request: HttpRequest, name: str) -> str:
    """Return what a request's cookie holds; nothing where there is none."""
    return request.COOKIES.get(called(name), "")


def signed_of(request: HttpRequest, name: str) -> str:
    """Return what a signed cookie holds; nothing where there is none, or one that isn't ours."""
    return request.get_signed_cookie(called(name), default=None) or ""


def keep(
    response: HttpResponseBase,
    name: str,
    value: str,
    *,
    same_site: Literal["Strict", "Lax"],
    lives: timedelta | None = None,
    path: str = "/",
    signed: bool = False,
) -> None:
    """Have the browser keep a cookie that no script reads; `path` is narrowed only where names stand bare."""
    put = response.set_signed_cookie if signed else response.set_cookie
    put(
        called(name),
        value,
        max_age=lives,
        path="/" if settings.COOKIE_PREFIX else path,
        httponly=True,
        samesite=same_site,
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget(response: HttpResponseBase, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(called(name), samesite="Strict")


class Messages(CookieStorage):
    """What is said on the next page, in a signed cookie that goes with it."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        """Return the name under which browsers keep it here."""
        return called("jpki_said")
