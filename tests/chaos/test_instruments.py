"""The instruments break what they are to break, and see a promise that is not held."""

import datetime
import smtplib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ca.models import Realm
from tests.chaos import clock, network
from tests.chaos.mail import MailServer
from tests.chaos.phones import Told, Torn, Vanished, held
from tests.conftest import missing

pytestmark = pytest.mark.chaos

LOOK = """
import datetime, time
for _ in iter(input, "end"):
    began = time.monotonic()
    time.sleep(0.01)
    print(datetime.datetime.now(datetime.UTC).timestamp(), time.time(), time.monotonic() - began, flush=True)
"""


def test_the_clock_jumps_under_a_process_and_what_it_waits_for_does_not(tmp_path: Path) -> None:
    if not clock.possible():
        missing("a clock that jumps needs a C compiler (Debian: apt-get install gcc libc6-dev)")
    moved = clock.Clock(tmp_path)
    command = [sys.executable, "-c", LOOK]
    with subprocess.Popen(
        command, env=moved.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as looking:
        assert looking.stdin is not None
        assert looking.stdout is not None
        for seconds in (0, 7200, -3600, 0):
            moved.set(seconds)
            before = datetime.datetime.now(datetime.UTC).timestamp()
            print("look", file=looking.stdin, flush=True)
            now, other, waited = map(float, looking.stdout.readline().split())
            after = datetime.datetime.now(datetime.UTC).timestamp()
            assert before <= now - seconds <= other - seconds <= after
            assert 0 < waited <= after - before
        print("end", file=looking.stdin, flush=True)


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[int]:
    """Give the port of a site on the loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hello)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_packets_are_lost_both_ways_and_what_is_asked_arrives_all_the_same(site: int, tmp_path: Path) -> None:
    if not network.possible():
        missing("a network that loses packets needs root, iproute2, nftables and socat")
    ask = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=100).read().decode())"
    with network.lossy(site, tmp_path) as wire:
        command = [*wire.prefix, sys.executable, "-c", ask, wire.site]
        # Where not even the address can be asked for, the system's own answer is no.
        said = [subprocess.run(command, capture_output=True, text=True).stdout.strip() for _ in range(8)]
        lost, arrived = wire.lost()
    assert "hello" in said
    assert min(lost, arrived) > 10
    assert 0.3 < lost / (lost + arrived) < 0.7
    with urllib.request.urlopen(f"http://127.0.0.1:{site}", timeout=10) as answer:
        assert answer.read() == b"hello"


def test_the_mail_server_breaks_off_goes_away_and_is_back() -> None:
    server = MailServer()

    def send(name: str) -> None:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as connection:
            connection.sendmail("a@chaos.example", ["b@chaos.example"], f"Message-ID: <{name}>\r\n\r\ntext")

    server.start()
    try:
        send("one")
        server.breaks_off = True
        for name in ("two", "three"):
            with pytest.raises(smtplib.SMTPServerDisconnected):
                send(name)
        server.breaks_off = False
        # One was taken before it broke off, the other was not.
        assert server.taken == {"<one>": 1, "<two>": 1}
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            send("four")
        server.start()
        send("four")
    finally:
        server.stop()
    assert server.taken == {"<one>": 1, "<two>": 1, "<four>": 1}


class _Element:
    def transmit(self, apdu: bytes) -> bytes:
        return b"\x90\x00"


@pytest.mark.parametrize(("phone_too", "error"), [(True, Vanished), (False, ConnectionError)])
def test_an_element_is_torn_away_with_its_phone_or_under_it(phone_too: bool, error: type[BaseException]) -> None:
    told = Told()
    torn = Torn(_Element(), 3, told, phone_too=phone_too)
    assert [torn.transmit(b"") for _ in range(2)] == [b"\x90\x00"] * 2
    assert told.counted == {}
    with pytest.raises(error):
        torn.transmit(b"")
    assert told.counted == {"elements torn away": 1}


@pytest.mark.django_db
def test_a_promise_that_is_not_held_is_seen() -> None:
    realm = Realm.objects.create(slug="chaos", name="Chaos")
    assert held(realm, {}, []) == []
    assert held(realm, {"lost": "applied"}, []) == ["promised applied, and it is None: lost"]
