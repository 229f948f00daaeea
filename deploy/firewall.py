#!/usr/bin/env python3
"""Print the nftables rules of a host: what may come to it and what it may reach, by what runs there.

    firewall.py HOSTS NAME [--operators ADDRESS…] [--monitoring ADDRESS…]

HOSTS is the file that parcels.sh reads (deploy/hosts.example). Names are looked up here, once: again when a host is
added, or an address changes. The tables below are the specification; docs/operating.md explains them.
"""

import argparse
import ipaddress
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

DATABASE, BROKER, EXPORTER = 5432, 5671, 9464
# What anybody may come to.
PUBLIC = {"web": (80, 443), "responder": (80, 443)}
# What each part asks for. `mail` is the mail server's submission port, wherever it is; `world` is port 443 outside.
ASKS = {
    "web": ("database", "broker", "mail"),
    "ca": ("database", "broker"),
    "tsm": ("database", "broker"),
    "sweeps": ("database", "broker"),
    "notices": ("database", "broker", "mail"),
    "probes": ("database", "broker", "world"),
    "workspaces": ("database", "broker"),
    "beat": ("broker",),
    "responder": ("database",),
    "owner": ("database",),
    "ceremony": ("database", "broker"),
    "counter": ("database", "broker"),
    "reader": ("database", "broker"),
    "exporter": (),
    "database": (),
    "broker": (),
}
# Addresses that are nobody's outside: what a probe goes to is asked by name, and a name may point anywhere.
INSIDE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "100.64.0.0/10")


def main() -> None:
    """Read the hosts, look their names up, print."""
    parser = argparse.ArgumentParser(description="nftables rules of a host of the deployment")
    parser.add_argument("hosts", type=Path)
    parser.add_argument("name")
    parser.add_argument("--operators", nargs="*", default=[], help="addresses from which SSH is let in")
    parser.add_argument("--monitoring", nargs="*", default=[], help="addresses of Prometheus")
    chosen = parser.parse_args()
    hosts = read(chosen.hosts.read_text())
    if chosen.name not in hosts:
        sys.exit(f"firewall.py: {chosen.hosts} has no line for {chosen.name}")
    addresses = {name: socket.gethostbyname(name) for name in hosts}
    print(rules(hosts, addresses, chosen.name, operators=chosen.operators, monitoring=chosen.monitoring))  # noqa: T201


def read(text: str) -> dict[str, list[str]]:
    """Return what runs on each host. Raises SystemExit at a part that isn't known."""
    found = {}
    for line in text.splitlines():
        name, *parts = line.partition("#")[0].split() or [""]
        if name:
            unknown = [part for part in parts if part not in ASKS]
            if unknown:
                sys.exit(f"firewall.py: nothing is called {unknown[0]}")
            found[name] = found.get(name, []) + parts
    return found


def rules(
    hosts: dict[str, list[str]],
    addresses: dict[str, str],
    name: str,
    *,
    operators: Sequence[str] = (),
    monitoring: Sequence[str] = (),
) -> str:
    """Return the rules of one host, to be loaded as /etc/nftables.conf."""

    def who(service: str) -> list[str]:
        return [addresses[one] for one, parts in hosts.items() if any(service in ASKS[part] for part in parts)]

    def where(service: str) -> list[str]:
        return [addresses[one] for one, parts in hosts.items() if service in parts]

    parts = hosts[name]
    coming = [_line("saddr", operators, 22), _line("saddr", monitoring, EXPORTER) if "exporter" in parts else ""]
    coming += [f"tcp dport {port} accept" for port in sorted({port for part in parts for port in PUBLIC.get(part, ())})]
    coming.append(_line("saddr", who("database"), DATABASE) if "database" in parts else "")
    coming.append(_line("saddr", who("broker"), BROKER) if "broker" in parts else "")
    asks = {service for part in parts for service in ASKS[part]}
    going = ["udp dport { 53, 123 } accept", "tcp dport 53 accept"]
    going.append(_line("daddr", where("database"), DATABASE) if "database" in asks else "")
    going.append(_line("daddr", where("broker"), BROKER) if "broker" in asks else "")
    going.append("tcp dport { 465, 587 } accept" if "mail" in asks else "")
    going.append(f"ip daddr != {{ {', '.join(INSIDE)} }} tcp dport 443 accept" if "world" in asks else "")
    return TEMPLATE.format(name=name, parts=" ".join(parts), coming=_block(coming), going=_block(going))


def _line(side: str, addresses: Sequence[str], port: int) -> str:
    if not addresses:
        return ""
    known = sorted({str(ipaddress.ip_network(one)).removesuffix("/32") for one in addresses})
    return f"ip {side} {{ {', '.join(known)} }} tcp dport {port} accept"


def _block(lines: list[str]) -> str:
    return "\n".join(f"        {line}" for line in lines if line)


# Refused and not dropped: who is wrong learns it at once. Established first, so that loading it cuts nobody off.
TEMPLATE = """#!/usr/sbin/nft -f
# {name}: {parts}
table inet jpki
delete table inet jpki
table inet jpki {{
    chain coming {{
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        ct state invalid drop
        iif lo accept
        meta l4proto {{ icmp, icmpv6 }} accept
{coming}
        reject with icmpx admin-prohibited
    }}
    chain passing {{
        type filter hook forward priority filter; policy drop;
    }}
    chain going {{
        type filter hook output priority filter; policy drop;
        ct state established,related accept
        oif lo accept
        meta l4proto {{ icmp, icmpv6 }} accept
{going}
        reject with icmpx admin-prohibited
    }}
}}"""

if __name__ == "__main__":
    main()
