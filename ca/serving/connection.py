"""One client's connection: HTTP/1.1 requests in, replies out in their order, and an end to what takes too long.

A request must be whole within a time and a size; what is not ends its connection, and holds up no other. Parsing is
httptools' (llhttp), the loop uvloop's: a thread or a queue between socket and answer would cost more than the answer.
"""

import asyncio
import socket
import time
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Protocol, cast

import httptools

from ca.reply import UNIX, Reply, Request, http_date


@dataclass(frozen=True)
class Limits:
    """How long and how large what a client does may be: seconds and octets."""

    request_seconds: float = 10.0  # from a request's first octet to its last
    answer_seconds: float = 10.0  # until the desk has replied
    idle_seconds: float = 60.0  # between requests, and for the client to read an answer
    linger_seconds: float = 2.0  # for a refused client to read why
    head: int = 32_768
    body: int = 10_000
    connections: int = 4_000
    pipelined: int = 64


class Trouble(Enum):
    """What a desk has to find words for, as it never saw the request."""

    NOT_HTTP = auto()
    HEAD_TOO_LONG = auto()
    BODY_TOO_LONG = auto()
    TOO_SLOW = auto()
    UNANSWERED = auto()


class Desk(Protocol):
    """Who answers. Called in the event loop; never waits there."""

    def take(self, request: Request, connection: "Connection") -> None:
        """Reply to the connection, once, now or later, by `connection.reply` in the event loop's thread."""
        ...

    def refusal(self, trouble: Trouble, target: bytes) -> Reply:
        """Return what is said to a client whose request never came to the desk; `target` as far as it is known."""
        ...

    async def close(self) -> None:
        """Do what is left to do when all is answered: the process ends."""
        ...


class Hall:
    """The connections of one process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, desk: Desk, limits: Limits) -> None:
        self.loop, self.desk, self.limits = loop, desk, limits
        self.connections: set[Connection] = set()
        self.closing = False
        self.date = b""
        self._tick()

    def _tick(self) -> None:
        self.date = f"Date: {http_date(int(time.time()))}\r\n".encode()
        now = self.loop.time()
        for connection in [one for one in self.connections if one.deadline < now]:
            connection.too_late()
        self.loop.call_later(0.25, self._tick)

    def close(self) -> None:
        """Let what is being answered be answered, and end the rest."""
        self.closing = True
        for connection in list(self.connections):
            connection.end_when_idle()


@dataclass(frozen=True, slots=True)
class _Turn:
    request: Request
    last: bool  # of the connection
    old: bool  # HTTP/1.0


_CLOSE, _KEEP = b"Connection: close\r\n\r\n", b"Connection: keep-alive\r\n\r\n"


class Connection(asyncio.Protocol):
    """One client. Exactly one of its requests is at the desk at a time."""

    _target: bytes
    _body: bytes
    _headers: list[tuple[bytes, bytes]]

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._limits = hall.limits
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[_Turn] = deque()
        self._at_desk: _Turn | None = None
        self._held: _Turn | None = None  # without its body
        self._going_on = False
        self._deaf = False  # what comes now is not read any more
        self._peer = ""
        self.deadline = 0.0
        self._forget_request()

    # --- the transport's calls
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if len(self._hall.connections) >= self._limits.connections:
            self._deaf = True
            self._transport.abort()
            return
        address = transport.get_extra_info("peername")
        if isinstance(address, tuple):
            self._peer = address[0]
        elif transport.get_extra_info("socket").family == socket.AF_UNIX:
            self._peer = UNIX
        self._hall.connections.add(self)
        self.deadline = self._hall.loop.time() + self._limits.request_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        self._deaf = True
        self._waiting.clear()
        self._hall.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        try:
            if self._held is None:
                self._parser.feed_data(data)
            else:
                self._fill(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Nobody must change to another protocol (RFC 9110 7.8): the request is answered, as the last. The parser
            # stops before its body.
            if not self._deaf:
                self._held = replace(self._waiting.pop(), last=True)
                self._begun = True
                self._fill(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(Trouble.NOT_HTTP)
        if self._begun and not self._headed:
            self._head += len(data)
            if self._head > self._limits.head:
                self._refuse(Trouble.HEAD_TOO_LONG)
        if self._waiting and not self._going_on:
            self._go_on()

    def eof_received(self) -> bool:
        # Who said all they had to say may still read the answer.
        return bool(self._at_desk is not None or self._waiting)

    def pause_writing(self) -> None:
        self.deadline = self._hall.loop.time() + self._limits.idle_seconds
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    # --- the parser's calls
    def on_message_begin(self) -> None:
        self._begun = True
        if self._at_desk is None:
            self.deadline = self._hall.loop.time() + self._limits.request_seconds

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._headed = True
        for name, value in self._headers:
            lower = name.lower()
            if lower == b"content-length" and int(value) > self._limits.body:
                self._too_long = True
            elif lower == b"expect" and value.lower() == b"100-continue" and not self._too_long:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._too_long:
            self._refuse(Trouble.BODY_TOO_LONG)

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > self._limits.body and not self._too_long:
            self._too_long = True
            self._refuse(Trouble.BODY_TOO_LONG)

    def on_message_complete(self) -> None:
        if self._deaf:
            return
        method = self._parser.get_method().decode("ascii")
        if not self._target.startswith(b"/"):
            self._target = _origin_form(self._target)
        request = Request(method, self._target, self._headers, self._body, self._peer)
        last = self._hall.closing or not self._parser.should_keep_alive()
        self._waiting.append(_Turn(request, last, self._parser.get_http_version() == "1.0"))
        self._forget_request()
        if len(self._waiting) > self._limits.pipelined:
            self._refuse(Trouble.NOT_HTTP)

    # --- the desk's call, and the hall's
    def reply(self, reply: Reply) -> None:
        """Answer the request that is at the desk."""
        if self._at_desk is None or self._transport.is_closing():
            return
        turn, self._at_desk = self._at_desk, None
        self._write(reply, turn)
        if not self._going_on:
            self._go_on()

    def too_late(self) -> None:
        """End a connection whose time is up."""
        if self._at_desk is not None:
            self._refuse(Trouble.UNANSWERED)
        elif not self._deaf and self._begun:
            self._refuse(Trouble.TOO_SLOW)
        else:
            # Idle, or who was refused or does not read: what is still unsent would be waited for without end.
            self._transport.abort()

    def end_when_idle(self) -> None:
        """Close, when nothing is being answered; what is comes with `Connection: close`."""
        if self._at_desk is None and not self._waiting:
            self._transport.close()

    # --- within
    def _forget_request(self) -> None:
        self._target = self._body = b""
        self._headers = []
        self._begun = self._headed = self._too_long = False
        self._head = 0

    def _fill(self, data: bytes) -> None:
        """Take the body of a request that asked for an upgrade: as many octets as it said."""
        assert self._held is not None  # noqa: S101  (the caller)
        request = self._held.request
        length = int(request.header(b"content-length") or 0)
        request.body += data[: length - len(request.body)]
        if len(request.body) == length:
            self._waiting.append(self._held)
            self._deaf = True

    def _go_on(self) -> None:
        # A loop, as a desk that replies at once would otherwise call itself once for each pipelined request.
        self._going_on = True
        while self._waiting and self._at_desk is None and not self._transport.is_closing():
            self._at_desk = self._waiting.popleft()
            self.deadline = self._hall.loop.time() + self._limits.answer_seconds
            self._hall.desk.take(self._at_desk.request, self)
        self._going_on = False

    def _write(self, reply: Reply, turn: _Turn) -> None:
        last = turn.last or self._hall.closing
        persistence = _CLOSE if last else _KEEP if turn.old else b"\r\n"
        body = b"" if turn.request.method == "HEAD" else reply.body
        self._transport.write(b"".join((reply.head, self._hall.date, persistence, body)))
        self.deadline = self._hall.loop.time() + self._limits.idle_seconds
        if last:
            self._deaf = True
            self._transport.close()

    def _refuse(self, trouble: Trouble) -> None:
        """Say what is wrong, read no more, and leave the client a moment: closed at once, it might never read it."""
        self._deaf = True
        self._waiting.clear()
        self._at_desk = None
        reply = self._hall.desk.refusal(trouble, self._target)
        self._transport.write(b"".join((reply.head, self._hall.date, _CLOSE, reply.body)))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self.deadline = self._hall.loop.time() + self._limits.linger_seconds


def _origin_form(target: bytes) -> bytes:
    """Return path and query of a target that is a whole URL (RFC 9112 3.2.2), as clients write it to proxies."""
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        return target
    return (url.path or b"/") + (b"?" + url.query if url.query else b"")


def connections(hall: Hall) -> Any:
    """Return what makes a connection for each client, as `loop.create_server` wants it."""
    return lambda: Connection(hall)
