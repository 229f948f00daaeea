"""One running process: started, seen to end, started again, stopped with all its children."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from portal.supervision import folder, kernel
from portal.supervision.processes import ROOT, Process

STOP_SECONDS = 5  # how long a process may take to end by itself
CALM_SECONDS = 30  # a process that ran this long has started well: its next end is a first one again


class Running(Protocol):
    """A process that was started: `subprocess.Popen`, or what else is waited for and ended alike."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self) -> int: ...
    def terminate(self) -> None: ...


Launch = Callable[[Sequence[str], Mapping[str, str], IO[bytes]], Running]


class Child:
    """One process of the house, alive or about to be started again (each time later)."""

    def __init__(self, process: Process, environment: Mapping[str, str], log: Path, launch: Launch) -> None:
        self.process, self.environment, self.log, self.launch = process, environment, log, launch
        self.failures, self.again_at = 0, 0.0
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.log_start = log.tell()
            self.popen = self.launch(self.process.command, self.environment, log)
        self.started_at = time.monotonic()

    def watch(self, now: float) -> str | None:
        """Start the process again when it has ended and its time has come; return a line when there is news."""
        if self.again_at:
            if now < self.again_at:
                return None
            self.again_at = 0.0
            self.start()
            return f"{self.process.name} is started again"
        code = self.popen.poll()
        if code is None:
            return None
        signal_group(self.popen.pid, signal.SIGKILL)  # no grandchild outlives its parent
        self.failures = 1 if now - self.started_at > CALM_SECONDS else self.failures + 1
        delay = min(0.5 * 2 ** (self.failures - 1), 30.0)
        self.again_at = now + delay
        if code < 0:
            return f"{self.process.name} was ended by {signal.Signals(-code).name}; starting it again in {delay:g} s"
        return f"{self.process.name} ended with {code}; starting it again in {delay:g} s\n{folder.tail(self.log)}"

    def up(self) -> bool:
        """Say whether the process runs and answers, or says, what its row in the table names."""
        if self.popen.poll() is not None:
            return False
        kind, _, what = self.process.up.partition(":")
        if kind == "says":
            return what.encode() in self.log.read_bytes()[self.log_start :]
        return not kind or answers(self.process.up)


def launch(command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, so that Ctrl-C reaches the supervisor alone; it ends when we do."""
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        umask=0o077,
        preexec_fn=kernel.end_with_parent,
    )


def end_all(popens: Sequence[Running], seconds: float = STOP_SECONDS) -> None:
    """End these, asked first and after `seconds` forced, with all their children."""
    alive = [popen for popen in popens if popen.poll() is None]
    for popen in alive:
        popen.terminate()
    deadline = time.monotonic() + seconds
    while any(popen.poll() is None for popen in alive) and time.monotonic() < deadline:
        time.sleep(0.02)
    for popen in alive:
        signal_group(popen.pid, signal.SIGKILL)
        popen.wait()


def signal_group(number: int, signal_number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(number, signal_number)


def answers(address: str) -> bool:
    """Say whether something answers at `http://…` (anything but a 5xx) or `unix:<path>`."""
    if address.startswith("unix:"):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(address.removeprefix("unix:")) == 0
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
