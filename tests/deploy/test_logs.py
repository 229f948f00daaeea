"""Every host's journal goes to the log host: parcels that say so, and a real rsyslog at both ends, over TLS."""

import contextlib
import re
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.supervision.system import free_ports
from tests.conftest import missing
from tests.deploy.units import DEPLOY, settings_of


@pytest.fixture(scope="module")
def parcels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the parcels of the example's hosts."""
    folder = tmp_path_factory.mktemp("parcels")
    shutil.copy(DEPLOY / "environment/site.env", folder)
    subprocess.run([DEPLOY / "parcels.sh", folder, DEPLOY / "hosts.example"], check=True, capture_output=True)
    return folder


def hosts() -> dict[str, list[str]]:
    lines = [line.split() for line in (DEPLOY / "hosts.example").read_text().splitlines() if line[:1] not in ("", "#")]
    return {name: parts for name, *parts in lines}


def test_every_host_is_given_the_way_to_the_log_host_and_a_certificate_of_its_own(parcels: Path) -> None:
    senders = [host for host, parts in hosts().items() if "logs" not in parts]
    for host, parts in hosts().items():
        with tarfile.open(parcels / f"{host}.tar") as parcel:
            found = {one.name: one for one in parcel}
            kept, told = (parcel.extractfile(name) for name in ("etc/rsyslog.d/10-jpki.conf", "etc/jpki/tls/host.pem"))
            assert kept is not None
            assert told is not None
            text = kept.read().decode()
            assert told.read() == (parcels / f"tls/{host}.pem").read_bytes()
        if "logs" in parts:
            assert re.findall('"([a-z0-9]+\\.internal)"', text) == senders
            assert "omfwd" not in text
        else:
            assert 'target="log1.internal"' in text
            assert "imtcp" not in text
        # What is unpacked on / becomes the host's: nobody is shut out of /etc, and nobody reads a key.
        for name in ("etc", "etc/rsyslog.d", "etc/jpki", "etc/jpki/tls"):
            assert found[name].mode == 0o755, (host, name)
        for name, one in found.items():
            if name.endswith(".key") or "/credentials" in name:
                assert not one.mode & 0o077, (host, name)


def test_without_a_log_host_there_are_no_parcels(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "environment/site.env", tmp_path)
    without = tmp_path / "hosts"
    lines = (DEPLOY / "hosts.example").read_text().splitlines(keepends=True)
    without.write_text("".join(line for line in lines if not line.startswith("log1.")))
    done = subprocess.run([DEPLOY / "parcels.sh", tmp_path, without], capture_output=True, text=True)
    assert done.returncode == 1
    assert "no log host" in done.stderr
    assert not list(tmp_path.glob("*.tar"))


def test_what_stands_before_the_journal_writes_into_it_too() -> None:
    front = (DEPLOY / "nginx/jpki-web.conf").read_text()
    assert front.count("access_log /var/log/nginx/") == front.count("access_log syslog:server=unix:/dev/log,") == 3
    assert "log_destination = 'stderr,syslog'" in (DEPLOY / "postgresql/jpki.conf").read_text()
    assert "log.console = true" in (DEPLOY / "rabbitmq/rabbitmq.conf").read_text()
    for path in (DEPLOY / "systemd").glob("*.service"):
        assert "StandardError" not in path.read_text(), "journald's, by default"
    assert settings_of(DEPLOY / "environment/site.env")["LOG_FORMAT"] == "json"


class Way:
    """Both ends on the loopback, with the files that hosts get: other paths, another port, and no journal to read."""

    def __init__(self, folder: Path, parcels: Path) -> None:
        program = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
        if program is None or not list(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")):
            missing("rsyslog is not installed (Debian: apt-get install rsyslog rsyslog-gnutls)")
        self.program, self.folder, self.parcels, self.port = program, folder, parcels, free_ports(1)[0]
        self.running: list[subprocess.Popen[bytes]] = []
        strangers = [DEPLOY / "internal-certificates.sh", folder / "strangers", "web1.internal", "log1.internal"]
        subprocess.run(strangers, check=True, capture_output=True)

    def configuration(self, host: str) -> str:
        """Return a host's configuration as its parcel has it."""
        with tarfile.open(self.parcels / f"{host}.tar") as parcel:
            kept = parcel.extractfile("etc/rsyslog.d/10-jpki.conf")
            assert kept is not None
            return kept.read().decode()

    def written(self, name: str, host: str, certificate: Path) -> Path:
        """Return a host's configuration as it is here."""
        text = self.configuration(host)
        for inside, here in (
            ("/etc/jpki/tls/internal-ca.pem", f"{self.parcels}/tls/internal-ca.pem"),
            ("/etc/jpki/tls/host", str(certificate)),
            ("/var/log/jpki", f"{self.folder}/kept"),
            ('target="log1.internal"', 'target="127.0.0.1"'),
            ("6514", str(self.port)),
            ('action.resumeInterval="5"', 'action.resumeInterval="1"'),
            (' fileOwner="root" fileGroup="adm"', ""),
            (' dirGroup="adm"', ""),
            ('module(load="imjournal" StateFile="jpki-journal" Ratelimit.Interval="0")', self._socket(name)),
            ('"imjournal"', '"imuxsock"'),
        ):
            text = text.replace(inside, here)
        work = self.folder / f"{name}.work"
        work.mkdir(exist_ok=True)
        path = self.folder / f"{name}.conf"
        path.write_text(f'global(workDirectory="{work}")\n{text}')
        return path

    def _socket(self, name: str) -> str:
        return f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{self.folder}/{name}.sock")'

    def start(self, name: str, host: str, certificate: Path | None = None) -> "subprocess.Popen[bytes]":
        conf = self.written(name, host, certificate or self.parcels / "tls" / host)
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [self.program, "-n", "-f", str(conf), "-iNONE"]
            popen = subprocess.Popen(command, stdout=log, stderr=log)
        self.running.append(popen)
        return popen

    def say(self, name: str, text: str) -> None:
        """Write a line on a host, as soon as it listens."""
        self.until(lambda: (self.folder / f"{name}.sock").exists(), name)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.sendto(f"<30>Nov 28 00:00:00 python[7]: {text}".encode(), str(self.folder / f"{name}.sock"))

    def kept(self) -> str:
        return "".join(path.read_text() for path in sorted((self.folder / "kept").rglob("*.log")))

    def until(self, holds: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, (self.folder / f"{name}.log").read_text()
            time.sleep(0.05)

    def end(self) -> None:
        for popen in self.running:
            popen.terminate()
        for popen in self.running:
            popen.wait(10)


@pytest.fixture
def way(tmp_path: Path, parcels: Path) -> Iterator[Way]:
    made = Way(tmp_path, parcels)
    try:
        yield made
    finally:
        made.end()


def test_a_hosts_lines_arrive_over_tls_and_those_that_came_while_the_log_host_was_away(way: Way) -> None:
    way.start("web", "web1.internal")
    way.say("web", '{"message": "before", "process": "web"}')
    log = way.start("log", "log1.internal")
    way.say("web", '{"message": "after", "process": "web"}')
    way.until(lambda: "before" in way.kept() and "after" in way.kept(), "log")
    lines = {line.partition(" python ")[2] for line in way.kept().splitlines()}
    assert lines == {f'7 - - {{"message": "{when}", "process": "web"}}' for when in ("before", "after")}
    assert [path.parent.name for path in (way.folder / "kept").rglob("*.log")] == ["127.0.0.1"]
    # And after it was away.
    log.terminate()
    log.wait(10)
    way.say("web", "while it was away")
    way.start("log", "log1.internal")
    way.until(lambda: "while it was away" in way.kept(), "log")


def test_nobody_without_a_hosts_certificate_writes_there_and_no_host_believes_a_stranger(way: Way) -> None:
    way.start("log", "log1.internal")
    # Another authority's certificate in a host's name; the internal CA's, in a name that is no host's.
    subprocess.run(
        [DEPLOY / "internal-certificates.sh", way.parcels / "tls", "elsewhere.internal"],
        check=True,
        capture_output=True,
    )
    for name, certificate in (
        ("forged", way.folder / "strangers/web1.internal"),
        ("unknown", way.parcels / "tls/elsewhere.internal"),
    ):
        way.start(name, "web1.internal", certificate)
        way.say(name, f"from the {name}")
    way.start("web", "web1.internal")
    way.say("web", "from the house")
    way.until(lambda: "from the house" in way.kept(), "web")
    refused = way.folder / "log.log"
    for why in ("signer not found", "peer name not authorized .*elsewhere.internal"):
        way.until(lambda why=why: bool(re.search(why, refused.read_text())), "log")
    assert {line.partition(" - - ")[2] for line in way.kept().splitlines()} == {"from the house"}
    # In clear nobody is heard, either.
    with socket.create_connection(("127.0.0.1", way.port), 5) as clear:
        clear.sendall(b"<30>1 - web1 python 7 - - in clear\n")
        clear.settimeout(10)
        with contextlib.suppress(OSError):
            while clear.recv(4096):
                pass
    assert "in clear" not in way.kept()


def test_a_host_tells_nothing_to_a_log_host_that_another_authority_vouches_for(way: Way) -> None:
    way.start("log", "log1.internal", way.folder / "strangers/log1.internal")
    way.start("web", "web1.internal")
    way.say("web", "to nobody")
    way.until(lambda: "certificate" in (way.folder / "web.log").read_text(), "web")
    assert way.kept() == ""


@pytest.mark.parametrize("host", ["web1.internal", "log1.internal"])
def test_rsyslog_understands_every_line_as_the_hosts_get_it(way: Way, host: str) -> None:
    text = way.configuration(host)
    for inside in re.findall(r"/etc/jpki/tls/\S+(?=\")", text):  # it looks whether they are there
        text = text.replace(inside, f"{way.parcels}/tls/internal-ca.pem")
    (way.folder / "own.conf").write_text(text)
    command = [way.program, "-N", "1", "-f", str(way.folder / "own.conf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr.lower(), done.stderr
