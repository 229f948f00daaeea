"""A network of its own between the phones and the site, on which packets are lost: two namespaces and a wire."""

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

# With every second packet lost the pauses between a connection's tries would grow to minutes, and a run to an hour:
# where the kernel can, it tries again each second. What is lost is the same.
_AGAIN_MS = 1000

NEAR, FAR = "10.231.7.1", "10.231.7.2"
# What comes in at a wire's end is lost there, before anything has seen it: to the sender it is on its way.
_RULES = """
table netdev lossy {{
  chain arriving {{
    type filter hook ingress device {device} priority 0;
    numgen random mod 100 < {percent} counter drop
    counter accept
  }}
}}
"""


def possible() -> bool:
    """Say whether this process may make networks, and has what it takes."""
    return os.getuid() == 0 and all(shutil.which(program) for program in ("ip", "nft", "socat"))


class Lossy:
    """The wire. `site` is where the phones find the site, `prefix` what runs a command at their end."""

    def __init__(self, site: str, near: str, far: str) -> None:
        self.site, self.near, self.far = site, near, far
        self.prefix = ["ip", "netns", "exec", far]

    def lost(self) -> tuple[int, int]:
        """Return how many packets were lost, and how many arrived, of both ways."""
        said = [_do("ip", "netns", "exec", name, "nft", "list", "ruleset").stdout for name in (self.near, self.far)]
        counted = [int(number) for text in said for number in re.findall(r"counter packets (\d+)", text)]
        return sum(counted[::2]), sum(counted[1::2])


@contextlib.contextmanager
def lossy(port: int, folder: Path, percent: int = 50) -> Iterator[Lossy]:
    """Lose so many packets each way between the phones and what listens at the loopback's port. Needs root.

    Two relays lead from the near end to the site: over a socket in the folder, so nothing listens on the machine's own.
    """
    near, far, socket = f"chaosn{os.getpid()}", f"chaosf{os.getpid()}", folder / f"way-{os.getpid()}"
    relays: list[subprocess.Popen[bytes]] = []
    try:
        for name in (near, far):
            _do("ip", "netns", "add", name)
        _do(*f"ip link add wire netns {near} type veth peer name wire netns {far}".split())
        for name, address in ((near, NEAR), (far, FAR)):
            for setting, value in (("tcp_rto_max_ms", _AGAIN_MS), ("tcp_syn_linear_timeouts", 20)):
                write = f"echo {value} > /proc/sys/net/ipv4/{setting}"
                command = ["ip", "netns", "exec", name, "sh", "-c", write]
                subprocess.run(command, capture_output=True)  # older kernels have only the long pauses
            _do(*f"ip -n {name} addr add {address}/30 dev wire".split())
            for device in ("lo", "wire"):
                _do(*f"ip -n {name} link set {device} up".split())
            rules = _RULES.format(device="wire", percent=percent)
            subprocess.run(
                ["ip", "netns", "exec", name, "nft", "-f", "-"], check=True, input=rules.encode(), capture_output=True
            )
        ways = (
            ["socat", f"UNIX-LISTEN:{socket},fork", f"TCP:127.0.0.1:{port}"],
            ["ip", "netns", "exec", near, "socat", f"TCP-LISTEN:{port},bind={NEAR},fork,reuseaddr", f"UNIX:{socket}"],
        )
        for command in ways:
            relays.append(subprocess.Popen(command, start_new_session=True))
        deadline = time.monotonic() + 30
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield Lossy(f"http://{NEAR}:{port}", near, far)
    finally:
        for relay in relays:
            # With its children: each connection is one.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(relay.pid, 9)
            relay.wait()
        socket.unlink(missing_ok=True)
        for name in (near, far):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def _do(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=True, capture_output=True, text=True)
