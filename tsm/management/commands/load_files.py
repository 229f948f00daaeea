"""The load file store, for operators: what is in it, what comes, what goes."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tsm import store
from tsm.errors import TsmError
from tsm.models import LoadFile


class Command(BaseCommand):
    """List, add or withdraw versions of the applet. Adding needs the provider's master key, which signs."""

    help = "List the applet's versions in the load file store; add one from a file, or withdraw one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--add", type=Path, help="file with a load file data block (concatenated CAP components)")
        parser.add_argument("--withdraw", metavar="VERSION", help="take a version out of use, like 1.1")

    def handle(self, *args: Any, **options: Any) -> None:
        """Change what is asked, then list."""
        try:
            if options["add"]:
                store.add(options["add"].read_bytes())
            if options["withdraw"]:
                store.withdraw(options["withdraw"])
        except OSError as error:
            raise CommandError(f"{options['add']} can't be read: {error.strerror}") from error
        except TsmError as error:
            raise CommandError(f"{error.code}: {error}") from error
        for row in LoadFile.objects.all():
            withdrawn = f", withdrawn {row.withdrawn_at:%Y-%m-%d}" if row.withdrawn_at else ""
            size = len(bytes(row.content))
            self.stdout.write(f"{row.package_aid} {row.version}  {size} bytes  SHA-256 {row.digest}{withdrawn}")
