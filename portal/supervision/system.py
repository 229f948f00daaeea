"""A running system as others see it: what tests and `make demo` hold in their hands.

    with system.running() or system.started(folder) as running: httpx.get(running.web)

Both ways give the same `System`, and neither knows more than `make run` tells: it is reached over its addresses.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.supervision import folder
from portal.supervision.child import end_all, launch, signal_group
from portal.supervision.processes import MANAGE, PORTS, ROOT, SECRETS, Process, as_itself, house
from portal.supervision.supervisor import StartFailed, Supervisor


@dataclass(frozen=True)
class System:
    """Its data folder, its addresses (no slash at the end; without a sandbox `samples` is empty), and its processes.

    `environment` is what it was started with besides the outer environment.
    """

    var: Path
    web: str
    responder: str
    samples: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def pid(self, name: str) -> int:
        """Return the process number that a process of `processes` has now."""
        return int(_state(self.var)["processes"][name])

    def kill(self, name: str) -> int:
        """End a process and its children at once (SIGKILL); return its number. The supervisor starts it again."""
        number = self.pid(name)
        signal_group(number, signal.SIGKILL)
        return number

    def restart(self, name: str, *, seconds: float = 30) -> None:
        """End a process at once and wait until the supervisor has started it again. Raises TimeoutError."""
        number, deadline = self.kill(name), time.monotonic() + seconds
        while self.pid(name) == number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was not started again within {seconds} s")
            time.sleep(0.05)

    def log(self, name: str) -> str:
        """Return the log of a process, or of a step."""
        return (self.var / "log" / f"{name}.log").read_text(errors="replace")

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` on the system's data, with every secret, and return what it prints.

        Raises subprocess.CalledProcessError with its output, which a trace of it shows as a note, when it fails.
        """
        outer = _outer(self.var, self.environment)
        process = as_itself(Process("manage", (*MANAGE, *arguments), secrets=SECRETS), outer)
        environment = Supervisor(house(outer), outer).environment(process)
        done = subprocess.run(process.command, cwd=ROOT, env=environment, stdout=-1, text=True)  # noqa: S603
        try:
            done.check_returncode()
        except subprocess.CalledProcessError as error:
            error.add_note(done.stdout)
            raise
        return done.stdout


def running(var: Path | None = None) -> contextlib.nullcontext[System] | None:
    """Find the system that runs on this data folder (by default `make run`'s own); None when none is ready."""
    var = var or house().var
    try:
        state = _state(var)
        with folder.locked(var) as nobody:
            if nobody or not state["ready"]:
                return None
    except FileNotFoundError:
        return None
    return contextlib.nullcontext(_system(var, state))


@contextlib.contextmanager
def started(var: Path, environment: Mapping[str, str] | None = None, *, seconds: float = 180) -> Iterator[System]:
    """Start a whole system on `var` and three free ports, give it when it is ready, and stop it in the end.

    `environment` sets settings (see `portal/settings/`) and may name the ports; a system that was on `var` before
    goes on with its data. Raises StartFailed with what the system said.
    """
    var.mkdir(parents=True, exist_ok=True)
    chosen = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True)) | dict(environment or {})
    said = var / "supervisor.log"
    with said.open("wb") as output:
        command = (sys.executable, "-m", "portal.supervision")
        popen = launch(command, _outer(var, chosen), output)
    try:
        deadline = time.monotonic() + seconds
        while not _ready(var, popen.pid):
            if popen.poll() is not None or time.monotonic() > deadline:
                raise StartFailed(f"the system on {var} did not start:\n{said.read_text(errors='replace')}")
            time.sleep(0.1)
        yield _system(var, _state(var), chosen)
    finally:
        end_all([popen], seconds=20)


def _system(var: Path, state: dict[str, Any], environment: Mapping[str, str] | None = None) -> System:
    addresses = state["addresses"]
    samples = addresses.get("SAMPLES_URL", "")
    return System(var, addresses["PUBLIC_URL"], addresses["RESPONDER_URL"], samples, environment or {})


def _outer(var: Path, environment: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "VAR_DIR": str(var), **environment}


def _state(var: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(folder.state_file(var).read_text())
    return state


def _ready(var: Path, number: int) -> bool:
    try:
        state = _state(var)
    except FileNotFoundError:
        return False
    return bool(state["supervisor"] == number and state["ready"])


def free_ports(count: int) -> list[int]:
    """Return so many ports of the loopback that nobody listens on."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
