"""A persona's card, or a phone's element, in a PC/SC reader of this machine.

It is the same chip as the one on the screens: it is taken when somebody uses the reader and let go when the reader
powers it down, which pcscd does after about half a second of rest. Until then the screens find it busy, as they would.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from sandbox.virtual.vpcd import PORT, Slot, VpcdUnavailable
from tsm.transports.base import ReaderBusy, Transport

NO_PRECISE_DIAGNOSIS = b"\x6f\x00"


class Card(Protocol):
    def power_on(self) -> bytes: ...

    def transmit(self, apdu: bytes) -> bytes: ...


class Shared:
    """A chip of the database as a reader sees it: `session` powers it, with the first command after a reset."""

    def __init__(self, session: Callable[[], AbstractContextManager[Transport]], atr: bytes) -> None:
        self._session = session
        self._atr = atr
        self._held = ExitStack()
        self._chip: Transport | None = None

    def power_on(self) -> bytes:
        """Let the chip go, and with it everything volatile; return its ATR."""
        self._chip = None
        self._held.close()
        connections.close_all()  # no transaction of a reader at rest stands in anybody's way
        return self._atr

    def transmit(self, apdu: bytes) -> bytes:
        """Answer one command; 6F00 while another session has the chip."""
        try:
            if self._chip is None:
                self._chip = self._held.enter_context(self._session())
            return self._chip.transmit(apdu)
        except ReaderBusy:
            self.power_on()
            return NO_PRECISE_DIAGNOSIS


class ReaderCommand(BaseCommand):
    """A command that puts something in a reader and waits there."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=PORT, help=f"vpcd's port, one of a slot (default {PORT})")
        parser.add_argument(
            "--listen",
            action="store_true",
            help="wait at the port for a vpcd that is configured to connect to cards (DEVICENAME 127.0.0.1:port)",
        )

    def unseal(self) -> None:
        """Take the seal key of `make run`'s data folder where the environment has none."""
        kept = settings.VAR / "secrets" / "sandbox_seal_key"
        if not settings.SANDBOX_SEAL_KEY and kept.exists():
            settings.SANDBOX_SEAL_KEY = kept.read_text().strip()

    def insert(self, card: Card, what: str, *, port: int, listen: bool) -> None:
        """Put the card in and wait until it is taken out by Ctrl-C, or the reader goes away."""
        slot = Slot(card, port=port, listen=listen)
        try:
            slot.insert(patience=2)
        except VpcdUnavailable as error:
            raise CommandError(
                f"{error}. Install pcscd and vsmartcard-vpcd, and start the PC/SC service: `pcscd` as root, or your "
                "system's service manager"
            ) from error
        where = f"waits for vpcd at 127.0.0.1:{port}" if listen else f"is in the reader at vpcd port {port}"
        self.stdout.write(f"{what} {where}; Ctrl-C takes it out.")
        self.stdout.flush()
        try:
            slot.wait()
            self.stdout.write("The reader has gone.")
        except KeyboardInterrupt:
            self.stdout.write("Taken out.")
        finally:
            slot.remove()
            card.power_on()
