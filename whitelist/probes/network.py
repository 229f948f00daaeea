"""The network that a fetch sees: names become addresses once, and every step has what is left of time and octets.

Between the look at an address and the connection to it nobody is asked again who could answer otherwise (rebinding).
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from whitelist.probes import addresses, urls
from whitelist.probes.errors import Refused, Unreachable, Wrong

# (name) -> addresses, as texts; raises OSError for a name that nobody knows.
Resolver = Callable[[str], Sequence[str]]
# (address, port, seconds) -> a connection to that address.
Dial = Callable[[str, int, float], httpcore.NetworkStream]

# Beside the body: the answer's head, and TLS around both is not counted.
HEAD = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """How long all of it may take, how many octets a body may have, how many redirections are followed."""

    seconds: float = 10.0
    octets: int = 256 * 1024
    redirects: int = 3
    # Of one name so many addresses are tried.
    addresses: int = 4


def resolve(name: str) -> list[str]:
    """Return a name's addresses as the system knows them, in its order. Raises OSError."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def dial(address: str, port: int, seconds: float) -> httpcore.NetworkStream:
    """Return a connection to an address (never a name). Raises httpcore's errors."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout=seconds)


class Clock:
    """The time that all of it may take together, however many steps it has."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, wanted: float | None = None) -> float:
        """Return how many seconds are left, at most `wanted`. Raises Unreachable when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise Unreachable("too_slow")
        return left if wanted is None else min(left, wanted)


class Network(httpcore.NetworkBackend):
    """The network below httpcore: names become addresses here, once, and only public ones are gone to."""

    def __init__(
        self, limits: Limits, resolver: Resolver, dial: Dial, clock: Clock, own: urls.Own | None = None
    ) -> None:
        self._limits, self._resolver, self._dial, self._clock = limits, resolver, dial, clock
        self._own = own or urls.is_own

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the addresses that were looked at; never to a name."""
        found = self.addresses(host, own=self._own(host, port, None))[: self._limits.addresses]
        for number, address in enumerate(found):
            try:
                # What is left is shared, so that a first address that drops everything leaves time for the next.
                seconds = self._clock.left(timeout) / (len(found) - number)
                stream = self._dial(str(address), port, seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError):
                continue
            return _Stream(stream, self._clock, self._limits.octets + HEAD)
        raise Unreachable("not_connected")

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:
        """Refuse: there is no such address."""
        raise Refused("not_public")

    def addresses(self, name: str, *, own: bool) -> list[addresses.Address]:
        """Return a name's addresses, every one of them looked at. Raises ProbeError when a single one won't do."""
        texts = self._resolved(name)
        found = [addresses.read(text) for text in texts]
        # Which one it was isn't told: names of our own network would be read off it.
        if own:
            if any(one is None or not one.is_loopback for one in found):
                raise Refused("not_public")
        elif any(one is None or not addresses.is_public(one) or urls.is_ours(one) for one in found):
            raise Refused("not_public")
        return [one for one in found if one is not None]

    def _resolved(self, name: str) -> list[str]:
        """Ask for a name in a thread: the system's resolver takes no time limit."""
        told: list[list[str]] = []

        def ask() -> None:
            try:
                told.append(list(self._resolver(name)))
            except (OSError, UnicodeError):
                told.append([])

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(self._clock.left())
        if not told:
            raise Unreachable("too_slow")
        if not told[0]:
            raise Unreachable("name_unknown")
        return told[0]


class _Stream(httpcore.NetworkStream):
    """A connection in which every step has only what is left of the whole time, and so many octets come in at most."""

    def __init__(self, stream: httpcore.NetworkStream, clock: Clock, octets: int) -> None:
        self._stream, self._clock, self._octets = stream, clock, octets

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        read = self._stream.read(max_bytes, self._clock.left(timeout))
        self._octets -= len(read)
        if self._octets < 0:
            raise Wrong("too_large")
        return read

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._clock.left(timeout))
        return _Stream(secured, self._clock, self._octets)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Transport(httpx.BaseTransport):
    """httpx over httpcore over our own network, as httpx's own transport is over the system's."""

    def __init__(self, network: Network, tls: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls, network_backend=network, max_connections=1, max_keepalive_connections=0, http2=False
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions={},
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()
