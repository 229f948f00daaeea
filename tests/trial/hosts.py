"""Hosts of a trial: each a set of namespaces with a systemd of its own, all on one switch that reaches nothing else.

A host sees this machine's files and writes into memory; when the trial ends, or this process does, it is gone.
Needs root, overlayfs and cgroup 2; `Missing` says what is lacking.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from portal.supervision.kernel import end_with_parent

BOOT = Path(__file__).with_name("boot.sh")
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
NETWORK = "10.77.0"
CGROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))


class Missing(Exception):
    """This machine can't hold such a trial."""


class Refused(Exception):
    """A command on a host ended with another status than 0; the message has what it said."""


@dataclass
class Host:
    """One host: its name, its address, and the number that its systemd has on this machine."""

    name: str
    address: str
    pid: int
    folder: Path

    def run(self, script: str, *, seconds: float = 300) -> str:
        """Run lines of bash as root on the host; return what they wrote. Raises Refused."""
        command = ["nsenter", f"--target={self.pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        command += ["--root"]
        clean = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]
        clean += ["LANG=C.UTF-8", "bash", "-euo", "pipefail", "-c", f"cd /root\n{script}"]
        done = subprocess.run(
            [*command, *clean], stdin=-3, stdout=-1, stderr=-2, text=True, errors="replace", timeout=seconds
        )
        if done.returncode:
            raise Refused(f"on {self.name}, {done.returncode}:\n{script}\n--- said:\n{done.stdout}")
        return done.stdout

    def path(self, inside: str) -> Path:
        """Return where a file of the host is, seen from here."""
        return Path(f"/proc/{self.pid}/root") / inside.removeprefix("/")


@dataclass
class Hosts:
    """The hosts of one trial and the switch between them."""

    folder: Path
    cgroup: Path
    switch: "subprocess.Popen[bytes]"
    hosts: dict[str, Host] = field(default_factory=dict)
    _processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def boot(self, name: str, *, installed: Path | None = None) -> Host:
        """Start a host, with what is in a folder as its /opt/jpki, or nothing. Returns when its systemd is up."""
        folder = self.folder / name
        folder.mkdir()
        cgroup = self.cgroup / name
        cgroup.mkdir()

        def enter() -> None:
            _die_with_parent()
            (cgroup / "cgroup.procs").write_text(str(os.getpid()))

        command = ["unshare", *NAMESPACES, "--fork", "--kill-child", str(BOOT), name, str(folder)]
        command += [str(installed)] if installed else []
        said = (self.folder / f"{name}.log").open("wb")
        popen = subprocess.Popen(command, stdin=-3, stdout=said, stderr=said, preexec_fn=enter)
        self._processes.append(popen)
        number = _only_child(popen.pid)
        host = Host(name, f"{NETWORK}.{len(self.hosts) + 1}", number, folder)
        self._wait(host, popen)
        self._plug(host)
        self.hosts[name] = host
        for each in self.hosts.values():
            lines = "".join(f"{other.address} {other.name}\n" for other in self.hosts.values())
            each.path("/etc/hosts").write_text(f"127.0.0.1 localhost\n{lines}")
        return host

    def end(self) -> None:
        """End every host and the switch."""
        for popen in [*self._processes, self.switch]:
            if popen.poll() is None:
                popen.send_signal(signal.SIGKILL)  # `unshare --kill-child`: the host's systemd, and all of it, with it
        for host in self.hosts.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(host.pid, signal.SIGKILL)
        for popen in [*self._processes, self.switch]:
            popen.wait(10)
        deadline = time.monotonic() + 10
        while self.cgroup.exists() and time.monotonic() < deadline:
            _remove(self.cgroup)
            time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, host: Host, popen: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + 60
        while True:
            state = subprocess.run(
                ["nsenter", f"--target={host.pid}", "--all", "--root", "systemctl", "is-system-running"],
                stdout=-1,
                stderr=-3,
                text=True,
            ).stdout.strip()
            if state in {"running", "degraded"}:
                return
            if popen.poll() is not None or time.monotonic() > deadline:
                raise Missing(f"{host.name} did not start ({state}): {(self.folder / f'{host.name}.log').read_text()}")
            time.sleep(0.1)

    def _plug(self, host: Host) -> None:
        """Put a cable from the host to the switch."""
        number = host.address.rpartition(".")[2]
        inner, outer = f"in{number}", f"out{number}"
        at_switch = ["nsenter", f"--target={self.switch.pid}", "--net"]
        at_host = ["nsenter", f"--target={host.pid}", "--net"]
        for command in (
            [*at_switch, "ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", str(host.pid)],
            [*at_switch, "ip", "link", "set", outer, "master", "switch", "up"],
            [*at_host, "ip", "link", "set", "lo", "up"],
            [*at_host, "ip", "address", "add", f"{host.address}/24", "dev", inner],
            [*at_host, "ip", "link", "set", inner, "up"],
        ):
            subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def hosts() -> Iterator[Hosts]:
    """Give an empty trial, and take all of it down in the end. Raises Missing."""
    if os.getuid() != 0:
        raise Missing("hosts of a trial need root")
    for program in ("unshare", "nsenter", "ip", "setpriv", "/lib/systemd/systemd", "dbus-daemon"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed (Debian: apt-get install systemd dbus iproute2)")
    root = next((path for path in CGROUPS if (path / "cgroup.subtree_control").exists()), None)
    if root is None:
        raise Missing("cgroup 2 is mounted nowhere")
    for left in root.glob("jpki-trial-*"):
        _remove(left)  # of a trial that was killed, if nothing lives in it any more
    folder = Path(tempfile.mkdtemp(prefix="jpki-trial-", dir="/tmp"))
    cgroup = root / folder.name
    cgroup.mkdir()
    switch = subprocess.Popen(
        ["unshare", "--net", "bash", "-c", "ip link add switch type bridge && ip link set switch up && exec sleep inf"],
        preexec_fn=_die_with_parent,
    )
    trial = Hosts(folder, cgroup, switch)
    try:
        yield trial
    finally:
        trial.end()


def _remove(cgroup: Path) -> None:
    for inner, _, _ in os.walk(cgroup, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(inner)


def _die_with_parent() -> None:
    end_with_parent(signal.SIGKILL)  # `unshare --fork` heeds no SIGTERM


def _only_child(number: int) -> int:
    children = Path(f"/proc/{number}/task/{number}/children")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = children.read_text().split()
        if found:
            return int(found[0])
        time.sleep(0.01)
    raise Missing("no namespaces can be made here")
