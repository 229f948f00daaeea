"""The id of the request that all of this is done for: from the site through the queues into workers and responder.

It stands in every line that is logged meanwhile. It is nobody's secret and nobody's name: what comes from outside is
taken only where it looks like one of ours.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# The header of a request, and (in small letters) of a message.
HEADER = "X-Request-ID"
MESSAGE_HEADER = "request_id"
_id: ContextVar[str] = ContextVar("request_id", default="")
_TAKEN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{7,63}")
# W3C Trace Context 3.2: version, trace-id, parent-id, flags. A trace of zeros is none.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


def current() -> str:
    """Return the id that is worked for at present; empty where there is none."""
    return _id.get()


def new() -> str:
    """Return an id that nobody has yet: 32 hex digits, as a trace's."""
    return secrets.token_hex(16)


def taken(request_id: str = "", traceparent: str = "") -> str:
    """Return the id of what came with these headers: theirs where it looks like one, the trace's, or a new one."""
    if _TAKEN.fullmatch(request_id):
        return request_id
    trace = _TRACEPARENT.fullmatch(traceparent)
    return trace.group(1) if trace else new()


@contextmanager
def working_for(request_id: str) -> Iterator[str]:
    """Work for this id until the block ends."""
    token = _id.set(request_id)
    try:
        yield request_id
    finally:
        _id.reset(token)
