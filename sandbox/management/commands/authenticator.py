"""Stand in for an authenticator app, for whoever tries the pretend world without one."""

import base64
import binascii
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_otp.oath import TOTP

from ca import clock


class Command(BaseCommand):
    """Print the code of now for a secret, and how long it lasts."""

    help = "Print the six digits that an authenticator app would show now for this secret (Base32)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("secret", help="as the enrolment page shows it, with spaces or without")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compute and print."""
        try:
            key = base64.b32decode("".join(options["secret"].split()).upper())
        except binascii.Error as error:
            raise CommandError(f"not Base32: {error}") from error
        totp, now = TOTP(key), clock.machine().timestamp()
        totp.time = now
        self.stdout.write(
            f"{totp.token():06d}   for {totp.step - int(now) % totp.step} seconds more; each is good once"
        )
