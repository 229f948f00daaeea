"""What can go wrong with a call, as exceptions: a problem of the API (RFC 9457) by its code, or no answer at all.

`except Problem` catches every "no" of the API, `except JpkiError` all that this package raises. `code` is stable;
`citizen` is a sentence for the person in front of the screen, in both languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx


class JpkiError(Exception):
    """This package's root of errors. `code` names what went wrong, and `retry` says whether trying again may help."""

    code = "error"
    retry = False


class Unreachable(JpkiError):
    """The site couldn't be reached, or what came isn't its answer."""

    code = "unreachable"
    retry = True


class KeyUnusable(JpkiError):
    """The service's own private key is missing, or isn't an EC key on P-256."""

    code = "key_unusable"


class NotOurs(JpkiError):
    """What the browser brought back doesn't belong to what this session asked for. Don't redeem it."""

    code = "return_not_ours"


@dataclass(frozen=True)
class Text:
    """One sentence in both languages."""

    ja: str
    en: str


class Problem(JpkiError):
    """The API said no. `status` is HTTP's, `members` are all of the problem's; `instance` leads to the request."""

    def __init__(self, status: int, members: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.members = dict(members)
        self.code = str(members.get("code") or "unknown")
        self.title = str(members.get("title") or "")
        self.detail = str(members.get("detail") or "")
        self.type = str(members.get("type") or "about:blank")
        self.instance: str | None = members.get("instance")
        told = members.get("citizen")
        self.citizen = Text(str(told.get("ja", "")), str(told.get("en", ""))) if isinstance(told, Mapping) else None
        # Seconds to wait, where the API says so.
        self.retry_after = retry_after
        self.retry = status in (429, 502, 503, 504)
        super().__init__(f"{self.code}: {self.detail}" if self.detail else self.code)


class RequestInvalid(Problem):
    """The request isn't one that could ever be answered. `members["member"]` names what is wrong with it."""


class DocumentUnacceptable(RequestInvalid):
    """The document can't be shown to a citizen as it is."""


class NotAuthenticated(Problem):
    """The assertion or the token doesn't hold."""


class NotAllowed(Problem):
    """We are who we say, and may not. `members["reason"]` says why, where the register does."""


class HandOffRefused(NotAllowed):
    """The register says no to this hand-off."""


class NotFound(Problem):
    """There is no such thing, or it isn't ours."""


class Conflict(Problem):
    """It isn't in a state for this."""


class CodeInvalid(Problem):
    """The code isn't this hand-off's, came too late or a second time, or without its verifier."""


class TooMany(Problem):
    """Too many requests; `retry_after` says for how long to wait."""


class ServerFault(Problem):
    """The site failed."""


_BY_CODE: Mapping[str, type[Problem]] = {
    "document_unacceptable": DocumentUnacceptable,
    "handoff_code_invalid": CodeInvalid,
    "handoff_refused": HandOffRefused,
    "handoff_unknown": NotFound,
    "token_invalid": NotAuthenticated,
    "client_unknown": NotAuthenticated,
    "client_assertion_invalid": NotAuthenticated,
    "client_assertion_replayed": NotAuthenticated,
}
_BY_STATUS: Mapping[int, type[Problem]] = {
    400: RequestInvalid,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: Conflict,
    422: RequestInvalid,
    429: TooMany,
}


def raised(response: httpx.Response) -> Problem:
    """Return the exception for an answer that is an error."""
    try:
        members = response.json()
    except ValueError:
        members = {}
    if not isinstance(members, dict):
        members = {}
    kind = _BY_CODE.get(str(members.get("code"))) or _BY_STATUS.get(response.status_code)
    if kind is None:
        kind = ServerFault if response.status_code >= 500 else Problem
    return kind(response.status_code, members, _seconds(response.headers.get("Retry-After", "")))


def _seconds(header: str) -> float | None:
    return float(header) if header.isascii() and header.isdigit() else None
