"""Back up database and key stores, sealed (docs/backup.md)."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backups import making, sealing


class Command(BaseCommand):
    """Make a backup, or the identity that opens backups. Needs rights to read the database, and no passphrase."""

    help = "Back up the database and the key stores into a new folder, sealed to BACKUP_RECIPIENT (docs/backup.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "folder", nargs="?", type=Path, help="where backups are kept; each gets a folder of its own"
        )
        parser.add_argument(
            "--new-identity", type=Path, metavar="FILE", help="write a new identity there, and print its recipient"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say where it is."""
        if options["new_identity"]:
            identity = sealing.new_identity()
            try:
                with options["new_identity"].open("x") as file:
                    options["new_identity"].chmod(0o600)
                    file.write(f"{identity}\n")
            except OSError as error:
                raise CommandError(f"{options['new_identity']}: {error.strerror}") from error
            self.stdout.write(f"BACKUP_RECIPIENT={sealing.recipient(identity)}")
            return
        if options["folder"] is None:
            raise CommandError("name the folder in which backups are kept")
        if not settings.BACKUP_RECIPIENT:
            raise CommandError("BACKUP_RECIPIENT is not set: backup --new-identity FILE makes one")
        try:
            made = making.make(options["folder"], settings.BACKUP_RECIPIENT)
        except (making.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made}")
        for slug, told in making.standing().items():
            self.stdout.write(f"{slug}: journal {told['journal'] or 'empty'}")
