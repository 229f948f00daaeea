"""OCSP per second: from memory and signed, against constant bytes, bare RSA-2048 signing, and `openssl ocsp`.

    python -m benchmarks.ca_ocsp [--seconds 2] [--rounds 3]

All in one run, by turns, and of each the median of the rounds, so that what else the machine does falls on all alike.
The client is `wrk` (C), 16 connections that are kept open: it does several times what is measured, so it is never what
is measured. `openssl ocsp` closes each connection, and is asked by threads of Python.
What is asked of one core runs on the first, the client on the last; what signs on two cores shares both with the
client. Settings are the defaults: each answer is held against the database. "By processor time" counts what server or
signer used and not what the machine left them: PostgreSQL's own process is not in it. Prints a table, and writes
var/bench/ca_ocsp.json.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.ca_ocsp_servers import CORES, PATH, ROOT, Server, cpu, databases, started, wait_for

CONNECTIONS = 16


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

    @property
    def cpu(self) -> float:
        """Return the median of the processor time of one answer, in microseconds."""
        return statistics.median(self.cpu_us)

    def told(self) -> str:
        """Return it as a line of the table."""
        numbers = [f"{statistics.median(each):8.2f}" if each else " " * 8 for each in (self.p50_ms, self.p99_ms)]
        cpu = f"{statistics.median(self.cpu_us):8.1f}" if self.cpu_us else " " * 8
        return f"{self.name:<32}{self.rate:>9.0f}{''.join(numbers)}{cpu}"


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description="OCSP against constant bytes, bare signing and openssl, in one run")
    parser.add_argument("--seconds", type=float, default=2.0, help="a measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bare", type=float, metavar="SECONDS", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.bare:
        print(*_sign_bare(chosen.bare))  # noqa: T201
    else:
        _tell(_measured(chosen.seconds, chosen.rounds), chosen.seconds)


def _measured(seconds: float, rounds: int) -> dict[str, Row]:
    # Ended in the middle, it takes its servers along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it had measured"))
    if not shutil.which("wrk"):
        raise SystemExit("wrk, the client of this benchmark, is not installed (Debian: apt-get install wrk)")
    folder = Path(tempfile.mkdtemp(prefix="jpki-bench-"))
    servers: list[Server] = []
    try:
        for database in databases():
            servers += started(folder / database, database)
        for one in servers:
            wait_for(one)
            if one.name != "openssl ocsp":
                _ask(one, 1)
        rows = {one.name: Row(one.name) for one in servers} | {
            "bare signing, two cores": Row("bare signing, two cores")
        }
        for _ in range(rounds):
            _bare(rows["bare signing, two cores"], seconds)
            for one in servers:
                _round(one, rows[one.name], seconds)
    finally:
        for one in servers:
            one.process.terminate()
            one.process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
    return rows


def _round(one: Server, row: Row, seconds: float) -> None:
    before = cpu(one.process.pid)
    found = _ask_closing(one, seconds) if one.name == "openssl ocsp" else _ask(one, seconds)
    spent = cpu(one.process.pid) - before
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


def _bare(row: Row, seconds: float) -> None:
    """Note bare signatures a second of as many processes as cores, each with a key of its own."""
    command = [sys.executable, "-m", "benchmarks.ca_ocsp", "--bare", str(seconds)]
    signing = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in CORES]  # noqa: S603
    said = [[float(number) for number in one.communicate()[0].split()] for one in signing]
    row.rates.append(sum(rate for rate, _ in said))
    row.cpu_us.append(statistics.mean(each for _, each in said))


def _sign_bare(seconds: float) -> tuple[float, float]:
    """Return signatures a second, and the processor time of one in microseconds."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(65537, 2048)
    way, digest = padding.PKCS1v15(), hashes.SHA256()
    key.sign(b"", way, digest)
    time.sleep(1)  # the other's key is made by then
    count, begun, used = 0, time.monotonic(), time.process_time()
    while time.monotonic() - begun < seconds:
        key.sign(b"x" * 200, way, digest)
        count += 1
    return count / (time.monotonic() - begun), (time.process_time() - used) / count * 1e6


def _tell(rows: dict[str, Row], seconds: float) -> None:
    constant, bare, openssl = (rows[name] for name in ("constant bytes", "bare signing, two cores", "openssl ocsp"))
    ratios: dict[str, float] = {}
    bars: dict[str, bool] = {}
    for database in ("sqlite", "postgresql"):
        memory, signed = (rows.get(f"{way}, {database}") for way in ("from memory", "signed each"))
        if memory is None or signed is None:
            continue
        ratios |= {
            f"from memory / constant bytes, {database}": memory.rate / constant.rate,
            f"from memory / constant bytes by processor time, {database}": constant.cpu / memory.cpu,
            f"signed each / bare signing, {database}": signed.rate / bare.rate,
            f"signed each / bare signing by processor time, {database}": bare.cpu / signed.cpu,
            f"from memory / openssl ocsp, {database}": memory.rate / openssl.rate,
        }
        bars |= {
            f"from memory at least 0.6 of constant bytes, {database}": memory.rate / constant.rate >= 0.6,
            f"p99 from memory under 3 ms, {database}": statistics.median(memory.p99_ms) < 3,
            f"signed each at least 0.6 of bare signing, {database}": signed.rate / bare.rate >= 0.6,
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


if __name__ == "__main__":
    main()
