"""The firewall's tables: they have the parts that there are, and what the page says of each host."""

import importlib.util
import re
import shutil
import subprocess
from types import ModuleType

import pytest

from tests.conftest import missing
from tests.deploy.units import DEPLOY, services
from tests.trial.page import PAGE


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
    text: str = firewall.rules(hosts, addresses, name)
    return text


def chain(text: str, name: str) -> str:
    return text.split(f"chain {name} {{")[1].split("}\n    chain")[0]


def test_every_part_has_its_row_and_asks_for_what_its_credentials_open(firewall: ModuleType) -> None:
    assert set(firewall.ASKS) == {*services(), "database", "broker"}
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
        assert ports == set(re.findall(r"\b(?:80|443|5432|5671)\b", said)), name


def test_the_broker_is_closed_to_the_responder_and_the_authorities_host_to_everybody(
    firewall: ModuleType, hosts: dict[str, list[str]]
) -> None:
    addresses = {one: f"10.1.0.{number}" for number, one in enumerate(hosts, 1)}
    broker = chain(made(firewall, hosts, "mq1.internal"), "coming")
    assert addresses["ocsp1.internal"] not in broker
    assert addresses["web1.internal"] in broker
    assert "dport" not in chain(made(firewall, hosts, "ca1.internal"), "coming")
    going = chain(made(firewall, hosts, "ca1.internal"), "going")
    assert set(re.findall(r"tcp dport (\d+)", going)) == {"53", "5432", "5671"}
    assert "443" not in chain(made(firewall, hosts, "work1.internal"), "going")
    assert "10.0.0.0/8" in chain(made(firewall, hosts, "probe1.internal"), "going")


def test_nft_takes_the_rules_of_every_host(firewall: ModuleType, hosts: dict[str, list[str]]) -> None:
    if shutil.which("nft") is None or shutil.which("unshare") is None:
        missing("nft is not installed (Debian: apt-get install nftables)")
    text = "\n".join(made(firewall, hosts, name) for name in hosts)
    command = ["unshare", "--user", "--map-root-user", "--net", "nft", "--check", "--file", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    if "unshare" in done.stderr:
        missing(done.stderr.strip())
    assert (done.returncode, done.stderr) == (0, "")
