"""What is told while the path is walked: step, what crossed which wire, milliseconds."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Differs(Exception):
    """Something isn't as it must be: the demonstration ends, and says so with its exit code."""


class Timeline:
    """A table that grows line by line."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self.out = out
        self.begun = time.monotonic()
        self.checks = 0

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._print(f"\n{title}")

    @contextmanager
    def step(self, wire: str, what: str) -> Iterator[None]:
        """Time a step and tell it when it is done."""
        begun = time.monotonic()
        yield
        self.line(wire, what, time.monotonic() - begun)

    def line(self, wire: str, what: str, seconds: float | None = None) -> None:
        """Tell one line."""
        took = f"{seconds * 1000:8.0f} ms" if seconds is not None else " " * 11
        self._print(f"  {took}  {wire:<9} {what}")

    def check(self, holds: bool, what: str) -> None:
        """Tell a check's result; raises `Differs` when it doesn't hold."""
        if not holds:
            raise Differs(what)
        self.checks += 1
        self._print(f"  {'':8} ok  {'':<9} {what}")

    def _print(self, text: str) -> None:
        print(text, file=self.out, flush=True)
