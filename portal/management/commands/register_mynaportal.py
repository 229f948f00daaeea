"""Put Mynaportal into the register."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca.models import Realm
from portal.mynaportal import registration


class Command(BaseCommand):
    help = "Put Mynaportal into a realm's register of relying parties, or renew its credential. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--realm", default=settings.DEFAULT_REALM, help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"there is no realm {options['realm']!r}: manage.py create_authorities makes it")
        relying_party = registration.register(realm)
        if relying_party.realm_id != realm.pk:
            raise CommandError(f"{relying_party.client_id} is registered in realm {relying_party.realm.slug!r}")
        self.stdout.write(f"{relying_party.client_id} is {relying_party.state} in realm {realm.slug}")
