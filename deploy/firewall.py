#!/usr/bin/env python3
"""Print the nftables rules of a host: what may come to it and what it may reach, by what runs there.

    firewall.py HOSTS NAME [--operators ADDRESS…] [--monitoring ADDRESS…]
                           [--resolvers ADDRESS…] [--clocks ADDRESS…] [--mail ADDRESS…]

HOSTS is the file that parcels.sh reads (deploy/hosts.example). Names are looked up here, once: again when a host is
added, or an address changes. The tables below are the specification; docs/operating.md explains them.

What a host may reach is an allow-list: of each part, as the user that it runs as, the addresses of what it asks, and of
the host the name servers, clocks and mail servers that are named here. One that isn't named is reached by nobody.
"""

import argparse
import ipaddress
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

DATABASE, BROKER, EXPORTER, LOGS = 5432, 5671, 9464, 6514
# What anybody may come to.
PUBLIC = {"web": (80, 443), "responder": (80, 443)}
# What each part asks for. `mail` is the mail servers' submission ports; `world` is port 443 outside, where the worker
# itself goes to no name but those that a case or an entry of the register has (whitelist/probes/targets.py).
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
    "exporter": (),  # where the reader stands beside it, what that one asks
    "database": (),
    "broker": (),
    "logs": (),  # every other host sends it its journal
}
# Whom a part runs as, where it isn't `jpki-<part>`: the keys that a ceremony makes are the `ca` workers'.
USERS = {"ceremony": "jpki-ca"}
# Addresses that are nobody's outside: what a probe goes to is asked by name, and a name may point anywhere.
INSIDE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "100.64.0.0/10")


def main() -> None:
    """Read the hosts, look their names up, print."""
    parser = argparse.ArgumentParser(description="nftables rules of a host of the deployment")
    parser.add_argument("hosts", type=Path)
    parser.add_argument("name")
    parser.add_argument("--operators", nargs="*", default=[], help="addresses from which SSH is let in")
    parser.add_argument("--monitoring", nargs="*", default=[], help="addresses of Prometheus")
    parser.add_argument("--resolvers", nargs="*", default=[], help="addresses of name servers")
    parser.add_argument("--clocks", nargs="*", default=[], help="addresses of time servers (NTP)")
    parser.add_argument("--mail", nargs="*", default=[], help="addresses of the mail server (EMAIL_HOST)")
    chosen = parser.parse_args()
    hosts = read(chosen.hosts.read_text())
    if chosen.name not in hosts:
        sys.exit(f"firewall.py: {chosen.hosts} has no line for {chosen.name}")
    addresses = {name: socket.gethostbyname(name) for name in hosts}
    named = {name: getattr(chosen, name) for name in ("operators", "monitoring", "resolvers", "clocks", "mail")}
    print(rules(hosts, addresses, chosen.name, **named))  # noqa: T201


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
    resolvers: Sequence[str] = (),
    clocks: Sequence[str] = (),
    mail: Sequence[str] = (),
) -> str:
    """Return the rules of one host, to be loaded as /etc/nftables.conf."""

    def who(service: str) -> list[str]:
        return [addresses[one] for one, parts in hosts.items() if any(service in ASKS[part] for part in parts)]

    def where(service: str) -> list[str]:
        return [addresses[one] for one, parts in hosts.items() if service in parts]

    def users(service: str) -> str:
        """Return what holds of a packet of those who ask for it."""
        found = {_user(part) for part in parts if service in ASKS[part] or (part == "exporter" and service in told)}
        names = ", ".join(f'"{one}"' for one in sorted(found))
        return f"meta skuid {{ {names} }} " if found else ""

    parts = hosts[name]
    told = ASKS["reader"] if "reader" in parts else ()
    coming = [_line("saddr", operators, 22), _line("saddr", monitoring, EXPORTER) if "exporter" in parts else ""]
    coming += [f"tcp dport {port} accept" for port in sorted({port for part in parts for port in PUBLIC.get(part, ())})]
    coming.append(_line("saddr", who("database"), DATABASE) if "database" in parts else "")
    coming.append(_line("saddr", who("broker"), BROKER) if "broker" in parts else "")
    rest = [addresses[one] for one, its in hosts.items() if "logs" not in its]
    coming.append(_line("saddr", rest, LOGS) if "logs" in parts else "")
    going = [_line("daddr", resolvers, 53, "udp"), _line("daddr", resolvers, 53), _line("daddr", clocks, 123, "udp")]
    for service, targets, ports in (
        ("database", where("database"), str(DATABASE)),
        ("broker", where("broker"), str(BROKER)),
        ("mail", mail, "{ 465, 587 }"),
    ):
        if users(service):
            going.append(_line("daddr", targets, ports, before=users(service)))
    if "logs" not in parts:
        going.append(_line("daddr", where("logs"), LOGS))
    if users("world"):
        going.append(f"{users('world')}ip daddr != {{ {', '.join(INSIDE)} }} tcp dport 443 accept")
    return TEMPLATE.format(name=name, parts=" ".join(parts), coming=_block(coming), going=_block(going))


def _user(part: str) -> str:
    return USERS.get(part, f"jpki-{part}")


def _line(side: str, addresses: Sequence[str], port: int | str, protocol: str = "tcp", *, before: str = "") -> str:
    if not addresses:
        return ""
    known = sorted({str(ipaddress.ip_network(one)).removesuffix("/32") for one in addresses})
    return f"{before}ip {side} {{ {', '.join(known)} }} {protocol} dport {port} accept"


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
