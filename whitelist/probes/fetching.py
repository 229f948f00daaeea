"""Going to an address that a stranger named: to the public network and nowhere else, for so long and so much.

The name is asked for once, every address that comes is looked at, and the connection goes to one of these very
addresses: between look and connection nobody is asked again who could answer otherwise (rebinding). HTTP is httpx's and
httpcore's, over a network of our own underneath; proxies, cookies and credentials don't exist here.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx
from cryptography import x509
from django.conf import settings

from whitelist.probes import addresses
from whitelist.probes.errors import ProbeError, Refused, Unreachable, Wrong

# (name) -> addresses, as texts; raises OSError for a name that nobody knows.
Resolver = Callable[[str], Sequence[str]]
# (address, port, seconds) -> a connection to that address.
Dial = Callable[[str, int, float], httpcore.NetworkStream]

AGENT = "smartphone-jpki-probe/1"
LONGEST_URL = 2000
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


@dataclass(frozen=True)
class Answer:
    """What an address answered: the last one, after redirections."""

    url: str
    status: int
    media_type: str
    location: str
    body: bytes


@dataclass(frozen=True)
class Handshake:
    """What TLS told: nothing more was said than hello."""

    version: str
    certificate: x509.Certificate | None  # none on this machine's own HTTP


def resolve(name: str) -> list[str]:
    """Return a name's addresses as the system knows them, in its order. Raises OSError."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def dial(address: str, port: int, seconds: float) -> httpcore.NetworkStream:
    """Return a connection to an address (never a name). Raises httpcore's errors."""
    return httpcore.SyncBackend().connect_tcp(address, port, timeout=seconds)


def trusted() -> ssl.SSLContext:
    """Return what holds a certificate to its name: the authorities that browsers trust, or PROBES_CA_FILE's."""
    if settings.PROBES_CA_FILE:
        return ssl.create_default_context(cafile=settings.PROBES_CA_FILE)
    return httpx.create_ssl_context(trust_env=False)


@dataclass
class Fetcher:
    """Fetches from strangers. `resolver`, `dial` and `tls` are the world outside, which a test may stand for."""

    limits: Limits = field(default_factory=Limits)
    resolver: Resolver = resolve
    dial: Dial = dial
    tls: Callable[[], ssl.SSLContext] = trusted

    def get(self, url: str, *, redirects: int | None = None) -> Answer:
        """Return what `url` answers to GET; each redirection is looked at anew. Raises ProbeError."""
        most = self.limits.redirects if redirects is None else redirects
        clock = _Clock(self.limits.seconds)
        target, seen = _checked(url), 0
        while True:
            answer = self._get(target, clock)
            if not (300 <= answer.status < 400 and answer.location):
                return answer
            if seen == most:
                raise Wrong("redirect", status=answer.status, allowed=most)
            seen += 1
            try:
                # From outside nobody is led to this machine's own services.
                own = _is_own(_host(target), _port(target), target.scheme)
                target = _checked(str(target.join(answer.location)), own=own)
            except (httpx.InvalidURL, ValueError):
                raise Wrong("redirect", status=answer.status) from None

    def handshake(self, url: str) -> Handshake:
        """Return what TLS at `url` tells, and say nothing more. Raises ProbeError."""
        target = _checked(url)
        network = _Network(self, _Clock(self.limits.seconds))
        with _told():
            stream = network.connect_tcp(_host(target), _port(target))
            try:
                if target.scheme == "http":  # one of PROBES_OWN_ORIGINS
                    return Handshake("", None)
                stream = stream.start_tls(self.tls(), server_hostname=_host(target))
                told: ssl.SSLSocket | ssl.SSLObject = stream.get_extra_info("ssl_object")
                der = told.getpeercert(True)
                if der is None:
                    raise Wrong("certificate_invalid")
                return Handshake(told.version() or "", x509.load_der_x509_certificate(der))
            finally:
                stream.close()

    def lookup(self, name: str) -> list[str]:
        """Return a name's addresses, all of them public. Raises ProbeError."""
        own = any(name == _host(httpx.URL(origin)) for origin in settings.PROBES_OWN_ORIGINS)
        if not own and not _is_name(name):
            raise Refused("not_a_name")
        return [str(one) for one in _Network(self, _Clock(self.limits.seconds)).addresses(name, own=own)]

    def _get(self, url: httpx.URL, clock: "_Clock") -> Answer:
        # A client of its own for each address: no cookie, no connection goes along.
        headers = {"User-Agent": AGENT, "Accept": "application/json", "Accept-Encoding": "identity"}
        transport = _Transport(_Network(self, clock), self.tls())
        with (
            _told(),
            httpx.Client(transport=transport, trust_env=False, follow_redirects=False, headers=headers) as client,
            client.stream("GET", url) as response,
        ):
            if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
                # Unasked for; what it would unpack to nobody knows before.
                raise Wrong("compressed", status=response.status_code)
            moved = response.has_redirect_location
            body = b"" if moved else b"".join(self._limited(response))
            return Answer(
                url=str(url),
                status=response.status_code,
                media_type=response.headers.get("content-type", "").partition(";")[0].strip().lower()[:100],
                location=response.headers.get("location", "")[:LONGEST_URL] if moved else "",
                body=body,
            )

    def _limited(self, response: httpx.Response) -> Iterator[bytes]:
        count = 0
        for part in response.iter_raw():
            count += len(part)
            if count > self.limits.octets:
                raise Wrong("too_large", limit=self.limits.octets)
            yield part


class _Clock:
    """The time that all of it may take together, however many steps it has."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, wanted: float | None = None) -> float:
        """Return how many seconds are left, at most `wanted`. Raises Unreachable when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise Unreachable("too_slow")
        return left if wanted is None else min(left, wanted)


class _Network(httpcore.NetworkBackend):
    """The network below httpcore: names become addresses here, once, and only public ones are gone to."""

    def __init__(self, fetcher: Fetcher, clock: _Clock) -> None:
        self._fetcher, self._clock = fetcher, clock

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the addresses that were looked at; never to a name."""
        found = self.addresses(host, own=_is_own(host, port))[: self._fetcher.limits.addresses]
        for number, address in enumerate(found):
            try:
                # What is left is shared, so that a first address that drops everything leaves time for the next.
                seconds = self._clock.left(timeout) / (len(found) - number)
                stream = self._fetcher.dial(str(address), port, seconds)
            except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError):
                continue
            return _Stream(stream, self._clock, self._fetcher.limits.octets + HEAD)
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
        elif any(one is None or not addresses.is_public(one) or _is_ours(one) for one in found):
            raise Refused("not_public")
        return [one for one in found if one is not None]

    def _resolved(self, name: str) -> list[str]:
        """Ask for a name in a thread: the system's resolver takes no time limit."""
        told: list[list[str]] = []

        def ask() -> None:
            try:
                told.append(list(self._fetcher.resolver(name)))
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

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock, octets: int) -> None:
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


class _Transport(httpx.BaseTransport):
    """httpx over httpcore over our own network, as httpx's own transport is over the system's."""

    def __init__(self, network: _Network, tls: ssl.SSLContext) -> None:
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


# OpenSSL's X509_V_ERR codes (`man 3 X509_STORE_CTX_get_error`).
_CERTIFICATE = {
    9: "certificate_not_yet",
    10: "certificate_expired",
    18: "certificate_untrusted",
    19: "certificate_untrusted",
    20: "certificate_untrusted",
    21: "certificate_untrusted",
    62: "certificate_wrong_name",
}


@contextmanager
def _told() -> Iterator[None]:
    """Tell whatever the libraries say in findings of ours."""
    try:
        yield
    except ProbeError:
        raise
    except (httpcore.TimeoutException, httpx.TimeoutException, TimeoutError):
        raise Unreachable("too_slow") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError, OSError) as error:
        refusal = _certificate_error(error)
        if refusal is not None:
            raise Wrong(
                _CERTIFICATE.get(refusal.verify_code, "certificate_invalid"), code=refusal.verify_code
            ) from None
        if isinstance(error, httpcore.ConnectError | ssl.SSLError):
            raise Wrong("tls_failed") from None
        if isinstance(error, httpcore.ProtocolError | httpx.ProtocolError):
            raise Wrong("not_http") from None
        raise Unreachable("broken_off") from None


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for one in (error, *error.args):
            if isinstance(one, ssl.SSLCertVerificationError):
                return one
        error = error.__cause__ or error.__context__
    return None


def _checked(url: str, *, own: bool = True) -> httpx.URL:
    """Return the address as everything below reads it, if it is one to go to. Raises Refused.

    Unless `own`, PROBES_OWN_ORIGINS are none.
    """
    if len(url) > LONGEST_URL:
        raise Refused("not_an_address")
    try:
        parsed = httpx.URL(url)
        host = _host(parsed)
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise Refused("not_an_address") from None
    if parsed.userinfo:
        raise Refused("credentials_in_address")
    if own and _is_own(host, _port(parsed), parsed.scheme):
        return parsed
    if parsed.scheme != "https":
        raise Refused("not_https")
    if not _is_name(host):
        raise Refused("not_a_name")
    if _port(parsed) not in settings.PROBES_PORTS:
        raise Refused("port_not_allowed", port=_port(parsed))
    return parsed


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").lower()


def _port(url: httpx.URL) -> int:
    return url.port or (80 if url.scheme == "http" else 443)


def _is_name(host: str) -> bool:
    """Tell whether a host is a name of the public tree, and nothing that some resolver takes for a number."""
    labels = host.removesuffix(".").split(".")
    if len(labels) < 2 or len(host) > 253:
        return False
    if not all(0 < len(each) < 64 and each.replace("-", "").replace("_", "").isalnum() for each in labels):
        return False
    # As browsers have it (WHATWG URL, "ends in a number"): 127.1, 0x7f.0.0.1 and 2130706433 are no names.
    last = labels[-1]
    return not (last.isdigit() or last.startswith("0x"))


def _is_own(host: str, port: int, scheme: str | None = None) -> bool:
    """Tell whether it is one of this machine's own services that PROBES_OWN_ORIGINS lets through."""
    for origin in settings.PROBES_OWN_ORIGINS:
        own = httpx.URL(origin)
        if (host, port) == (_host(own), _port(own)) and scheme in (None, own.scheme):
            return True
    return False


def _is_ours(address: addresses.Address) -> bool:
    """Tell whether a public address belongs to the operator's own networks, where a probe has no business."""
    return any(address in network for network in settings.PROBES_REFUSED_NETWORKS)
