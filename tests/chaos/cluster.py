"""A PostgreSQL that is killed, paused, filled up and failed over: with fsync as in earnest, and a second node."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from portal.supervision.kernel import end_with_parent
from tests import postgresql

MEGABYTES = 600  # of each node's file system, where one can be mounted
_SETTINGS = {
    "max_connections": "120",
    "listen_addresses": "",
    "jit": "off",
    "wal_level": "replica",
    "max_wal_size": "96MB",
    "min_wal_size": "32MB",
    "wal_keep_size": "64MB",
    "hot_standby": "on",
    "shared_buffers": "64MB",
}


class Node:
    """One server in a folder of its own: a small file system in memory where this process may mount one."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.folder, self.user, self.data = folder, user, folder / "data"
        self.popen: subprocess.Popen[bytes] | None = None
        self.log, self.heard = folder.parent / f"{folder.name}.log", 0
        folder.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
        self.small = os.getuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
        if user:
            shutil.chown(folder, user)
            folder.chmod(0o700)

    @property
    def address(self) -> str:
        return f"postgresql://jpki@/postgres?host={self.folder}"

    def run(self, *command: str | Path) -> None:
        subprocess.run(command, check=True, capture_output=True, **self._run())

    def start(self, *, seconds: float = 60) -> None:
        """Start the server, also after it crashed, and wait until it answers. Raises TimeoutError with its log."""
        if self.popen is not None and self.popen.poll() is None:
            return
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # nobody else has this folder
        command: list[str | Path] = [program("postgres"), "-D", self.data]
        settings = _SETTINGS | {"unix_socket_directories": str(self.folder)}
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = self.log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                command, stdout=output, stderr=output, preexec_fn=end_with_parent, **self._run()
            )
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline or self.popen.poll() is not None:
                raise TimeoutError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.address, connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT fast, SIGQUIT at once and without a checkpoint, SIGKILL as a power cut."""
        if self.popen is None or self.popen.poll() is not None:
            return
        children = self._family()
        self.popen.send_signal(how)
        if how == signal.SIGKILL:
            for number in children:
                _send(number, how)
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    def freeze(self) -> None:
        assert self.popen is not None
        for number in (self.popen.pid, *self._family()):
            _send(number, signal.SIGSTOP)

    def thaw(self) -> None:
        if self.popen is not None:
            for number in (self.popen.pid, *self._family()):
                _send(number, signal.SIGCONT)

    def fill(self) -> Path:
        """Leave no room in the node's file system; return the file that takes it."""
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                return ballast

    def complaints(self, of: str) -> int:
        """Return how often the server's log has said something since it was last asked."""
        with self.log.open(errors="replace") as file:
            file.seek(self.heard)
            said = file.read()
            self.heard = file.tell()
        return said.count(of)

    def remove(self) -> None:
        self.thaw()
        self.stop(signal.SIGQUIT)
        if self.small:
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True)

    def _family(self) -> list[int]:
        """Return the server's own processes: each has made itself a session of its own."""
        assert self.popen is not None
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == self.popen.pid:
                found.append(int(process.name))
        return found

    def _run(self) -> dict[str, Any]:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        return {"user": self.user, "cwd": self.folder, "env": environment, "stdin": subprocess.DEVNULL}


class Cluster:
    """Two places for a node. One node serves; the other is empty, or a replica that follows it synchronously."""

    def __init__(self, folder: Path) -> None:
        self.user = postgresql._unprivileged()
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self.nodes = [Node(folder / name, self.user) for name in ("one", "two")]
        self.primary, self.other = self.nodes
        self.primary.run(
            program("initdb"), "--pgdata", self.primary.data, "--username=jpki", "--auth=trust", "--encoding=UTF8",
            "--locale=C.UTF-8",
        )  # fmt: skip
        self.primary.start()

    def url(self, database: str) -> str:
        """Return DATABASE_URL: whichever of the two places takes writes."""
        places = ",".join(str(node.folder) for node in self.nodes)
        return f"postgresql://jpki@/{database}?host={places}&target_session_attrs=read-write&connect_timeout=5"

    def create(self, database: str) -> str:
        with psycopg.connect(self.primary.address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')  # type: ignore[call-overload]
        return self.url(database)

    def follow(self) -> None:
        """Give the primary a replica in the other place, without which it then commits nothing."""
        shutil.rmtree(self.other.data, ignore_errors=True)
        self.other.run(
            program("pg_basebackup"), "--pgdata", self.other.data, "--write-recovery-conf", "--checkpoint=fast",
            "--dbname", f"host={self.primary.folder} user=jpki", "--wal-method=stream",
        )  # fmt: skip
        with (self.other.data / "postgresql.auto.conf").open("a") as file:
            file.write("synchronous_standby_names = ''\n")
        self.other.start()
        self._set("ALTER SYSTEM SET synchronous_standby_names = '*'")
        deadline = time.monotonic() + 30
        while not self._ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"):
            assert time.monotonic() < deadline, "the replica does not follow"
            time.sleep(0.1)

    def fail_over(self) -> None:
        """Cut the primary's power, and let the replica serve in its stead."""
        self.primary.stop(signal.SIGKILL)
        self.other.run(program("pg_ctl"), "promote", "-D", self.other.data, "-w", "-t", "60")
        self.primary, self.other = self.other, self.primary

    def remove(self) -> None:
        for node in self.nodes:
            node.remove()

    def _set(self, statement: str) -> None:
        with psycopg.connect(self.primary.address, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]
            connection.execute("SELECT pg_reload_conf()")

    def _ask(self, statement: str) -> Any:
        with psycopg.connect(self.primary.address, autocommit=True) as connection:
            return connection.execute(statement).fetchone()[0]  # type: ignore[call-overload,index]


def program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    if not found:
        raise postgresql.Missing("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    return str(found[0])


def _send(number: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, what)
