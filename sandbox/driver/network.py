"""The network as a citizen's browser has it here: the services' registered addresses, by the safe network of probes.

Public addresses only. This machine's own (loopback) are let through where the site itself runs on it, as `make run`
does (SANDBOX_LOOPBACK): there an integrator's service stands beside it.
"""

import functools
import ssl

import httpx
from django.conf import settings

from whitelist.probes import urls
from whitelist.probes.fetching import trusted
from whitelist.probes.network import Clock, Limits, Network, Transport, dial, resolve

LIMITS = Limits(seconds=10.0, octets=1024 * 1024)


class Outside(httpx.BaseTransport):
    """httpx over the safe network: each request has a connection of its own, and looks at the address anew."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises ProbeError, and httpx's and httpcore's own errors."""
        own = urls.is_loopback if settings.SANDBOX_LOOPBACK else urls.nobodys
        urls.checked(str(request.url), own=own)
        network = Network(LIMITS, resolve, dial, Clock(LIMITS.seconds), own)
        transport = Transport(network, _tls(settings.PROBES_CA_FILE))
        try:
            answer = transport.handle_request(request)
            body = b"".join(answer.stream)  # type: ignore[arg-type]  # the transport is a synchronous one
        finally:
            transport.close()
        # Asked for as it is (Accept-Encoding: identity); what is packed nevertheless is nobody's to unpack.
        for name in ("content-encoding", "transfer-encoding"):
            answer.headers.pop(name, None)
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


@functools.lru_cache(maxsize=2)
def _tls(authorities: str) -> ssl.SSLContext:
    del authorities  # what the context depends on
    return trusted()
