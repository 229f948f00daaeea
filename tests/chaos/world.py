"""A whole system on PostgreSQL and RabbitMQ, made to be broken, with a load of phones beside it."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from portal.supervision import system as systems
from portal.supervision.child import end_all, launch
from portal.supervision.processes import MANAGE, ROOT, SECRETS, Process, as_itself, house
from portal.supervision.supervisor import Supervisor
from portal.supervision.system import System
from tests import rabbitmq
from tests.chaos.cluster import Cluster

# Everything is taken up again within seconds instead of minutes; the leases may well run out under living workers.
IMPATIENT = {
    "TSM_LEASE_SECONDS": "5",
    "CA_LEASE_SECONDS": "5",
    "TSM_LONG_POLL_SECONDS": "3",
    "TSM_SILENCE_SECONDS": "4",
    "TSM_SWEEP_SECONDS": "3",
    "TSM_AGENT_SECONDS": "15",
    "TSM_RETRY_SECONDS": "10",
    "LINKAGE_SWEEP_SECONDS": "5",
    "NOTICES_SWEEP_SECONDS": "5",
    "JOURNAL_SEAL_SECONDS": "20",
}
START_SECONDS = 900  # it took one minute to seven on a machine that others used
RIGHT_WITHIN = 120.0  # seconds after the load's end in which the books must be right
SENT_WITHIN = 400.0  # and in which every mail must have gone: the waits after a server's failures grow to minutes


@dataclass
class World:
    """The system and what it stands on."""

    system: System
    cluster: Cluster | None = None  # none on SQLite
    broker: rabbitmq.Broker | None = None  # none on the private Redis
    database: str = ""
    host: str = ""  # the broker's virtual host
    extra: Mapping[str, Any] = field(default_factory=dict)

    def process(self, name: str, command: Sequence[str]) -> tuple[Sequence[str], dict[str, str]]:
        """Return a command of the house with every secret, and the environment that it needs."""
        outer = {**os.environ, "VAR_DIR": str(self.system.var), **self.system.environment}
        environment = Supervisor(house(outer), outer).environment(Process(name, tuple(command), secrets=SECRETS))
        # Where each process has addresses of its own.
        own = as_itself(Process("beat" if name == "second-beat" else "manage", ()), outer).environment
        return command, environment | own | {"PYTHONWARNINGS": "ignore"}

    @contextlib.contextmanager
    def beside(self, name: str, command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
        """Run another process of the house beside those that it has."""
        command, environment = self.process(name, command)
        with (self.system.var / "log" / f"{name}.log").open("ab") as log:
            popen = launch(command, environment, log)
        try:
            yield popen
        finally:
            end_all([popen])

    def books(self, *, grace: float, realm: str = "") -> list[dict[str, Any]]:
        """Read the books, or a realm's alone; return what is wrong. Raises CalledProcessError if they can't be read."""
        asked = (*MANAGE, "books", "--json", f"--grace={grace}", *(("--realm", realm) if realm else ()))
        command, environment = self.process("books", asked)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if not done.stdout.strip():
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def settled_books(self, *, grace: float = 10, realm: str = "") -> list[dict[str, Any]]:
        """Read the books until they are right, or for as long as it may take; return what is still wrong."""
        deadline = time.monotonic() + RIGHT_WITHIN
        while (found := self.books(grace=grace, realm=realm)) and time.monotonic() < deadline:
            time.sleep(3)
        return found

    def unsent(self, realm: str) -> list[str]:
        """Wait until the realm's mails are sent, or for as long as it may take; return which were not taken."""
        deadline = time.monotonic() + SENT_WITHIN
        while (states := self._mails(realm)) and time.monotonic() < deadline:
            if all(state == "done" for state in states.values()):
                break
            time.sleep(3)
        taken = {name.partition("@")[0].strip("<") for name in self.extra["mail"].taken}
        return [f"mail {name} is {state}" for name, state in states.items() if state != "done" or name not in taken]

    def _mails(self, realm: str) -> dict[str, str]:
        assert self.cluster is not None
        asked = """
            SELECT n.reference::text, n.state FROM portal_notice n JOIN portal_happening h ON h.id = n.happening_id
            JOIN ca_realm r ON r.id = h.realm_id WHERE n.channel = 'mail' AND r.slug = %s
        """
        with psycopg.connect(self.cluster.url(self.database)) as connection:
            return dict(connection.execute(asked, [realm]).fetchall())


class Load:
    """Phones in a process of their own: ready when this returns, set off by `go`."""

    def __init__(
        self, world: World, *, citizens: int, seconds: float, seed: int, tears: float = 0.0, mail: bool = False,
        site: str = "", prefix: Sequence[str] = (),
    ) -> None:  # fmt: skip
        command = [sys.executable, "-m", "tests.chaos.phones", site or world.system.web, "--citizens", str(citizens)]
        command += ["--seconds", str(seconds), "--seed", str(seed), "--tears", str(tears)]
        command += ["--mail"] if mail else []
        _, environment = world.process("phones", command)
        # They are other machines: a clock that jumps isn't theirs.
        environment.pop("LD_PRELOAD", None)
        self.seconds, self.log = seconds, world.system.var / "log" / "load.log"
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [*prefix, *command], cwd=ROOT, env=environment | {"LOG_LEVEL": "ERROR"}, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self.popen.stdout is not None
        if self.popen.stdout.readline().strip() != "ready":
            raise RuntimeError(f"the phones could not be made:\n{self.log.read_text(errors='replace')[-3000:]}")

    def go(self) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write("go\n")
        self.popen.stdin.flush()
        self.began = time.monotonic()

    def under_way(self) -> bool:
        """Say whether it is time for faults: a little before the phones' own time is over."""
        return time.monotonic() < self.began + 0.9 * self.seconds

    def result(self) -> dict[str, Any]:
        """Wait until every phone has come to its end; return how it went."""
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        self.popen.wait()
        if not line:
            raise RuntimeError(f"the phones ended early:\n{self.log.read_text(errors='replace')[-3000:]}")
        found: dict[str, Any] = json.loads(line)
        return found


@contextlib.contextmanager
def standing(more: Mapping[str, str] | None = None, extra: Mapping[str, Any] | None = None) -> Iterator[World]:
    """Start a system on a PostgreSQL and a RabbitMQ of its own; all of it ends with the block.

    `more` sets settings. CHAOS_BROKER=redis has it on the private Redis instead.
    """
    folder = Path(tempfile.mkdtemp(prefix="jpki-chaos-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "pg")
    broker = None if os.environ.get("CHAOS_BROKER") == "redis" else rabbitmq.broker()
    try:
        host = folder.name
        environment = {**IMPATIENT, "DATABASE_URL": cluster.create("chaos"), **(more or {})}
        if broker is not None:
            environment["BROKER_URL"] = broker.create(host)
        with systems.started(folder / "var", environment, seconds=START_SECONDS) as system:
            yield World(system, cluster, broker, "chaos", host, extra or {})
    finally:
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)
