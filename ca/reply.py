"""What the responder is asked and says over HTTP, and the words for it."""

from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cached_property, lru_cache

TEXT = "text/plain; charset=utf-8"
OCSP = "application/ocsp-response"
# Who comes by our own socket in the file system: it has no address, and its folder says who may.
UNIX = "unix"
NO_STORE = (("Cache-Control", "no-store"),)


@dataclass(slots=True)
class Request:
    """An HTTP request, whole."""

    method: str
    target: bytes  # path and query, as they came
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    peer: str = ""  # the address of who is connected to us; UNIX by a socket in the file system

    def header(self, name: bytes) -> str:
        """Return a header's value by its lower-case name, the lines joined; empty when there is none."""
        return ", ".join(value.decode("latin-1") for key, value in self.headers if key.lower() == name)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: str
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())

    @cached_property
    def head(self) -> bytes:
        """Return the status line and the headers, but for Date and Connection, each line with its end."""
        # RFC 9110 15.4.5: 304 has no content, and names none.
        content = (("Content-Type", self.kind), ("Content-Length", str(len(self.body)))) if self.kind else ()
        lines = [f"{name}: {value}\r\n" for name, value in (*content, NO_SNIFFING, *self.headers)]
        return f"HTTP/1.1 {self.status}\r\n{''.join(lines)}".encode("latin-1")


NO_SNIFFING = ("X-Content-Type-Options", "nosniff")
NOT_FOUND = Reply("404 Not Found", TEXT, b"not found\n")


@lru_cache(maxsize=4096)
def http_date(second: int) -> str:
    """Return an HTTP date (RFC 9110 5.6.7) of whole seconds since 1970."""
    return formatdate(second, usegmt=True)
