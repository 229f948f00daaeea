"""A counter with a terminal on it, and a virtual card or nothing on its reader: no PC/SC daemon."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.terminal.card import CardError, Transmit
from sandbox.terminal.reader import Reader
from sandbox.terminal.server import Terminal
from sandbox.virtual.card import MyNumberCard


class Counter(Reader):
    """A reader of its own: `card` lies on it, or nothing does."""

    card: MyNumberCard | None = None

    @contextmanager
    def chip(self, wait: float = 0.0) -> Iterator[Transmit]:
        if self.card is None:
            raise CardError("nothing_there")
        self.card.power_on()
        yield self.card.transmit
        self.card.power_on()


@contextmanager
def served(service: str) -> Iterator[Terminal]:
    """Run a terminal for the service at that address."""
    terminal = Terminal(Counter(), frozenset({service}), port=0, patience=0)
    thread = threading.Thread(target=terminal.serve_forever, daemon=True)
    thread.start()
    try:
        yield terminal
    finally:
        terminal.shutdown()
        terminal.server_close()
        thread.join()
