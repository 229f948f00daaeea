"""Commands that run as root of namespaces of their own: what they mount, route or filter is gone when they end."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import missing

# Debian's package of each program that is run so.
PACKAGES = {"nft": "nftables", "ip": "iproute2", "nsenter": "util-linux", "unshare": "util-linux"} | {
    "mountpoint": "util-linux",
    "systemd-creds": "systemd",
    "age": "age",
}


def need(*programs: str) -> None:
    """Skip the test where one of the programs, or `unshare`, isn't installed; in CI it fails (`missing`)."""
    for program in (*programs, "unshare"):
        if shutil.which(program) is None:
            missing(f"{program} is not installed (Debian: apt-get install {PACKAGES[program]})")


def run(kind: str, *command: str | Path, **more: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command in a namespace of that kind (`mount`, `net`), for a minute or two; `more` goes to subprocess."""
    enter = ["unshare", "--user", "--map-root-user", f"--{kind}"]
    done = subprocess.run([*enter, *map(str, command)], capture_output=True, text=True, timeout=120, **more)
    if "unshare" in done.stderr:
        missing(done.stderr.strip())
    return done
