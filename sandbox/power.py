"""Power for virtual cards and elements: one session at a time, and every change kept as it happens.

The state is written after each APDU that changed it, and before the answer is handed out, so that what was answered
stands even when the process dies with the next breath.
"""

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from sandbox import sealing
from sandbox.faults.phones import torn
from sandbox.models import Powered, VirtualCard, VirtualPhone
from sandbox.trace import sessions
from sandbox.trace.dialogue import Noted
from sandbox.virtual.access_rules import Rule
from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from sandbox.virtual.jpki import JpkiApplet
from sandbox.virtual.kept import Kept
from sandbox.virtual.omapi import Guarded
from tsm.jpki import PACKAGE_AID
from tsm.transports.base import ReaderBusy, Transport

Words = Sequence[Noted]
NATIVES = {PACKAGE_AID: JpkiApplet}
# SHA-256 of the signing certificate of the app in virtual phones: the only one that their elements' rules let through.
PHONE_APP = hashlib.sha256(b"the signing certificate of the virtual phones' app").digest()
ACCESS_RULES = (Rule(b"", PHONE_APP),)
WAIT = 10.0  # seconds for the one before to finish


@contextmanager
def card(row: VirtualCard) -> Iterator[Transport]:
    """Power a virtual card for one session. Raises `ReaderBusy` when another session doesn't end."""
    with sessions.listening(row.realm_id, medium="card") as heard, _session(VirtualCard, row.pk) as lease:
        chip = MyNumberCard.restore(lease.state)
        chip.power_on()
        yield heard.at(torn(row.realm_id, Kept(chip, lease.keep, before=lease.renew), "card"))


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
def app(row: VirtualPhone, app: bytes = PHONE_APP, *, words: Callable[[], Words] = tuple) -> Iterator[Transport]:
    """Power a virtual phone's element for one session of an app in it; the element's access rules hold for it.

    `words` returns what the TSM noted of the commands that it has the phone play: for the workspace's trace.
    """
    with _listening(row, words) as heard, _element(row) as chip:
        yield heard.at(torn(row.phone.realm_id, Guarded(chip, app), "phone"))


@contextmanager
def element(row: VirtualPhone) -> Iterator[Transport]:
    """Power a virtual phone's element for one session, as a reader does: no operating system stands in between.

    Raises `ReaderBusy` when another session doesn't end.
    """
    with _listening(row) as heard, _element(row) as chip:
        yield heard.at(torn(row.phone.realm_id, chip, "phone"))


def _listening(row: VirtualPhone, words: Callable[[], Words] = tuple) -> AbstractContextManager[sessions.Heard]:
    return sessions.listening(row.phone.realm_id, medium="phone", phone=row.phone.reference, words=words)


@contextmanager
def _element(row: VirtualPhone) -> Iterator[Kept]:
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
