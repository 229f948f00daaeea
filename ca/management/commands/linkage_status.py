"""What linkage did and has to do, and how long it took."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca import clock, lag
from ca.models import Realm


class Command(BaseCommand):
    """Print, for each realm, the lag from card revocation to phone revocation, and what waits."""

    help = "Print how long phone certificates took to fall with their card certificates, and how many wait."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", help="slug; all realms when left out")
        parser.add_argument("--days", type=int, default=30, help="look so far back (by the realm's clock)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        realms = Realm.objects.order_by("slug")
        if options["realm"]:
            realms = realms.filter(slug=options["realm"])
            if not realms:
                raise CommandError(f"no realm {options['realm']!r}")
        for realm in realms:
            now = clock.now(realm)
            found = lag.measure(realm, since=now - timedelta(days=options["days"]), now=now)
            self.stdout.write(
                f"{realm.slug}: fallen {found.fallen}, lag median {_seconds(found.median)}, "
                f"longest {_seconds(found.longest)}; waiting {found.waiting}, longest "
                f"{_seconds(found.waiting_longest)}; rechecks due {found.rechecks_due}"
            )


def _seconds(time: timedelta | None) -> str:
    return "-" if time is None else f"{time.total_seconds():.3f} s"
