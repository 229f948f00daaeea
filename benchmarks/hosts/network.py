"""Hosts of one machine: a network namespace each, a bridge between them, a cgroup each for its share of a core.

Needs root, `ip` (iproute2) and the cgroup controllers `cpu` and `cpuacct`; what was made is taken away in the end.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from portal.supervision.kernel import end_with_parent
from portal.supervision.processes import ROOT

GROUPS = Path("/sys/fs/cgroup")
PERIOD = 100_000  # µs; man 7 sched, CFS bandwidth
SUBNET = "10.231.77"
ITSELF = f"{SUBNET}.254"  # where the machine itself is on the bridge


class Missing(Exception):
    """This machine can't have hosts of its own; the message says what it lacks."""


@dataclass
class Host:
    """One host: its name, its address, and what was started on it."""

    name: str
    address: str
    space: str
    started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def inside(self, *command: str) -> tuple[str, ...]:
        """Return the command that runs one on this host, to be run by root."""
        return ("ip", "netns", "exec", self.space, *command)

    def start(self, command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> None:
        """Start a command on this host, within its share of a core; it ends when we do."""
        self.started.append(
            subprocess.Popen(  # noqa: S603
                self.inside(*command),
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=self.enter,
            )
        )

    def enter(self) -> None:
        """Put this process on the host's account. To be called between fork and exec."""
        end_with_parent()
        for group in self._groups():
            (group / "cgroup.procs").write_text(str(os.getpid()))

    def limit(self, share: float | None) -> None:
        """Give the host so much of a core (0.1: a tenth), or as much as there is."""
        quota = -1 if share is None else int(PERIOD * share)
        (GROUPS / "cpu" / self.space / "cpu.cfs_period_us").write_text(str(PERIOD))
        (GROUPS / "cpu" / self.space / "cpu.cfs_quota_us").write_text(str(quota))

    def cpu(self) -> float:
        """Return the seconds of CPU that the host has spent."""
        return int((GROUPS / "cpuacct" / self.space / "cpuacct.usage").read_text()) / 1e9

    def _groups(self) -> tuple[Path, ...]:
        return GROUPS / "cpu" / self.space, GROUPS / "cpuacct" / self.space


@contextlib.contextmanager
def network(names: Sequence[str]) -> Iterator[dict[str, Host]]:
    """Make hosts of these names; give them by name, each at an address of its own. Raises Missing."""
    if os.getuid() != 0:
        raise Missing("only root can make network namespaces")
    if shutil.which("ip") is None:
        raise Missing("ip is not installed (Debian: apt-get install iproute2)")
    if not (GROUPS / "cpu" / "cpu.cfs_quota_us").exists() or not (GROUPS / "cpuacct").exists():
        raise Missing("the cgroup controllers cpu and cpuacct aren't at hand (version 1)")
    mark = f"jpki{os.getpid()}"
    hosts = {
        name: Host(name, f"{SUBNET}.{number}", f"{mark}-{name}") for number, name in enumerate(names, start=1)
    }  # fmt: skip
    bridge = f"br{os.getpid()}"
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{ITSELF}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for number, host in enumerate(hosts.values()):
            _join(host, bridge, f"v{os.getpid()}x{number}")
        yield hosts
    finally:
        for host in hosts.values():
            _leave(host)
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("link", "del", bridge)


def _join(host: Host, bridge: str, cable: str) -> None:
    for group in host._groups():
        group.mkdir()
    _ip("netns", "add", host.space)
    _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", host.space)
    _ip("link", "set", cable, "master", bridge, "up")
    _ip("-n", host.space, "addr", "add", f"{host.address}/24", "dev", "eth0")
    _ip("-n", host.space, "link", "set", "eth0", "up")
    _ip("-n", host.space, "link", "set", "lo", "up")


def _leave(host: Host) -> None:
    with contextlib.suppress(OSError):
        host.limit(None)
    for popen in host.started:
        popen.terminate()
    for popen in host.started:
        try:
            popen.wait(15)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
    group = GROUPS / "cpuacct" / host.space
    with contextlib.suppress(OSError):
        for process in (group / "cgroup.procs").read_text().split():
            os.kill(int(process), 9)  # a child that its parent left behind
    with contextlib.suppress(subprocess.CalledProcessError):
        _ip("netns", "del", host.space)
    for group in host._groups():
        with contextlib.suppress(OSError):
            group.rmdir()


def _ip(*arguments: str) -> None:
    subprocess.run((shutil.which("ip") or "ip", *arguments), check=True, capture_output=True)  # noqa: S603
