"""Halt a realm: no key of its authorities is used and nothing answers for them, until `resume`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca import transcript
from ca.models import Realm


class Command(BaseCommand):
    """Halt a realm. Needs no key."""

    help = "Halt a realm, or all of them: no key is used, no status is answered, until `resume` (docs/backup.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--realm", help="slug")
        which.add_argument(
            "--all", action="store_true", help="every realm: after a restore by other means than `restore`"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Halt and say so."""
        realms = Realm.objects.order_by("slug")
        if options["realm"]:
            realms = realms.filter(slug=options["realm"])
            if not realms:
                raise CommandError(f"no realm {options['realm']!r}")
        for realm in realms:
            self.stdout.write(
                f"{realm.slug} is halted" if transcript.halt(realm) else f"{realm.slug} was halted already"
            )
