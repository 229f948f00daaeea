"""What the element in a reader tells of itself, and what the registry knows of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tsm import probe
from tsm.errors import TsmError
from tsm.globalplatform.errors import GlobalPlatformError
from tsm.models import SecureElement
from tsm.probe import Probe
from tsm.transports.pcsc import PcscTransport


class Command(BaseCommand):
    """Ask an element without a key, and print; nothing on it changes."""

    help = "Print what the secure element in a reader tells without a key, and whether the registry knows it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("reader", help="the reader's name, or its beginning; `manage.py list_readers` lists them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask and print."""
        try:
            with PcscTransport.connect(options["reader"]) as transport:
                found = probe.probe(transport)
        except (TsmError, GlobalPlatformError) as error:
            raise CommandError(f"{error.code}: {error}") from error
        for line in lines(found):
            self.stdout.write(line)


def lines(found: Probe) -> list[str]:
    """Return what was found, a line each, and what the registry says."""
    told = [
        f"issuer security domain  {found.issuer_domain}",
        f"IIN {found.iin or 'not told'}, CIN {found.cin or 'not told'}",
        f"GlobalPlatform {found.version or 'not told'}, {', '.join(found.protocols) or 'no secure channel told'}",
        *(f"key  {key}" for key in found.keys),
        f"sequence counter  {'not told' if found.counter is None else found.counter}",
        f"free memory  {'not told' if found.free_memory is None else f'{found.free_memory} bytes'}",
        *(f"selectable  {application}" for application in found.applications),
    ]
    known = SecureElement.of_number(found.number)
    told.append(
        f"in the registry: {known.phone.name} {known.phone.reference}, applet {known.applet_version or 'none'}, "
        f"issuer's keys of generation {known.isd_generation}"
        if known is not None
        else "not in the registry"
    )
    return told
