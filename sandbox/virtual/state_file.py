"""The state of a virtual card or element in a file, which a power cut leaves as it was or as it should be.

A new state is written beside the old one, brought to the disk, and put in its place in one step: POSIX rename is
atomic, so whoever reads sees one or the other, whole. The file holds keys in clear and is its owner's alone.
"""

import os
from pathlib import Path


class StateFile:
    """One state in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = path.with_name(path.name + ".next")

    def read(self) -> bytes | None:
        """Return the state, None where there is none yet."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

    def write(self, state: bytes) -> None:
        """Put this state in the place of the one before."""
        descriptor = os.open(self._next, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self._next, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
