"""Load a backup where there is nothing yet (docs/backup.md). Every realm is halted then."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backups import loading, making


class Command(BaseCommand):
    """Load a backup. `resume` comes after it, for each realm."""

    help = "Load a backup into an empty database and the key stores; every realm is halted until `resume`."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("backup", type=Path, help="a folder that `backup` made")
        parser.add_argument("--identity", type=Path, required=True, help="the file with the identity that opens it")
        parser.add_argument("--database-only", action="store_true", help="leave the key stores as they are")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it and say what is to be done next."""
        try:
            lines = options["identity"].read_text().splitlines()
            identity = next(line for line in lines if line.startswith("AGE-SECRET-KEY-"))
        except (OSError, StopIteration) as error:
            raise CommandError(f"{options['identity']} holds no identity") from error
        try:
            told = loading.load(options["backup"], identity, keys=not options["database_only"])
        except (making.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"loaded: the backup of {told['made_at']}")
        for slug in told["realms"]:
            self.stdout.write(f"{slug} is halted. Next: manage.py resume --realm {slug} --by NAME")
