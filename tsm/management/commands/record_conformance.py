"""Results of conformance tests of phone models."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tsm import compatibility
from tsm.compatibility import Result


class Command(BaseCommand):
    """Add one result to the published list."""

    help = "Record a conformance test of a phone model; the newest counts, and it is due again after a year."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("model", help="code of the model, as /phones/list.json has it")
        parser.add_argument("--on", required=True, type=date.fromisoformat, help="day of the test, like 2026-11-22")
        parser.add_argument("--build", required=True, help="the system build that was tested")
        parser.add_argument("--failed", action="store_true", help="it did not pass")
        parser.add_argument("--remark", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Record and print."""
        result = Result(options["on"], options["build"], not options["failed"], options["remark"])
        try:
            compatibility.record(options["model"], result)
        except ValueError as error:
            raise CommandError(str(error)) from error
        model = compatibility.find(options["model"])
        reason = compatibility.reason_against(model) if model is not None else None
        self.stdout.write(f"{options['model']}: {'supported' if reason is None else f'not supported: {reason}'}")
