"""The local agent, by manage.py."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tsm.local_agent import command


class Command(BaseCommand):
    """The same program as `phone-agent`; the database isn't looked at."""

    help = command.DESCRIPTION
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C."""
        try:
            command.run(argparse.Namespace(**options))
        except command.Refused as error:
            raise CommandError(str(error)) from error
