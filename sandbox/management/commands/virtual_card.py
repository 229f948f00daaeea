"""Put a persona's My Number Card in a reader."""

import functools
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from sandbox import power
from sandbox.models import VirtualCard
from sandbox.reader import ReaderCommand, Shared
from sandbox.virtual.card import ATR


class Command(ReaderCommand):
    help = "Put a persona's My Number Card in vpcd's reader, so that OpenSC and any PC/SC program use it as a real one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--persona", required=True, help="whose card: hanako, taro, …")
        parser.add_argument("--realm", default=settings.DEFAULT_REALM, help="the workspace (default: the first one)")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.unseal()
        cards = VirtualCard.objects.filter(realm__slug=options["realm"])
        row = cards.filter(persona=options["persona"]).first()
        if row is None:
            there = ", ".join(cards.values_list("persona", flat=True)) or "no cards: run `manage.py setup`"
            raise CommandError(f"no card of {options['persona']!r} in {options['realm']!r}; there are {there}")
        card = Shared(functools.partial(power.card, row), ATR)
        self.insert(card, f"The card of {row.persona}", port=options["port"], listen=options["listen"])
