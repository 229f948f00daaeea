"""What the supervisor asks of Linux and Python has no words for: man 2 prctl. Elsewhere it does nothing."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36

_libc = ctypes.CDLL(None)


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Be ended by this signal when the parent ends, or who has taken the parent's place."""
    _ask(PR_SET_PDEATHSIG, number)


def take_orphans() -> None:
    """Become the parent of what this process's children leave behind."""
    _ask(PR_SET_CHILD_SUBREAPER, 1)


def be_called(name: str) -> None:
    """Give this process a name, as `ps -o comm` and `top` show it: its first 15 bytes."""
    _ask(PR_SET_NAME, name.encode()[:15])


def _ask(what: int, value: int | bytes) -> None:
    if sys.platform == "linux":
        _libc.prctl(what, value)
