"""Which addresses of the network are everybody's: only these are gone to, for whoever asks may have named any.

The registries' own lists are Python's (`ipaddress`); what is written inside an address is taken out and looked at, too,
because a gateway on the way would go there.
"""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 2.1
_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291 2.4: all that was ever given out
# RFC 5214 6.1: an IPv4 address behind these four octets, in any network.
_ISATAP = frozenset({b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe"})
# What Python 3.11 doesn't know to be nobody's or everybody's at once.
_NOT_PUBLIC = (
    ipaddress.IPv4Network("192.88.99.0/24"),  # RFC 7526: anycast of 6to4 relays, given up
    ipaddress.IPv6Network("3fff::/20"),  # RFC 9637: documentation
)


def read(text: str) -> Address | None:
    """Return the address that a resolver gave, None for what is none; one with a zone (`%eth0`) is of this machine."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else address


def is_public(address: Address) -> bool:
    """Tell whether an address, and every address inside it, is one of the public network's."""
    if getattr(address, "scope_id", None):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(address.packed[12:]))
        if address not in _UNICAST or not all(map(is_public, _inside(address))):
            return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    )


def _inside(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that a tunnel would take this one apart into."""
    found = [address.sixtofour] if address.sixtofour is not None else []
    found += list(address.teredo or ())
    if address.packed[8:12] in _ISATAP:
        found.append(ipaddress.IPv4Address(address.packed[12:]))
    return found
