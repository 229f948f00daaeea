"""Power for virtual cards and elements: one session at a time, and every change kept as it happens.

The state is written after each APDU that changed it, and before the answer is handed out, so that what was answered
stands even when the process dies with the next breath.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from sandbox import sealing
from sandbox.models import Powered, VirtualCard, VirtualPhone
from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from sandbox.virtual.jpki import JpkiApplet
from tsm.jpki import PACKAGE_AID
from tsm.transports.base import ReaderBusy

NATIVES = {PACKAGE_AID: JpkiApplet}
WAIT = 10.0  # seconds for the one before to finish


class Chip(Protocol):
    """A virtual card or element."""

    def power_on(self) -> bytes: ...

    def transmit(self, apdu: bytes) -> bytes: ...

    def snapshot(self) -> bytes: ...


class Kept:
    """A transport to a powered chip that keeps each change before it answers."""

    def __init__(self, chip: Chip, keep: Callable[[bytes], None]) -> None:
        self._chip = chip
        self._keep = keep
        self._kept = chip.snapshot()
        # A card lowers a try counter before it compares: that must stand even if the comparison never ends.
        if isinstance(chip, MyNumberCard):
            chip.on_change = self._note

    def transmit(self, apdu: bytes) -> bytes:
        """Send one command APDU and return the response APDU."""
        answer = self._chip.transmit(apdu)
        state = self._chip.snapshot()
        self._note(state)
        return answer

    def _note(self, state: bytes) -> None:
        if state != self._kept:
            self._keep(state)
            self._kept = state


@contextmanager
def card(row: VirtualCard) -> Iterator[Kept]:
    """Power a virtual card for one session. Raises `ReaderBusy` when another session doesn't end."""
    with _session(VirtualCard, row.pk) as (state, keep):
        chip = MyNumberCard.restore(state)
        chip.power_on()
        yield Kept(chip, keep)


@contextmanager
def card_chip(row: VirtualCard) -> Iterator[MyNumberCard]:
    """Give the card itself to whoever personalises it, and keep what was done."""
    with _session(VirtualCard, row.pk) as (state, keep):
        chip = MyNumberCard.restore(state)
        yield chip
        keep(chip.snapshot())


@contextmanager
def card_slot(row: VirtualCard) -> Iterator[Callable[[bytes], None]]:
    """Hold the place of a card; what is given to the yielded function is the state of the card that is there then."""
    with _session(VirtualCard, row.pk) as (_, keep):
        yield keep


@contextmanager
def element(row: VirtualPhone) -> Iterator[Kept]:
    """Power a virtual phone's element for one session. Raises `ReaderBusy` when another session doesn't end."""
    with _session(VirtualPhone, row.pk) as (state, keep):
        chip = Element.restore(state, NATIVES)
        chip.power_on()
        yield Kept(chip, keep)


@contextmanager
def _session(kind: type[Powered], pk: int) -> Iterator[tuple[bytes, Callable[[bytes], None]]]:
    mine = str(uuid.uuid4())
    rows = kind._default_manager
    deadline = time.monotonic() + WAIT
    while True:
        # The chip's own time, not the realm's: moving a workspace's clock doesn't end sessions.
        now = timezone.now()
        free = Q(busy_until__isnull=True) | Q(busy_until__lt=now)
        if rows.filter(free, pk=pk).update(
            busy_until=now + timedelta(seconds=settings.SANDBOX_SESSION_SECONDS), busy_with=mine
        ):
            break
        if time.monotonic() > deadline:
            raise ReaderBusy("the chip is in use by another session")
        time.sleep(0.05)

    def keep(state: bytes) -> None:
        if not rows.filter(pk=pk, busy_with=mine).update(sealed_state=sealing.seal(state)):
            raise ReaderBusy("the chip was taken away")

    try:
        yield sealing.unseal(bytes(rows.get(pk=pk).sealed_state)), keep
    finally:
        rows.filter(pk=pk, busy_with=mine).update(busy_until=None, busy_with="")
