"""The data folder (`var/` or VAR_DIR): secrets, logs, the lock, and the note of what runs on it."""

import contextlib
import fcntl
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from portal.supervision.processes import ROOT

LOG_BYTES = 5_000_000  # a longer log is put aside at the next start


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def secret(var: Path, name: str) -> Path:
    """Return the file that holds a secret, and write it with 32 random bytes as hex when there is none."""
    folder = var / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name.lower()
    with contextlib.suppress(FileExistsError):
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(number, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    return path


@contextlib.contextmanager
def locked(var: Path) -> Iterator[bool]:
    """Hold the data folder's lock; gives False when another supervisor holds it."""
    with (var / "supervisor.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def log(var: Path, name: str) -> Path:
    """Return where a process's log is, after putting a long one aside."""
    path = var / "log" / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path


def state_file(var: Path) -> Path:
    """Return where the supervisor notes what runs: addresses, numbers of the processes, whether all is ready."""
    return var / "system.json"


def tail(log: Path, lines: int = 8) -> str:
    text = log.read_bytes()[-8000:].decode(errors="replace") if log.exists() else ""
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def reset(var: Path) -> int:
    """Throw the data folder away; return 1 and leave it when the system runs or the folder is not one of ours."""
    if not var.exists():
        say("there is no data: nothing to throw away")
        return 0
    if var != ROOT / "var" and not (var / "supervisor.lock").exists():
        say(f"{var} was not made by `make run`: left as it is")
        return 1
    with locked(var) as mine:
        if not mine:
            say("the system is running: stop it first (Ctrl-C)")
            return 1
        shutil.rmtree(var)
    say(f"{shown(var)} is gone; `make run` starts over")
    return 0
