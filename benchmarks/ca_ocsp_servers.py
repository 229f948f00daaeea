"""The servers that `benchmarks.ca_ocsp` asks: responders, `openssl ocsp`, and one that says the same to everybody.

python -m benchmarks.ca_ocsp_servers PORT       # that one
"""

import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ca.reply import Reply, Request
    from ca.serving import Connection, Trouble

ROOT = Path(__file__).resolve().parent.parent
PATH = "/ocsp/bench/signature/card"
CORES = sorted(os.sched_getaffinity(0))
ONE, LAST, ALL = {CORES[0]}, {CORES[-1]}, set(CORES)


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

    async def close(self) -> None:
        """Leave nothing behind."""


def databases() -> list[str]:
    from tests import postgresql

    try:
        postgresql.server()
    except postgresql.Missing as error:
        sys.stderr.write(f"{error}: SQLite alone\n")
        return ["sqlite"]
    return ["sqlite", "postgresql"]


def started(folder: Path, database: str) -> list[Server]:
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
        # As in earnest: a sandbox's responder looks for faults first.
        "SANDBOX": "0",
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
        constant = [sys.executable, "-m", "benchmarks.ca_ocsp_servers", "{port}"]
        openssl = ["openssl", "ocsp", "-port", "{port}", "-nmin", "15"]
        for name in ("index", "CA", "rsigner", "rkey"):
            openssl += [f"-{name}", str(folder / name)]
        servers += [
            begin("constant bytes", constant, known, ONE, LAST),
            begin("openssl ocsp", openssl, known, ONE, LAST),
        ]
    return servers


def cpu(pid: int) -> float:
    """Return the processor time, in seconds, of a process and those that it started (`man 5 proc`)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(cpu(int(child)) for child in children)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def wait_for(one: Server) -> None:
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
    from ca.serving import Place, serve

    serve(Place(port=int(sys.argv[1])), ConstantDesk)
