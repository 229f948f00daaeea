"""Going to an address that a stranger named: to the public network and nowhere else, for so long and so much.

The name is asked for once, every address that comes is looked at, and the connection goes to one of these very
addresses: between look and connection nobody is asked again who could answer otherwise (rebinding). HTTP is httpx's and
httpcore's, over a network of our own underneath; proxies, cookies and credentials don't exist here.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx
from cryptography import x509
from django.conf import settings

from ca import presented
from whitelist.probes import findings, urls
from whitelist.probes.errors import Refused, Wrong
from whitelist.probes.network import Clock, Dial, Limits, Network, Resolver, Transport, dial, resolve

AGENT = "smartphone-jpki-probe/1"


@dataclass(frozen=True)
class Answer:
    """What an address answered: the last one, after redirections."""

    url: str
    status: int
    media_type: str
    location: str
    body: bytes
    retry_after: str = ""


@dataclass(frozen=True)
class Handshake:
    """What TLS told: nothing more was said than hello."""

    version: str
    certificate: x509.Certificate | None  # none on this machine's own HTTP


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
    # Which services of this machine itself are gone to; None: PROBES_OWN_ORIGINS.
    own: urls.Own | None = None

    def get(self, url: str, *, redirects: int | None = None) -> Answer:
        """Return what `url` answers to GET; each redirection is looked at anew. Raises ProbeError.

        The name in `url` is all that whoever gave it named, so a redirection to another one isn't followed.
        """
        most = self.limits.redirects if redirects is None else redirects
        clock = Clock(self.limits.seconds)
        target, seen = urls.checked(url, own=self.own), 0
        named = urls.host_of(target)
        while True:
            answer = self._get(target, clock)
            if not (300 <= answer.status < 400 and answer.location):
                return answer
            if seen == most:
                raise Wrong("redirect", status=answer.status, allowed=most)
            seen += 1
            try:
                # From outside nobody is led to this machine's own services.
                own = self._is_own(urls.host_of(target), urls.port_of(target), target.scheme)
                target = urls.checked(str(target.join(answer.location)), own=self.own if own else urls.nobodys)
            except (httpx.InvalidURL, ValueError):
                raise Wrong("redirect", status=answer.status) from None
            if urls.host_of(target) != named:
                raise Wrong("redirect", status=answer.status)

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Return what `url` answers to a POST, with the first octets of what it says. Raises ProbeError.

        Nothing is followed: a redirection is an answer like any other.
        """
        target = urls.checked(url, own=self.own)
        transport = Transport(self._network(Clock(self.limits.seconds)), self.tls())
        told = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
        with (
            findings.told(),
            httpx.Client(transport=transport, trust_env=False, follow_redirects=False, headers=told) as client,
            client.stream("POST", target, content=content) as response,
        ):
            body = b""
            for part in response.iter_raw():
                body += part
                if len(body) >= self.limits.octets:
                    break
            return Answer(
                url=str(target),
                status=response.status_code,
                media_type=response.headers.get("content-type", "").partition(";")[0].strip().lower()[:100],
                location=response.headers.get("location", "")[: urls.LONGEST],
                body=body[: self.limits.octets],
                retry_after=response.headers.get("retry-after", "")[:40],
            )

    def handshake(self, url: str) -> Handshake:
        """Return what TLS at `url` tells, and say nothing more. Raises ProbeError."""
        target = urls.checked(url, own=self.own)
        network = self._network(Clock(self.limits.seconds))
        with findings.told():
            stream = network.connect_tcp(urls.host_of(target), urls.port_of(target))
            try:
                if target.scheme == "http":  # one of PROBES_OWN_ORIGINS
                    return Handshake("", None)
                stream = stream.start_tls(self.tls(), server_hostname=urls.host_of(target))
                told: ssl.SSLSocket | ssl.SSLObject = stream.get_extra_info("ssl_object")
                der = told.getpeercert(True)
                if der is None:
                    raise Wrong("certificate_invalid")
                return Handshake(told.version() or "", presented.of_der(der))
            finally:
                stream.close()

    def lookup(self, name: str) -> list[str]:
        """Return a name's addresses, all of them public. Raises ProbeError."""
        own = any(name == urls.host_of(httpx.URL(origin)) for origin in settings.PROBES_OWN_ORIGINS)
        if not own and not urls.is_name(name):
            raise Refused("not_a_name")
        return [str(one) for one in self._network(Clock(self.limits.seconds)).addresses(name, own=own)]

    def _network(self, clock: Clock) -> Network:
        return Network(self.limits, self.resolver, self.dial, clock, self.own)

    def _is_own(self, host: str, port: int, scheme: str) -> bool:
        return (self.own or urls.is_own)(host, port, scheme)

    def _get(self, url: httpx.URL, clock: Clock) -> Answer:
        # A client of its own for each address: no cookie, no connection goes along.
        headers = {"User-Agent": AGENT, "Accept": "application/json", "Accept-Encoding": "identity"}
        transport = Transport(self._network(clock), self.tls())
        with (
            findings.told(),
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
                location=response.headers.get("location", "")[: urls.LONGEST] if moved else "",
                body=body,
            )

    def _limited(self, response: httpx.Response) -> Iterator[bytes]:
        count = 0
        for part in response.iter_raw():
            count += len(part)
            if count > self.limits.octets:
                raise Wrong("too_large", limit=self.limits.octets)
            yield part
