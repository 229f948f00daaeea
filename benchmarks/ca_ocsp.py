"""OCSP per second: from memory and signed, against constant bytes, bare RSA-2048 signing, and `openssl ocsp`.

    python -m benchmarks.ca_ocsp [--seconds 2] [--rounds 3]

All in one run, by turns, and of each the median of the rounds, so that what else the machine does falls on all alike.
The client is `wrk` (C), 16 connections that are kept open: it does several times what is
measured, so it is never what is measured. `openssl ocsp` closes each connection, and is asked by threads of Python.
What is asked of one core runs on the first, the client on the last; what signs on two cores shares both with the
client. Settings are the defaults: each answer is held against the database. Prints a table, and writes
var/bench/ca_ocsp.json.
"""

import argparse
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ca.reply import Reply, Request
    from ca.serving import Connection, Trouble

ROOT = Path(__file__).resolve().parent.parent
PATH = "/ocsp/bench/signature/card"
CONNECTIONS = 16
CORES = sorted(os.sched_getaffinity(0))
ONE, LAST, ALL = {CORES[0]}, {CORES[-1]}, set(CORES)


@dataclass
class Row:
    """One server under one kind of load; of the rounds, the medians."""

    name: str
    rates: list[float] = field(default_factory=list)  # a second
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)  # of the server's processor time, for one answer

    @property
    def rate(self) -> float:
        """Return the median rate."""
        return statistics.median(self.rates)

    def told(self) -> str:
        """Return it as a line of the table."""
        numbers = [f"{statistics.median(each):8.2f}" if each else " " * 8 for each in (self.p50_ms, self.p99_ms)]
        cpu = f"{statistics.median(self.cpu_us):8.1f}" if self.cpu_us else " " * 8
        return f"{self.name:<32}{self.rate:>9.0f}{''.join(numbers)}{cpu}"


@dataclass
class Server:
    """A server, the request that it gets, and where it and the client run."""

    name: str
    process: "subprocess.Popen[bytes]"
    port: int
    script: Path
    client: set[int]


class ConstantDesk:
    """Answers every request with the same octets: what the server itself can do."""

    def __init__(self) -> None:
        from ca.reply import NO_STORE, OCSP, Reply

        self._reply = Reply("200 OK", OCSP, b"\x30" * 2300, NO_STORE)

    def take(self, request: "Request", connection: "Connection") -> None:
        """Reply at once."""
        connection.reply(self._reply)

    def refusal(self, trouble: "Trouble", target: bytes) -> "Reply":
        """Say the same."""
        return self._reply


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description="OCSP against constant bytes, bare signing and openssl, in one run")
    parser.add_argument("--seconds", type=float, default=2.0, help="a measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--constant", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.constant:
        from ca.serving import Place, serve

        serve(Place(port=chosen.constant), ConstantDesk)
    elif chosen.bare:
        print(_sign_bare(chosen.bare))  # noqa: T201
    else:
        _tell(_measured(chosen.seconds, chosen.rounds), chosen.seconds)


def _measured(seconds: float, rounds: int) -> dict[str, Row]:
    if not shutil.which("wrk"):
        raise SystemExit("wrk, the client of this benchmark, is not installed (Debian: apt-get install wrk)")
    folder = Path(tempfile.mkdtemp(prefix="jpki-bench-"))
    servers: list[Server] = []
    try:
        for database in _databases():
            servers += _started(folder / database, database)
        for one in servers:
            _wait_for(one)
            if one.name != "openssl ocsp":
                _ask(one, 1)
        rows = {one.name: Row(one.name) for one in servers} | {
            "bare signing, two cores": Row("bare signing, two cores")
        }
        for _ in range(rounds):
            rows["bare signing, two cores"].rates.append(_bare(seconds))
            for one in servers:
                _round(one, rows[one.name], seconds)
    finally:
        for one in servers:
            one.process.terminate()
            one.process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def _databases() -> list[str]:
    from tests import postgresql

    try:
        postgresql.server()
    except postgresql.Missing as error:
        sys.stderr.write(f"{error}: SQLite alone\n")
        return ["sqlite"]
    return ["sqlite", "postgresql"]


def _started(folder: Path, database: str) -> list[Server]:
    """Make a world on the database; start what is measured on it."""
    from tests import postgresql

    folder.mkdir()
    url = f"sqlite:///{folder}/database.sqlite3"
    if database == "postgresql":
        url = postgresql.server().create("bench_ocsp")
    environment = os.environ | {
        "VAR_DIR": str(folder),
        "DATABASE_URL": url,
        "BROKER_URL": "memory://",
        "CA_KEYS_PASSPHRASE": secrets.token_hex(16),
        "RESPONDER_KEYS_PASSPHRASE": secrets.token_hex(16),
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    command = [sys.executable, "-m", "benchmarks.ca_ocsp_world", str(folder)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603  (our own command)
    known, nonced = folder / "known.lua", folder / "nonced.lua"

    def begin(name: str, arguments: list[str], script: Path, cores: set[int], client: set[int]) -> Server:
        port = _free_port()
        command = [one.format(port=port) for one in arguments]
        process = subprocess.Popen(  # noqa: S603  (our own command)
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        return Server(name, process, port, script, client)

    responder = [sys.executable, "-m", "ca.responder", "--port", "{port}"]
    servers = [
        begin(f"from memory, {database}", responder, known, ONE, LAST),
        begin(f"signed each, {database}", [*responder, "--workers", str(len(CORES))], nonced, ALL, ALL),
    ]
    if database == "sqlite":
        constant = [sys.executable, "-m", "benchmarks.ca_ocsp", "--constant", "{port}"]
        openssl = ["openssl", "ocsp", "-port", "{port}", "-nmin", "15"]
        for name in ("index", "CA", "rsigner", "rkey"):
            openssl += [f"-{name}", str(folder / name)]
        servers += [
            begin("constant bytes", constant, known, ONE, LAST),
            begin("openssl ocsp", openssl, known, ONE, LAST),
        ]
    return servers


def _round(one: Server, row: Row, seconds: float) -> None:
    before = _cpu(one.process.pid)
    found = _ask_closing(one, seconds) if one.name == "openssl ocsp" else _ask(one, seconds)
    spent = _cpu(one.process.pid) - before
    if found["wrong"] or not found["count"]:
        raise SystemExit(f"{one.name}: {found}")
    row.rates.append(found["count"] / found["microseconds"] * 1e6)
    row.p50_ms.append(found["p50"] / 1e3)
    row.p99_ms.append(found["p99"] / 1e3)
    row.cpu_us.append(spent / found["count"] * 1e6)


def _ask(one: Server, seconds: float) -> dict[str, int]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}", "-s", str(one.script)]
    said = subprocess.run(  # noqa: S603  (our own command)
        [*command, f"http://127.0.0.1:{one.port}{PATH}"],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, one.client),
    )
    found: dict[str, int] = json.loads(said.stdout.splitlines()[-1])
    return found


def _ask_closing(one: Server, seconds: float) -> dict[str, int]:
    """Ask `openssl ocsp` in four threads: it closes each connection, and stumbles over how wrk begins."""
    body = one.script.with_name("known").read_bytes()
    request = f"POST / HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    took: list[float] = []
    ends = time.monotonic() + seconds

    def ask() -> None:
        while (begun := time.monotonic()) < ends:
            with socket.create_connection(("127.0.0.1", one.port), timeout=5) as connection:
                connection.sendall(request)
                answer = b""
                while more := connection.recv(65536):
                    answer += more
            if answer.startswith(b"HTTP/1.0 200"):
                took.append(time.monotonic() - begun)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    middle, late = (int(took[int(len(took) * share)] * 1e6) if took else 0 for share in (0.5, 0.99))
    return {"count": len(took), "microseconds": int(seconds * 1e6), "p50": middle, "p99": late, "wrong": 0}


def _bare(seconds: float) -> float:
    """Return bare signatures a second of as many processes as cores, each with a key of its own."""
    command = [sys.executable, "-m", "benchmarks.ca_ocsp", "--bare", str(seconds)]
    signing = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in CORES]  # noqa: S603
    return sum(float(one.communicate()[0]) for one in signing)


def _sign_bare(seconds: float) -> float:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(65537, 2048)
    way, digest = padding.PKCS1v15(), hashes.SHA256()
    key.sign(b"", way, digest)
    time.sleep(1)  # the other's key is made by then
    count, begun = 0, time.monotonic()
    while time.monotonic() - begun < seconds:
        key.sign(b"x" * 200, way, digest)
        count += 1
    return count / (time.monotonic() - begun)


def _tell(rows: dict[str, Row], seconds: float) -> None:
    constant, bare, openssl = (
        rows[name].rate for name in ("constant bytes", "bare signing, two cores", "openssl ocsp")
    )
    ratios, bars = {}, {}
    for database in ("sqlite", "postgresql"):
        memory, signed = (rows.get(f"{way}, {database}") for way in ("from memory", "signed each"))
        if memory is None or signed is None:
            continue
        ratios |= {
            f"from memory / constant bytes, {database}": memory.rate / constant,
            f"signed each / bare signing, {database}": signed.rate / bare,
            f"from memory / openssl ocsp, {database}": memory.rate / openssl,
        }
        bars |= {
            f"from memory at least 0.6 of constant bytes, {database}": memory.rate / constant >= 0.6,
            f"p99 from memory under 3 ms, {database}": statistics.median(memory.p99_ms) < 3,
            f"signed each at least 0.6 of bare signing, {database}": signed.rate / bare >= 0.6,
        }
    lines = [f"{'client: wrk, 16 connections':<32}{'a second':>9}{'p50 ms':>8}{'p99 ms':>8}{'cpu us':>8}"]
    lines += [row.told() for row in rows.values()]
    lines += [f"{ratio:6.2f}  {name}" for name, ratio in ratios.items()]
    lines += [f"{'met    ' if met else 'NOT met'} {name}" for name, met in bars.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    kept = ROOT / "var" / "bench" / "ca_ocsp.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    document = {"client": "wrk", "connections": CONNECTIONS, "seconds": seconds, "ratios": ratios, "bars": bars}
    kept.write_text(json.dumps(document | {"rows": [asdict(row) for row in rows.values()]}, indent=2) + "\n")


def _cpu(pid: int) -> float:
    """Return the processor time, in seconds, of a process and those that it started (`man 5 proc`)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(_cpu(int(child)) for child in children)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait_for(one: Server) -> None:
    if one.name == "openssl ocsp":
        time.sleep(1)  # it serves nobody any more after a connection without a request
        return
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", one.port), timeout=5).close()
            return
        except OSError:
            if one.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{one.name} did not start: {one.process.args!r}") from None
        time.sleep(0.05)


if __name__ == "__main__":
    main()
