"""The parent of all processes: starts them in order, watches them, stops them."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from portal.supervision import folder
from portal.supervision.child import Child, Running, end_all, launch
from portal.supervision.processes import GIVEN, SECRETS, House, Process, own_setting
from portal.supervision.warm import Stock

READY_SECONDS = 90
ADDRESSES = {"PUBLIC_URL": "Start here", "RESPONDER_URL": "CRL and OCSP", "SAMPLES_URL": "Sample services"}


class StartFailed(Exception):
    """Something that the system can't do without did not start; the message says what, with the end of its log."""


class Supervisor:
    """The parent of all: one per data folder, held by a lock on `supervisor.lock` in it."""

    def __init__(self, plan: House, outer: Mapping[str, str] = os.environ) -> None:
        self.plan, self.outer = plan, outer
        self.children: list[Child] = []
        self.stock: Stock | None = None
        self.stop = threading.Event()
        self.ready = False

    def run(self) -> int:
        """Run until told to stop; return the exit status: 0 when stopped, 1 when it could not start."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, lambda *_: self.stop.set())
        os.umask(0o077)
        self.plan.var.mkdir(parents=True, exist_ok=True)
        with folder.locked(self.plan.var) as mine:
            if not mine:
                where = folder.shown(self.plan.var)
                folder.say(f"already running on {where}: stop it first, or set VAR_DIR for a second system")
                return 1
            try:
                check_ports(self.plan.processes)
                for name in ("log", "redis", "secrets", "static"):
                    (self.plan.var / name).mkdir(exist_ok=True)
                self.start()
                while not self.stop.wait(0.2):
                    self.watch()
            except StartFailed as failure:
                folder.say(str(failure))
                return 1
            finally:
                self.end()
        return 0

    def start(self) -> None:
        began = time.monotonic()
        first = [process for process in self.plan.processes if process.first]
        self.begin(first)
        for step in self.plan.steps:
            self.step(step)
        self.begin([process for process in self.plan.processes if not process.first])
        if not self.stop.is_set():
            self.tell(time.monotonic() - began)
            self.note(ready=True)

    def begin(self, processes: list[Process]) -> None:
        """Start these and wait until each is up. Raises StartFailed when one will not."""
        if self.stop.is_set() or not processes:
            return
        self.wait_for(self.launch(processes))

    def launch(self, processes: list[Process]) -> list[Child]:
        """Start these, and don't wait."""
        folder.say(f"starting {', '.join(process.name for process in processes)}")
        new = [Child(process, self.environment(process), self.log(process), self.run_one) for process in processes]
        self.children += new
        self.note(ready=False)
        return new

    def run_one(self, command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> Running:
        """Start a command: in a copy of what has imported its libraries, where it can, or by itself."""
        if Stock.fits(command):
            self.stock = self.stock or Stock(self.environment(Process("stock", ())))
            try:
                return self.stock.copy(command, environment, log)
            except OSError:
                self.stock.end()
                self.stock = None
        return launch(command, environment, log)

    def wait_for(self, waiting: list[Child]) -> None:
        """Wait until each is up. Raises StartFailed when one will not."""
        deadline = time.monotonic() + READY_SECONDS
        while waiting := [child for child in waiting if not child.up()]:
            if self.stop.wait(0.1):
                return
            self.watch()
            for child in waiting:
                if child.failures >= 3 or time.monotonic() > deadline:
                    raise StartFailed(f"{child.process.name} does not start:\n{folder.tail(child.log, 15)}")

    def step(self, process: Process) -> None:
        """Run a step to its end. Raises StartFailed when it fails."""
        if self.stop.is_set():
            return
        folder.say(f"running {process.name}")
        with self.log(process).open("ab") as log:
            began = log.tell()
            popen = self.run_one(process.command, self.environment(process), log)
            while popen.poll() is None and not self.stop.wait(0.05):
                pass
            end_all([popen])
        if popen.poll() and not self.stop.is_set():
            end = folder.tail(self.log(process), 15)
            raise StartFailed(f"{process.name} failed (its log is {folder.shown(self.log(process))}):\n{end}")
        if process.told and (said := self.log(process).read_bytes()[began:].decode(errors="replace").strip()):
            folder.say(f"\n{said}\n")

    def watch(self) -> None:
        news = [line for child in self.children if (line := child.watch(time.monotonic()))]
        for line in news:
            folder.say(line)
        if news:
            self.note()
        if self.stock and self.stock.popen.poll() is not None:
            self.stock.end()
            self.stock = None
        self.bury()

    def bury(self) -> None:
        """Wait for orphans that have ended: a process of ours that ended before its children left them to us."""
        ours = {child.popen.pid for child in self.children} | ({self.stock.popen.pid} if self.stock else set())
        with contextlib.suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if ended.si_pid in ours:
                    return  # whoever watches it wants to know how it ended
                os.waitpid(ended.si_pid, os.WNOHANG)

    def end(self) -> None:
        """Stop everything, what was started first last."""
        with contextlib.suppress(FileNotFoundError):
            folder.state_file(self.plan.var).unlink()
        for first in (False, True):
            end_all([child.popen for child in self.children if child.process.first is first])
        if self.stock:
            self.stock.end()

    def environment(self, process: Process) -> dict[str, str]:
        """Return what the process sees: the outer environment without any secret, the house's, and its own secrets."""
        known = (*SECRETS, *GIVEN)
        hidden = {*known, *(f"{name}_FILE" for name in known)}
        seen = {name: value for name, value in self.outer.items() if name not in hidden and not own_setting(name)}
        seen |= {**self.plan.environment, "PROCESS_NAME": process.name, **process.environment}
        for name in process.secrets:
            given = [key for key in (name, f"{name}_FILE") if self.outer.get(key)]
            seen |= {key: self.outer[key] for key in given} or {f"{name}_FILE": str(folder.secret(self.plan.var, name))}
        for name in process.given:
            seen |= {key: self.outer[key] for key in (name, f"{name}_FILE") if self.outer.get(key)}
        return seen

    def log(self, process: Process) -> Path:
        return folder.log(self.plan.var, process.name)

    def note(self, ready: bool | None = None) -> None:
        """Write down for others what runs (see `System`)."""
        self.ready = self.ready if ready is None else ready
        state = {"supervisor": os.getpid(), "ready": self.ready, "addresses": dict(self.plan.addresses)}
        state |= {"processes": {child.process.name: child.popen.pid for child in self.children}}
        draft = folder.state_file(self.plan.var).with_suffix(".draft")
        draft.write_text(json.dumps(state))
        draft.replace(folder.state_file(self.plan.var))

    def tell(self, seconds: float) -> None:
        folder.say(f"\nSmartphone JPKI is running ({seconds:.0f} s to start).\n")
        for name, address in self.plan.addresses.items():
            folder.say(f"  {ADDRESSES[name]:<16} {address}/")
        folder.say(f"  Logs             {folder.shown(self.plan.var / 'log')}/\n")
        folder.say("Ctrl-C stops it; `make run` goes on with the same data; `make reset` starts over.")


def check_ports(processes: tuple[Process, ...]) -> None:
    """Raise StartFailed, naming the port, when one that a process listens on is taken."""
    for process in processes:
        if process.up.startswith("http:"):
            address = urllib.parse.urlsplit(process.up)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((address.hostname, address.port))
                except OSError:
                    raise StartFailed(
                        f"port {address.port} is in use, and {process.name} needs it: stop what holds it, or choose "
                        f"others, for example: make run PORT=8100 RESPONDER_PORT=8101 SAMPLES_PORT=8102"
                    ) from None
