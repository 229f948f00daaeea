"""A private PC/SC daemon with a virtual reader, for the length of a test session.

pcscd's socket has a fixed path, so each session's daemon lives in a mount namespace of its own, with an empty /run
and its own port. Clients reach the socket through /proc and PCSCLITE_CSOCK_NAME.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.virtual.vpcd import Card, Slot
from tests.sandbox.virtual_card.conftest import issued_card  # noqa: F401

DRIVERS = ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "/usr/lib64/pcsc/drivers/serial/libifdvpcd.so")
PROGRAMS = ("pcscd", "unshare", "mount", "opensc-tool", "pkcs15-tool", "pkcs11-tool", "openssl")
PCSCD_LIES_IN = "/usr/sbin:/sbin"
# Seconds for what takes a moment, on a machine that does much else.
PATIENCE = 30


@dataclass(frozen=True)
class Reader:
    """A reader of the private daemon: its name, and the port where a card is put in."""

    name: str
    port: int


def missing() -> str | None:
    """Return why these tests can't run here, None where they can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "a private pcscd needs root (a mount namespace)"
    lacking = [program for program in PROGRAMS if which(program) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)} (packages pcscd, opensc, openssl)"
    if driver() is None:
        return "vpcd's reader driver is not installed (package vsmartcard-vpcd)"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        return "this container may not make mount namespaces"
    return None


def which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ['PATH']}:{PCSCD_LIES_IN}")


def driver() -> str | None:
    return next((path for path in DRIVERS if Path(path).exists()), None)


def free_pair_of_ports() -> int:
    """Return a port that is free together with the one after it: vpcd opens two slots."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports side by side")


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The first slot of a private pcscd; also points this process and its children to it."""
    with daemon(tmp_path_factory.mktemp("pcscd"), "/dev/null") as reader:
        yield reader


@contextmanager
def daemon(folder: Path, host: str, port: int | None = None) -> Iterator[Reader]:
    """Run a private pcscd: its vpcd listens for a card where `host` is /dev/null, else connects to one there."""
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(f"CI must run the PC/SC tests: {reason}")
        pytest.skip(f"PC/SC tests left out: {reason}")
    port = port or free_pair_of_ports()
    configuration = folder / "reader.conf"
    configuration.write_text(
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME {host}:0x{port:04X}\nLIBPATH {driver()}\nCHANNELID 0x{port:04X}\n'
    )
    start = 'mount -t tmpfs none /run && mkdir /run/pcscd && exec "$1" --foreground --config "$2"'
    log = (folder / "pcscd.log").open("wb")
    pcscd = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", start, "sh", str(which("pcscd")), str(configuration)],
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        comm = Path(f"/proc/{pcscd.pid}/root/run/pcscd/pcscd.comm")
        until = time.monotonic() + PATIENCE
        while not comm.is_socket():
            if pcscd.poll() is not None or time.monotonic() > until:
                pytest.fail(f"pcscd did not start: {(folder / 'pcscd.log').read_text()}")
            time.sleep(0.05)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PCSCLITE_CSOCK_NAME", str(comm))
            yield Reader("Virtual PCD 00 00", port)
    finally:
        pcscd.terminate()
        pcscd.wait(10)
        log.close()


@contextmanager
def inserted(reader: Reader, card: Card) -> Iterator[Slot]:
    """Put a card into the reader and take it out again, each time until the daemon has noticed."""
    slot = Slot(card, port=reader.port)
    slot.insert(patience=PATIENCE)
    try:
        wait_until_card(present=True)
        yield slot
    finally:
        slot.remove()
        wait_until_card(present=False)


def wait_until_card(*, present: bool) -> None:
    """Wait for the daemon, which asks its readers every 0.4 s."""
    wanted = "Yes" if present else "No"
    until = time.monotonic() + PATIENCE
    while run("opensc-tool", "--list-readers").stdout.decode().splitlines()[2].split()[1] != wanted:
        assert time.monotonic() < until
        time.sleep(0.05)


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run a client program; what it said is in the failure."""
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
    return done
