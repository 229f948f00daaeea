"""A signal about a phone that may have left its holder: what the policy says is done."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tsm import measures
from tsm.measures import POLICY, Signal
from tsm.models import Enrolment


class Command(BaseCommand):
    """Take a signal, or print the policy."""

    help = "Report that a phone was disposed of, reset or changed hands; without arguments, print the policy."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("phone", nargs="?", help="reference of the phone")
        parser.add_argument("--signal", default=Signal.DISPOSAL_REPORTED.value, choices=[one.value for one in Signal])
        parser.add_argument("--source", default="help desk", help="who told it, for the journal")

    def handle(self, *args: Any, **options: Any) -> None:
        """Report, or print the table."""
        if not options["phone"]:
            for signal, stages in POLICY.items():
                told = ", ".join(f"after {stage.after.days} days: {stage.action}" for stage in stages)
                self.stdout.write(f"{signal}: {told}")
            return
        try:
            reference = uuid.UUID(options["phone"])
        except ValueError:
            raise CommandError(f"{options['phone']!r} is no phone's reference") from None
        enrolment = Enrolment.objects.filter(phone__reference=reference, state=Enrolment.State.ACTIVE).first()
        if enrolment is None:
            raise CommandError("no phone of that reference has certificates in use")
        measures.report(enrolment, Signal(options["signal"]), source=options["source"])
        enrolment.refresh_from_db()
        self.stdout.write(f"{enrolment.reference}: {options['signal']} taken, now {enrolment.state}")
