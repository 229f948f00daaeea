"""Put a phone's secure element in a reader."""

import functools
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from sandbox import power
from sandbox.models import VirtualPhone
from sandbox.reader import Card, ReaderCommand, Shared
from sandbox.virtual.element import ATR, Element
from sandbox.virtual.kept import Kept
from sandbox.virtual.state_file import StateFile
from tsm.globalplatform.scp03 import KeySet

# The keys that every GlobalPlatform development card comes with.
DEVELOPMENT_KEY = bytes.fromhex("404142434445464748494A4B4C4D4E4F")
DEVELOPMENT_IIN, DEVELOPMENT_CIN = bytes.fromhex("9999990002"), bytes.fromhex("0000000000000001")


class Command(ReaderCommand):
    help = (
        "Put the secure element of a virtual phone in vpcd's reader; or, with --state, a blank one with the keys of a "
        "GlobalPlatform development card, which lives in that file and needs no database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--phone", help="the phone's reference; without it, the newest phone")
        which.add_argument(
            "--state", type=Path, help="a file for the state of an element of its own, made when missing"
        )
        parser.add_argument(
            "--key", type=bytes.fromhex, default=DEVELOPMENT_KEY, help="ENC, MAC and DEK of a new element"
        )
        parser.add_argument(
            "--key-version", type=lambda text: int(text, 16), default=0x30, help="their version, in hex"
        )
        parser.add_argument("--realm", default=settings.DEFAULT_REALM, help="the workspace (default: the first one)")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        card, what = self._own(options) if options["state"] else self._of_database(options)
        self.insert(card, what, port=options["port"], listen=options["listen"])

    def _own(self, options: dict[str, Any]) -> tuple[Card, str]:
        file = StateFile(options["state"])
        state = file.read()
        if state is None:
            try:
                keys = KeySet(*(options["key"],) * 3, options["key_version"])
            except ValueError as error:
                raise CommandError(f"--key, --key-version: {error}") from error
            element = Element.manufacture(
                iin=DEVELOPMENT_IIN, cin=DEVELOPMENT_CIN, isd_keys=keys, natives=power.NATIVES
            )
            state = element.snapshot()
            file.write(state)
        return Kept(Element.restore(state, power.NATIVES), file.write), f"The element of {options['state']}"

    def _of_database(self, options: dict[str, Any]) -> tuple[Card, str]:
        self.unseal()
        phones = VirtualPhone.objects.filter(phone__realm__slug=options["realm"], phone__element__isnull=False)
        found = phones.filter(phone__reference=options["phone"]) if options["phone"] else phones.order_by("-pk")
        row = found.first()
        if row is None:
            there = ", ".join(str(reference) for reference in phones.values_list("phone__reference", flat=True))
            raise CommandError(
                f"no such phone with a secure element in {options['realm']!r}; there are: {there or 'none'}"
            )
        return Shared(functools.partial(power.element, row), ATR), f"The element of phone {row.phone.reference}"
