"""The firewall's tables: they have the parts that there are, and what the page says of each host."""

import importlib.util
import itertools
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests import namespaces
from tests.deploy.units import DEPLOY, services
from tests.trial.page import PAGE

# What isn't the house's and is named when the rules are made.
OUTSIDE = {"resolvers": ["10.9.0.1", "10.9.0.2"], "clocks": ["10.9.0.3"], "mail": ["10.9.0.4"]}
LET_OUT = re.compile(
    r"(?:meta skuid \{ ([^}]+) \} )?ip daddr (\{ [^}]+ \}|!= \{ [^}]+ \}) (tcp|udp) dport (\d+|\{ [^}]+ \}) accept"
)
REST = {
    "ct state established,related accept",
    "oif lo accept",
    "meta l4proto { icmp, icmpv6 } accept",
    "reject with icmpx admin-prohibited",
    "}",
    "",
}


@pytest.fixture(scope="module")
def firewall() -> ModuleType:
    spec = importlib.util.spec_from_file_location("firewall", DEPLOY / "firewall.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def hosts(firewall: ModuleType) -> dict[str, list[str]]:
    found: dict[str, list[str]] = firewall.read((DEPLOY / "hosts.example").read_text())
    return found


def made(firewall: ModuleType, hosts: dict[str, list[str]], name: str) -> str:
    addresses = {one: f"10.1.0.{number}" for number, one in enumerate(hosts, 1)}
    text: str = firewall.rules(hosts, addresses, name, **OUTSIDE)
    return text


def allowed(text: str) -> set[tuple[str, str, str, str]]:
    """Return what a host lets out by (user, where to, protocol, port): "" is everybody. Any other line fails."""
    found = set()
    for line in chain(text, "going").splitlines()[2:]:
        rule = LET_OUT.fullmatch(line.strip())
        if rule is None:
            assert line.strip() in REST, line
            continue
        users, targets, protocol, ports = rule.groups()
        for user, target, port in itertools.product(each(users), each(targets), each(ports)):
            found.add((user, target, protocol, port))
    return found


def each(words: str | None) -> list[str]:
    return [one.strip(' "{},') for one in (words or "").replace(",", " ").strip("{} ").split()] or [""]


def chain(text: str, name: str) -> str:
    return text.split(f"chain {name} {{")[1].split("}\n    chain")[0]


def test_every_part_has_its_row_and_asks_for_what_its_credentials_open(firewall: ModuleType) -> None:
    assert set(firewall.ASKS) == {*services(), "database", "broker", "logs"}
    for name, unit in services().items():
        if name == "exporter":  # it is given the addresses where `reader` stands beside it, whose they are
            continue
        addresses = {one.removesuffix("_url") for one in unit.credentials if one.endswith("_url")}
        assert set(firewall.ASKS[name]) - {"mail", "world"} == addresses, name


def test_the_pages_table_says_who_is_reached_from_where(firewall: ModuleType, hosts: dict[str, list[str]]) -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9.]+)` \|[^|]*\|([^|]*)\|", PAGE.read_text(), re.MULTILINE))
    assert set(hosts) <= set(rows)
    for name in hosts:
        coming = chain(made(firewall, hosts, name), "coming")
        ports = set(re.findall(r"tcp dport (\d+) accept", coming))
        said = rows[name].split(";")[0]
        assert ports == set(re.findall(r"\b(?:80|443|5432|5671|6514)\b", said)), name


def test_the_broker_is_closed_to_the_responder_and_the_authorities_host_to_everybody(
    firewall: ModuleType, hosts: dict[str, list[str]]
) -> None:
    addresses = {one: f"10.1.0.{number}" for number, one in enumerate(hosts, 1)}
    broker = chain(made(firewall, hosts, "mq1.internal"), "coming")
    assert addresses["ocsp1.internal"] not in broker
    assert addresses["web1.internal"] in broker
    assert "dport" not in chain(made(firewall, hosts, "ca1.internal"), "coming")
    told = chain(made(firewall, hosts, "log1.internal"), "coming")
    assert {address for address in addresses.values() if address in told} == set(addresses.values()) - {"10.1.0.3"}


def test_a_host_reaches_what_its_parts_ask_for_as_their_users_and_nothing_else(
    firewall: ModuleType, hosts: dict[str, list[str]]
) -> None:
    """The allow-list, whole: addresses, ports and who may."""
    everybody = {("", one, kind, "53") for one in OUTSIDE["resolvers"] for kind in ("udp", "tcp")}
    everybody.add(("", "10.9.0.3", "udp", "123"))
    database, broker, logs = "10.1.0.1", "10.1.0.2", "10.1.0.3"
    assert tuple(hosts)[:3] == ("db1.internal", "mq1.internal", "log1.internal")
    assert allowed(made(firewall, hosts, "log1.internal")) == everybody, "it is told, and tells nobody"
    everybody.add(("", logs, "tcp", "6514"))

    def of(*users: str, to: str, ports: tuple[str, ...]) -> set[tuple[str, str, str, str]]:
        return {(f"jpki-{user}", to, "tcp", port) for user in users for port in ports}

    authorities = of("ca", "owner", "reader", "exporter", to=database, ports=("5432",))
    authorities |= of("ca", "reader", "exporter", to=broker, ports=("5671",))  # a ceremony is the `ca` workers' user
    work = of("tsm", "sweeps", "notices", "counter", to=database, ports=("5432",))
    work |= of("tsm", "sweeps", "notices", "counter", "beat", to=broker, ports=("5671",))
    work |= of("notices", to="10.9.0.4", ports=("465", "587"))
    web = of("web", to=database, ports=("5432",)) | of("web", to=broker, ports=("5671",))
    web |= of("web", to="10.9.0.4", ports=("465", "587"))
    expected = {
        "db1.internal": set(),
        "mq1.internal": set(),
        "ca1.internal": authorities,
        "work1.internal": work,
        "web1.internal": web,
        "ocsp1.internal": of("responder", to=database, ports=("5432",)),
    }
    for name, more in expected.items():
        assert allowed(made(firewall, hosts, name)) == everybody | more, name
    # The one host that goes outside, and there to no private network.
    probes = chain(made(firewall, hosts, "probe1.internal"), "going")
    (outside,) = [line.strip() for line in probes.splitlines() if "!=" in line]
    assert outside.startswith('meta skuid { "jpki-probes" } ip daddr != { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, ')
    assert outside.endswith(" } tcp dport 443 accept")
    rest = "\n".join(line for line in made(firewall, hosts, "probe1.internal").splitlines() if line.strip() != outside)
    house = of("probes", to=database, ports=("5432",)) | of("probes", to=broker, ports=("5671",))
    assert allowed(rest) == everybody | house


def test_who_is_named_by_nobody_is_reached_by_nobody(firewall: ModuleType, hosts: dict[str, list[str]]) -> None:
    """Without name servers, clocks and a mail server nothing of these is let out, and not to whoever it may be."""
    addresses = {one: f"10.1.0.{number}" for number, one in enumerate(hosts, 1)}
    for name in hosts:
        ports = {port for *_, port in allowed(firewall.rules({name: ["web", "notices"]}, addresses, name))}
        assert ports == set(), "no database, no broker, no mail server: nothing"
        going = chain(firewall.rules(hosts, addresses, name), "going")
        assert not re.findall(r"dport \{? ?(?:53|123|465|587)\b", going)


def test_the_users_of_the_rules_are_made_by_the_installation(firewall: ModuleType, hosts: dict[str, list[str]]) -> None:
    users = {user for name in hosts for user in re.findall(r'"(jpki-\w+)"', made(firewall, hosts, name))}
    assert users >= {"jpki-web", "jpki-probes", "jpki-responder"}
    assert users <= set(re.findall(r"^u (\S+) ", (DEPLOY / "sysusers.conf").read_text(), re.MULTILINE))
    for part, unit in services().items():
        assert firewall._user(part) == unit.one("User")


def test_nft_takes_the_rules_of_every_host(firewall: ModuleType, hosts: dict[str, list[str]]) -> None:
    namespaces.need("nft")
    text = "\n".join(made(firewall, hosts, name) for name in hosts)
    # Users that this machine doesn't have.
    text = re.sub(r'"jpki-\w+"', lambda match: str(900 + len(match[0])), text)
    done = namespaces.run("net", "nft", "--check", "--file", "-", input=text)
    assert (done.returncode, done.stderr) == (0, "")


# Two hosts on one wire, in namespaces of their own: {host} is the one with the rules, {other} all that it may reach.
WIRE = """set -e
unshare --net sleep 20 & other=$!
trap 'kill $other' EXIT
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
there() {{ nsenter --net=/proc/$other/ns/net "$@"; }}
ip link set lo up
ip link add near type veth peer name far netns $other
ip address add {host}/16 dev near && ip link set near up
there ip link set far up
for address in {others}; do there ip address add $address/16 dev far; done
nsenter --net=/proc/$other/ns/net python3 -c '
import socket, time
kept = [socket.create_server(("", port)) for port in (443, 5432, 5671)]
print("listening", flush=True)
time.sleep(20)' >ready & listening=$!
trap 'kill $listening $other' EXIT
until [ -s ready ]; do sleep 0.01; done
echo '{rules}' | nft -f -
python3 - <<'END'
import socket
for address, port in {tries}:
    try:
        socket.create_connection((address, port), 5).close()
        print(address, port, "through")
    except OSError as error:
        print(address, port, type(error).__name__)
END
"""


@pytest.mark.parametrize("ours", [True, False], ids=["the site's user", "another user"])
def test_the_kernel_lets_the_sites_user_to_its_database_and_nobody_else_anywhere(
    firewall: ModuleType, hosts: dict[str, list[str]], ours: bool, tmp_path: Path
) -> None:
    namespaces.need("nft", "nsenter", "ip")
    addresses = {one: f"10.1.0.{number}" for number, one in enumerate(hosts, 1)}
    rules = re.sub(r'"jpki-\w+"', "0" if ours else "1", made(firewall, hosts, "web1.internal"))
    tries = [(addresses["db1.internal"], 5432), (addresses["mq1.internal"], 5671), (addresses["db1.internal"], 443)]
    tries += [(addresses["ca1.internal"], 5432), ("10.9.0.4", 443)]
    others = " ".join([addresses["db1.internal"], addresses["mq1.internal"], addresses["ca1.internal"]])
    script = WIRE.format(host=addresses["web1.internal"], others=others, rules=rules, tries=tries)
    done = namespaces.run("net", "bash", "-c", script, cwd=tmp_path)
    said = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert done.returncode == 0, done.stderr
    through = {one for one, what in said.items() if what == "through"}
    assert through == ({"10.1.0.1 5432", "10.1.0.2 5671"} if ours else set()), said
    assert "TimeoutError" not in said.values(), "refused, and not left waiting"
