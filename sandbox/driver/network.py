"""The network as a citizen's browser has it here: the services' registered addresses, by the safe network of probes.

Public addresses only. This machine's own (loopback) are let through where the site itself runs on it, as `make run`
does (SANDBOX_LOOPBACK): there an integrator's service stands beside it.
"""

import functools
import ssl

import httpx
from django.conf import settings

from whitelist.probes import urls
from whitelist.probes.addresses import Address
from whitelist.probes.errors import Refused
from whitelist.probes.fetching import trusted
from whitelist.probes.network import Clock, Limits, Network, Transport, dial, resolve

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LIMITS = Limits(seconds=15.0, octets=1024 * 1024)


class Reach(Network):
    """The probes' network, which also goes to this machine where SANDBOX_LOOPBACK says so."""

    def addresses(self, name: str, *, own: bool) -> list[Address]:
        """Return a name's addresses, every one of them looked at. Raises ProbeError."""
        return super().addresses(name, own=own or is_loopback(name))


class Outside(httpx.BaseTransport):
    """httpx over the safe network: each request has a connection of its own, and looks at the address anew."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises ProbeError, and httpx's and httpcore's own errors."""
        if not is_loopback(urls.host_of(request.url)):
            urls.checked(str(request.url))
        elif request.url.scheme not in ("http", "https"):
            raise Refused("not_an_address")
        clock = Clock(LIMITS.seconds)
        transport = Transport(Reach(LIMITS, resolve, dial, clock), _tls(settings.PROBES_CA_FILE))
        try:
            answer = transport.handle_request(request)
            body = b"".join(answer.stream)  # type: ignore[arg-type]  # the transport is a synchronous one
        finally:
            transport.close()
        return httpx.Response(answer.status_code, headers=answer.headers, content=_plain(answer, body))


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, and may be gone to."""
    return bool(settings.SANDBOX_LOOPBACK) and host.strip("[]") in LOOPBACK


def _plain(answer: httpx.Response, body: bytes) -> bytes:
    # Asked for as it is (Accept-Encoding: identity); what is packed nevertheless is nobody's to unpack.
    answer.headers.pop("content-encoding", None)
    answer.headers.pop("transfer-encoding", None)
    return body


@functools.lru_cache(maxsize=2)
def _tls(authorities: str) -> ssl.SSLContext:
    del authorities  # what the context depends on
    return trusted()
