"""The walk over the journals' chains."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca import journal
from ca.models import JournalEntry, Realm


class Command(BaseCommand):
    """Verify the chain of each realm's journal, or of one, and name the first broken link."""

    help = "Verify the journals' chains; exit 1 at the first broken link."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", help="slug; all realms when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk and tell."""
        realms = Realm.objects.order_by("slug")
        if options["realm"]:
            realms = realms.filter(slug=options["realm"])
            if not realms:
                raise CommandError(f"no realm {options['realm']!r}")
        broken = False
        for realm in realms:
            link = journal.verify(realm)
            if link is None:
                count = JournalEntry.objects.filter(realm=realm).count()
                self.stdout.write(f"{realm.slug}: {count} entries, whole")
            else:
                broken = True
                self.stderr.write(f"{realm.slug}: broken at entry {link.sequence}: {link.problem}")
        if broken:
            raise CommandError("a journal's chain is broken")
