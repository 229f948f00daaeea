"""The books of all realms, read and judged."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca.models import Realm
from portal import books


class Command(BaseCommand):
    """Read the books, and say what is wrong in them, a line each."""

    help = "Say what doesn't add up: pairs, serial numbers, journal, elements, what was accepted. Exit 1 if anything."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", help="slug; all realms when left out")
        parser.add_argument(
            "--grace", type=float, default=900.0, help="seconds for which something may be on its way (900)"
        )
        parser.add_argument("--quick", action="store_true", help="leave out what reads every certificate and entry")
        parser.add_argument("--json", action="store_true", help="findings as JSON")
        parser.add_argument("--list", action="store_true", help="list the checks instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and tell."""
        if options["list"]:
            for check in books.checks():
                self.stdout.write(f"{check.id}: {check.words}")
            return
        realms = Realm.objects.order_by("slug")
        if options["realm"]:
            realms = realms.filter(slug=options["realm"])
            if not realms:
                raise CommandError(f"no realm {options['realm']!r}")
        grace = timedelta(seconds=options["grace"])
        found = [one for realm in realms for one in books.read(realm, grace=grace, walk=not options["quick"])]
        if options["json"]:
            told = [
                {"id": one.check.id, "words": one.check.words, "realm": one.realm}
                | {"examples": list(one.examples), "more": one.more}
                for one in found
            ]
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            for one in found:
                self.stdout.write(str(one))
        if found:
            raise CommandError(f"the books are wrong: {len(found)} findings")
        if not options["json"]:
            self.stdout.write(f"the books of {len(realms)} realms are right: {len(books.checks())} checks each")
