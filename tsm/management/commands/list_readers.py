"""The card readers of this machine, and what is in them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tsm.transports import pcsc
from tsm.transports.base import CardNotPresent, PcscUnavailable, ReaderBusy, TransportError

HELP = "start pcscd, or install it (Debian: pcscd), and pyscard (this project's extra 'pcsc')"


class Command(BaseCommand):
    """Print the names of the readers, each with the ATR of its card."""

    help = "Print the PC/SC readers of this machine and what is in each."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """List and print."""
        try:
            names = pcsc.readers()
        except PcscUnavailable as error:
            raise CommandError(f"no card readers: {error}; {HELP}") from error
        if not names:
            self.stdout.write("PC/SC works, and there is no reader")
        for name in names:
            self.stdout.write(f"{name}: {_inside(name)}")


def _inside(reader: str) -> str:
    try:
        with pcsc.PcscTransport.connect(reader) as card:
            return f"a card, ATR {card.atr.hex().upper()}"
    except CardNotPresent:
        return "empty"
    except ReaderBusy:
        return "a card that another program uses"
    except TransportError as error:
        return f"not readable: {error}"
