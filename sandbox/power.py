"""Power for virtual cards and elements: one session at a time, and every change kept as it happens.

The state is written after each APDU that changed it, and before the answer is handed out, so that what was answered
stands even when the process dies with the next breath.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from sandbox import sealing
from sandbox.models import Powered, VirtualCard, VirtualPhone
from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from sandbox.virtual.jpki import JpkiApplet
from sandbox.virtual.kept import Kept
from tsm.jpki import PACKAGE_AID
from tsm.transports.base import ReaderBusy

NATIVES = {PACKAGE_AID: JpkiApplet}
WAIT = 10.0  # seconds for the one before to finish


@contextmanager
def card(row: VirtualCard) -> Iterator[Kept]:
    """Power a virtual card for one session. Raises `ReaderBusy` when another session doesn't end."""
    with _session(VirtualCard, row.pk) as lease:
        chip = MyNumberCard.restore(lease.state)
        chip.power_on()
        yield Kept(chip, lease.keep, before=lease.renew)


@contextmanager
def card_chip(row: VirtualCard) -> Iterator[MyNumberCard]:
    """Give the card itself to whoever personalises it, and keep what was done."""
    with _session(VirtualCard, row.pk) as lease:
        chip = MyNumberCard.restore(lease.state)
        yield chip
        lease.keep(chip.snapshot())


@contextmanager
def card_slot(row: VirtualCard) -> Iterator[Callable[[bytes], None]]:
    """Hold the place of a card; what is given to the yielded function is the state of the card that is there then."""
    with _session(VirtualCard, row.pk) as lease:
        yield lease.keep


@contextmanager
def element(row: VirtualPhone) -> Iterator[Kept]:
    """Power a virtual phone's element for one session. Raises `ReaderBusy` when another session doesn't end."""
    with _session(VirtualPhone, row.pk) as lease:
        chip = Element.restore(lease.state, NATIVES)
        chip.power_on()
        yield Kept(chip, lease.keep, before=lease.renew)


class Lease:
    """One session's hold on a chip: nobody else has it until `release`, or until it rests for too long."""

    def __init__(self, kind: type[Powered], pk: int) -> None:
        self._rows = kind._default_manager.filter(pk=pk)
        self._mine = str(uuid.uuid4())
        self._half = timedelta(seconds=settings.SANDBOX_SESSION_SECONDS) / 2
        self._renewed = timezone.now()
        self._take()

    @property
    def state(self) -> bytes:
        return sealing.unseal(bytes(self._rows.get().sealed_state))

    def keep(self, state: bytes) -> None:
        """Write the chip's new state; raises ReaderBusy where the hold was lost."""
        if not self._rows.filter(busy_with=self._mine).update(sealed_state=sealing.seal(state)):
            raise ReaderBusy("the chip was taken away")

    def renew(self) -> None:
        """Hold on, when half of the time has gone; raises ReaderBusy where the hold was lost."""
        now = timezone.now()
        if now < self._renewed + self._half:
            return
        if not self._rows.filter(busy_with=self._mine).update(busy_until=now + 2 * self._half):
            raise ReaderBusy("the chip was taken away")
        self._renewed = now

    def release(self) -> None:
        self._rows.filter(busy_with=self._mine).update(busy_until=None, busy_with="")

    def _take(self) -> None:
        deadline = time.monotonic() + WAIT
        while True:
            # The chip's own time, not the realm's: moving a workspace's clock doesn't end sessions.
            now = self._renewed = timezone.now()
            free = Q(busy_until__isnull=True) | Q(busy_until__lt=now)
            if self._rows.filter(free).update(busy_until=now + 2 * self._half, busy_with=self._mine):
                return
            if time.monotonic() > deadline:
                raise ReaderBusy("the chip is in use by another session")
            time.sleep(0.05)


@contextmanager
def _session(kind: type[Powered], pk: int) -> Iterator[Lease]:
    lease = Lease(kind, pk)
    try:
        yield lease
    finally:
        lease.release()
