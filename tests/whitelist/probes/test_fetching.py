"""Going where a stranger says: to public addresses alone, whatever is tried; with limits that hold."""

import gzip
import ipaddress
import socket
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.whitelist.probes.servers import PUBLIC, PUBLIC_6, World, octets
from whitelist.models import ProbeResult
from whitelist.probes import addresses, network
from whitelist.probes.errors import ProbeError, Refused, Unreachable, Wrong
from whitelist.probes.fetching import Fetcher

NAME = "service.example"
URL = f"https://{NAME}/file"

NOT_PUBLIC = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0",  # noqa: S104
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "100::1", "2001:db8::1", "3fff::1", "5f00::1", "2001:2::1", "2001:10::1", "4000::1",
    # IPv4 inside: mapped, compatible, NAT64, NAT64 of one's own network, 6to4, Teredo (server, client), ISATAP.
    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:a9fe:a9fe", "::127.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254", "64:ff9b:1::1", "64:ff9b:1::808:808", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:0a00:1::1", "2001:0:808:808::f5ff:fffe", "2600::5efe:127.0.0.1", "2600::200:5efe:10.0.0.1",
]  # fmt: skip
ARE_PUBLIC = [
    PUBLIC, PUBLIC_6, "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2600::5efe:8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_no_form_of_an_address_that_isnt_public_is_taken_for_one(text: str, outside: World) -> None:
    address = addresses.read(text)
    assert address is None or not addresses.is_public(address)
    outside.serve(NAME, octets(), address=text)
    with pytest.raises(Refused) as refused:
        outside.fetcher().get(URL)
    assert (refused.value.finding, outside.dialled) == ("not_public", [])
    assert text not in str(refused.value.evidence)


@given(some.ip_addresses(v=4))
def test_whatever_holds_an_address_is_as_public_as_that_address(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    wrapped = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64_FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1),
        ipaddress.IPv6Address((0x2600 << 112) | (0x5EFE << 32) | number),
    ]
    assert {addresses.is_public(each) for each in wrapped} == {addresses.is_public(inner)}
    # Never public, whatever is inside: Teredo, IPv4-compatible, NAT64 of somebody's own network.
    for high in (0x2001_0000 << 96, 0, 0x64_FF9B_0001 << 80):
        assert not addresses.is_public(ipaddress.IPv6Address(high | number))


@given(some.ip_addresses(v=4, network="10.0.0.0/8") | some.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_private_address_is_public(address: ipaddress.IPv4Address) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("text", ARE_PUBLIC)
def test_a_public_address_is_gone_to_in_each_of_its_forms(text: str, outside: World) -> None:
    outside.serve(NAME, octets(body=b"here"), address=str(ipaddress.ip_address(text)))
    assert outside.fetcher().get(URL).body == b"here"
    assert outside.dialled == [(str(ipaddress.ip_address(text)), 443)]


def test_one_address_among_many_that_isnt_public_is_enough(outside: World) -> None:
    outside.serve(NAME, octets())
    outside.names[NAME].append("10.0.0.1")
    with pytest.raises(Refused):
        outside.fetcher().get(URL)
    assert not outside.dialled


def test_a_name_that_answers_otherwise_the_second_time_gains_nothing(outside: World) -> None:
    outside.serve(NAME, octets(body=b"here"))
    outside.turns[NAME] = [[PUBLIC]]
    outside.names[NAME] = ["127.0.0.1"]
    assert outside.fetcher().get(URL).body == b"here"
    assert (outside.asked, outside.dialled) == ([NAME], [(PUBLIC, 443)])
    # A redirection to the same name asks for it once more, and looks once more.
    outside.serve("turn.example", octets(302, Location="/again"), address="93.184.216.35")
    outside.turns["turn.example"] = [["93.184.216.35"]]
    outside.names["turn.example"] = ["127.0.0.1"]
    outside.dialled.clear()
    with pytest.raises(Refused) as refused:
        outside.fetcher().get("https://turn.example/")
    assert (refused.value.finding, outside.dialled) == ("not_public", [("93.184.216.35", 443)])


@pytest.mark.parametrize(
    ("location", "finding"),
    [
        ("https://127.0.0.1/", "not_a_name"),
        ("https://169.254.169.254/latest/meta-data/", "not_a_name"),
        ("http://169.254.169.254/latest/meta-data/", "not_https"),
        ("https://[::1]/", "not_a_name"),
        ("https://[::ffff:127.0.0.1]/", "not_a_name"),
        ("https://[fe80::1%25eth0]/", "not_a_name"),
        ("https://metadata.google.internal/", "not_public"),
        ("https://inside.example/", "not_public"),
        ("https://localhost/", "not_a_name"),
        ("https://2130706433/", "not_a_name"),
        ("https://0x7f000001/", "not_a_name"),
        ("https://017700000001/", "not_a_name"),
        ("https://0177.0.0.1/", "not_an_address"),
        ("https://127.1/", "not_a_name"),
        ("https://127.0.0.1./", "not_a_name"),
        ("https://127.0.0.0x1/", "not_a_name"),
        ("https://①②⑦.⓪.⓪.①/", "not_an_address"),
        ("https://service.example:22/", "port_not_allowed"),
        ("https://service.example:8443/", "port_not_allowed"),
        ("https://user:secret@service.example/", "credentials_in_address"),
        ("https://service.example@127.0.0.1/", "credentials_in_address"),
        ("http://service.example/", "not_https"),
        ("//127.0.0.1/", "not_a_name"),
        ("ftp://service.example/", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("gopher://127.0.0.1:6379/_", "not_https"),
    ],
)
def test_neither_straight_nor_by_a_redirection_anything_else_is_reached(
    location: str, finding: str, outside: World
) -> None:
    outside.names |= {"metadata.google.internal": ["169.254.169.254"], "inside.example": ["10.0.0.7"]}
    outside.names |= {"localhost": ["127.0.0.1"]}
    if not location.startswith("//"):
        with pytest.raises(Refused) as refused:
            outside.fetcher().get(location)
        assert (refused.value.finding, outside.dialled) == (finding, [])
    outside.serve(NAME, octets(302, Location=location.encode("unicode_escape").decode()))
    with pytest.raises(ProbeError) as stopped:
        outside.fetcher().get(URL)
    assert stopped.value.finding in (finding, "not_http", "not_a_name", "redirect")
    assert outside.dialled == [(PUBLIC, 443)]


def test_few_redirections_are_followed_and_cookies_stay_behind(outside: World) -> None:
    said = {f"/{each}": octets(302, Location=f"/{each + 1}", Set_Cookie="a=b") for each in range(9)}
    outside.serve(NAME, said | {"/3": octets(body=b"there")})
    assert outside.fetcher().get(f"https://{NAME}/0").body == b"there"
    assert len(outside.requests) == 4
    assert not any("cookie" in each.lower() or "authorization" in each.lower() for each in outside.requests)
    with pytest.raises(Wrong) as stopped:
        outside.fetcher(redirects=2).get(f"https://{NAME}/0")
    assert stopped.value.finding == "redirect"
    with pytest.raises(Wrong):
        outside.fetcher().get(f"https://{NAME}/0", redirects=0)


def test_a_redirection_to_another_name_is_not_followed(outside: World) -> None:
    """Whoever gave the address named one host: nobody else adds another to it."""
    outside.serve("other.example", octets(body=b"elsewhere"), address="93.184.216.40")
    outside.serve(NAME, octets(302, Location="https://other.example/"))
    with pytest.raises(Wrong) as stopped:
        outside.fetcher().get(URL)
    assert stopped.value.finding == "redirect"
    assert (outside.asked, outside.dialled) == ([NAME], [(PUBLIC, 443)])


def test_proxies_and_certificates_of_the_environment_are_no_way_out(
    outside: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outside.serve(NAME, octets(body=b"here"))
    assert outside.fetcher().get(URL).body == b"here"


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(outside: World) -> None:
    outside.serve(NAME, {"/said": octets(body=b"x" * 5000), "/file": _endless()})
    for path in ("said", "file"):
        with pytest.raises(Wrong) as refused:
            outside.fetcher(octets=4000).get(f"https://{NAME}/{path}")
        assert refused.value.finding == "too_large"


def _endless() -> bytes:
    part = b"fff\r\n" + b"x" * 0xFFF + b"\r\n"
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + part * 40


def test_an_endless_head_ends_too(outside: World) -> None:
    def say(connection: Any, path: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            connection.sendall(f"X-{number}: {'x' * 1000}\r\n".encode())

    outside.serve(NAME, say)
    with pytest.raises(Wrong) as refused:
        outside.fetcher().get(URL)
    assert refused.value.finding in ("too_large", "not_http")


def test_what_comes_packed_is_not_unpacked(outside: World) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    outside.serve(NAME, octets(body=bomb, Content_Encoding="gzip"))
    with pytest.raises(Wrong) as refused:
        outside.fetcher().get(URL)
    assert refused.value.finding == "compressed"
    assert "accept-encoding: identity" in outside.requests[0].lower()


@pytest.mark.parametrize("where", ["handshake", "head", "body"])
def test_who_drips_is_left_when_the_whole_time_is_over(where: str, outside: World) -> None:
    def say(connection: Any, path: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n" + (b"\r\n" if where == "body" else b"X: "))
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    outside.serve(NAME, say, tls=where != "handshake")
    began = time.monotonic()
    with pytest.raises(Unreachable) as left:
        outside.fetcher(seconds=0.5).get(URL)
    assert left.value.finding == "too_slow"
    assert time.monotonic() - began < 3


def test_a_resolver_that_doesnt_answer_is_left(outside: World) -> None:
    waiting = Fetcher(network.Limits(seconds=0.2), lambda name: time.sleep(2) or [], outside.dial)  # type: ignore[func-returns-value]
    began = time.monotonic()
    with pytest.raises(Unreachable):
        waiting.get(URL)
    assert time.monotonic() - began < 1.5


def test_where_nobody_answers_the_next_address_is_tried(outside: World) -> None:
    outside.names[NAME] = ["93.184.216.1"]
    outside.serve(NAME, octets(body=b"here"))
    assert outside.fetcher().get(URL).body == b"here"
    assert outside.dialled == [("93.184.216.1", 443), (PUBLIC, 443)]


@pytest.mark.parametrize(
    ("server", "finding"),
    [
        ({"certificate_for": "another.example"}, "certificate_wrong_name"),
        ({"days": -10}, "certificate_expired"),
        ({"known": False}, "certificate_untrusted"),
    ],
)
def test_a_certificate_that_doesnt_hold_ends_it_before_a_word_is_said(
    server: dict[str, Any], finding: str, outside: World
) -> None:
    outside.serve(NAME, octets(), **server)
    for go in (outside.fetcher().get, outside.fetcher().handshake):
        with pytest.raises(Wrong) as refused:
            go(URL)
        assert refused.value.finding == finding
    assert not outside.requests


def test_a_handshake_tells_the_certificate_and_asks_for_nothing(outside: World) -> None:
    outside.serve(NAME, octets(), days=40)
    said = outside.fetcher().handshake(f"https://{NAME}")
    assert said.version == "TLSv1.3"
    assert said.certificate is not None
    assert not outside.requests


def test_what_speaks_no_tls_or_no_http_is_told_so(outside: World) -> None:
    outside.serve("plain.example", octets(), address="93.184.216.40", tls=False)
    outside.serve(NAME, b"220 mail.example ESMTP\r\n")
    with pytest.raises(ProbeError) as refused:
        outside.fetcher(seconds=1).get("https://plain.example/")
    assert refused.value.finding in ("tls_failed", "too_slow")
    with pytest.raises(Wrong) as other:
        outside.fetcher().get(URL)
    assert other.value.finding == "not_http"


def test_this_machines_own_services_are_reached_by_their_exact_origin_alone(outside: World, settings: Any) -> None:
    settings.PROBES_OWN_ORIGINS = ["http://localhost:8002"]
    outside.serve("localhost", octets(body=b"sample"), address="127.0.0.1", port=8002, tls=False)
    outside.serve("localhost", octets(body=b"secret"), address="127.0.0.1", port=6379, tls=False)
    outside.names["inside.example"] = ["127.0.0.1"]
    assert outside.fetcher().get("http://localhost:8002/a").body == b"sample"
    for url in (
        "http://localhost:6379/",
        "https://localhost:8002/",
        "http://127.0.0.1:8002/",
        "http://inside.example:8002/",
    ):
        with pytest.raises(Refused):
            outside.fetcher().get(url)
    # Nor does anybody outside lead there.
    outside.serve(NAME, octets(302, Location="http://localhost:8002/a"))
    with pytest.raises(Refused) as refused:
        outside.fetcher().get(URL)
    assert refused.value.finding == "not_https"
    # The name may lead nowhere else than to this machine.
    outside.names["localhost"] = ["10.0.0.1"]
    with pytest.raises(Refused):
        outside.fetcher().get("http://localhost:8002/a")
    settings.PROBES_OWN_ORIGINS = []
    with pytest.raises(Refused):
        outside.fetcher().get("http://localhost:8002/a")


def test_the_operators_own_networks_are_no_ones_to_look_into(outside: World, settings: Any) -> None:
    settings.PROBES_REFUSED_NETWORKS = [ipaddress.ip_network("93.184.216.0/24")]
    outside.serve(NAME, octets())
    with pytest.raises(Refused):
        outside.fetcher().get(URL)


def test_the_real_resolver_and_the_real_network_reach_no_local_port(settings: Any) -> None:
    """With nothing of the test's in between: a name that really means this machine."""
    settings.PROBES_OWN_ORIGINS = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.PROBES_PORTS = {listening.getsockname()[1]}
        listening.setblocking(False)
        hostname = "localhost.localdomain"
        for host in (hostname, socket.gethostname() + ".example"):
            with pytest.raises(ProbeError) as stopped:
                Fetcher(network.Limits(seconds=3)).get(f"https://{host}:{listening.getsockname()[1]}/")
            assert stopped.value.outcome in (ProbeResult.Outcome.REFUSED, ProbeResult.Outcome.UNREACHABLE)
        with pytest.raises(BlockingIOError):
            listening.accept()
