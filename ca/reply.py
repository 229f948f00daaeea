"""What the responder says over HTTP, and the words for it."""

from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache

TEXT = "text/plain; charset=utf-8"
OCSP = "application/ocsp-response"
NO_STORE = (("Cache-Control", "no-store"),)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: str
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())


NOT_FOUND = Reply("404 Not Found", TEXT, b"not found\n")


@lru_cache(maxsize=4096)
def http_date(second: int) -> str:
    """Return an HTTP date (RFC 9110 5.6.7) of whole seconds since 1970."""
    return formatdate(second, usegmt=True)
