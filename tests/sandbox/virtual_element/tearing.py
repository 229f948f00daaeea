"""Writes a state, torn by the kernel at each of its bytes, in a small process of its own, whose forks cost little.

    python -m tests.sandbox.virtual_element.tearing <file> <before, hex> <after, hex>

Ends with 0 when each write was torn and left the state before it; else its trace names the byte.
"""

import os
import resource
import signal
import sys
from pathlib import Path

from sandbox.virtual.state_file import StateFile


def killed_at(path: Path, state: bytes, limit: int) -> None:
    """Write a state in a process that the kernel ends as soon as it would write byte `limit`."""
    child = os.fork()
    if not child:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            StateFile(path).write(state)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) == (limit < len(state)), (limit, status)


def main(path: Path, before: bytes, after: bytes) -> None:
    StateFile(path).write(before)
    for limit in range(1, len(after)):
        killed_at(path, after, limit)
        assert StateFile(path).read() == before, limit


if __name__ == "__main__":
    main(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3]))
