"""Which addresses a probe goes to at all: https to a name of the public tree, or one of this machine's own services."""

from collections.abc import Callable

import httpx
from django.conf import settings

from whitelist.probes.addresses import Address
from whitelist.probes.errors import Refused

LONGEST = 2000
# (host, port, scheme or None) -> whether it is one of this machine's own services that is gone to.
Own = Callable[[str, int, str | None], bool]


def checked(url: str, *, own: Own | None = None) -> httpx.URL:
    """Return the address as everything below reads it, if it is one to go to. Raises Refused.

    `own` says which of this machine's own services may be; PROBES_OWN_ORIGINS, when nothing else is said.
    """
    own = own or is_own
    if len(url) > LONGEST:
        raise Refused("not_an_address")
    try:
        parsed = httpx.URL(url)
        host = host_of(parsed)
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise Refused("not_an_address") from None
    if parsed.userinfo:
        raise Refused("credentials_in_address")
    if own(host, port_of(parsed), parsed.scheme):
        return parsed
    if parsed.scheme != "https":
        raise Refused("not_https")
    if not is_name(host):
        raise Refused("not_a_name")
    if port_of(parsed) not in settings.PROBES_PORTS:
        raise Refused("port_not_allowed", port=port_of(parsed))
    return parsed


def host_of(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").lower()


def port_of(url: httpx.URL) -> int:
    return url.port or (80 if url.scheme == "http" else 443)


def is_name(host: str) -> bool:
    """Tell whether a host is a name of the public tree, and nothing that some resolver takes for a number."""
    labels = host.removesuffix(".").split(".")
    if len(labels) < 2 or len(host) > 253:
        return False
    if not all(0 < len(each) < 64 and each.replace("-", "").replace("_", "").isalnum() for each in labels):
        return False
    # As browsers have it (WHATWG URL, "ends in a number"): 127.1, 0x7f.0.0.1 and 2130706433 are no names.
    last = labels[-1]
    return not (last.isdigit() or last.startswith("0x"))


def is_own(host: str, port: int, scheme: str | None = None) -> bool:
    """Tell whether it is one of this machine's own services that PROBES_OWN_ORIGINS lets through."""
    for origin in settings.PROBES_OWN_ORIGINS:
        own = httpx.URL(origin)
        if (host, port) == (host_of(own), port_of(own)) and scheme in (None, own.scheme):
            return True
    return False


def is_loopback(host: str, port: int, scheme: str | None = None) -> bool:
    """Tell whether a host is this machine itself, whatever the port: for who lets all of its services through."""
    return host in ("localhost", "127.0.0.1", "[::1]", "::1") and scheme in (None, "http", "https")


def nobodys(host: str, port: int, scheme: str | None = None) -> bool:
    """Tell of every service that it isn't one of this machine's own: none is let through."""
    return False


def is_ours(address: Address) -> bool:
    """Tell whether a public address belongs to the operator's own networks, where a probe has no business."""
    return any(address in network for network in settings.PROBES_REFUSED_NETWORKS)
