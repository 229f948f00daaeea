"""The TLS client certificate that a phone's agent shows."""

import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tsm.authentication import certificate_digest
from tsm.models import Phone


class Command(BaseCommand):
    """Tie a client certificate to a phone; the one before is good no more."""

    help = "Let a phone's agent prove itself by this TLS client certificate (PEM), verified by the proxy in front."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("phone", help="reference of the phone")
        parser.add_argument("certificate", type=Path, help="file with the certificate, PEM")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and tie."""
        try:
            digest = certificate_digest(options["certificate"].read_bytes())
            reference = uuid.UUID(options["phone"])
        except OSError as error:
            raise CommandError(f"{options['certificate']} can't be read: {error.strerror}") from error
        except ValueError as error:
            raise CommandError(f"give a phone's reference and a PEM certificate: {error}") from error
        if Phone.objects.filter(certificate_digest=digest).exclude(reference=reference).exists():
            raise CommandError("another phone has this certificate: each needs its own")
        if not Phone.objects.filter(reference=reference).update(certificate_digest=digest):
            raise CommandError(f"no phone {reference}")
        self.stdout.write(f"{reference}: SHA-256 {digest}")
