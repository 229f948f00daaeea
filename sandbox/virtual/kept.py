"""A powered chip whose every change is kept before it is answered, so that what was answered stands."""

from collections.abc import Callable
from typing import Protocol

from sandbox.virtual.card import MyNumberCard


class Chip(Protocol):
    """A virtual card or element."""

    def power_on(self) -> bytes: ...

    def transmit(self, apdu: bytes) -> bytes: ...

    def snapshot(self) -> bytes: ...


class Kept:
    """A chip behind its memory: `keep` is given each new state, whole, before the answer goes out."""

    def __init__(self, chip: Chip, keep: Callable[[bytes], None], *, before: Callable[[], None] | None = None) -> None:
        """Take a chip and where its state goes; `before` is called before each command, and may refuse by raising."""
        self._chip = chip
        self._keep = keep
        self._before = before
        self._kept = chip.snapshot()
        # A card lowers a try counter before it compares: that must stand even if the comparison never ends.
        if isinstance(chip, MyNumberCard):
            chip.on_change = self._note

    def power_on(self) -> bytes:
        """Reset the chip and return its ATR."""
        return self._chip.power_on()

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command APDU and return the response APDU."""
        if self._before is not None:
            self._before()
        answer = self._chip.transmit(apdu)
        self._note(self._chip.snapshot())
        return answer

    def _note(self, state: bytes) -> None:
        if state != self._kept:
            self._keep(state)
            self._kept = state
