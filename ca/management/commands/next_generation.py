"""The ceremony that gives an authority its next key. Needs CA_KEYS_PASSPHRASE and RESPONDER_KEYS_PASSPHRASE."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca import ceremony
from ca.errors import CaError
from ca.models import Realm
from ca.profiles import Purpose


class Command(BaseCommand):
    """Create the next generation of an authority: same name, new key; it signs what is issued from then on."""

    help = "Create an authority's next generation: same name, new key. The one before goes on with its CRLs and OCSP."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", required=True, help="slug")
        parser.add_argument("--purpose", required=True, choices=[purpose.slug for purpose in Purpose])
        parser.add_argument("--number", type=int, help="the number it must get: run twice, it makes one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the ceremony and print what the authority has."""
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"no realm {options['realm']!r}")
        purpose = next(purpose for purpose in Purpose if purpose.slug == options["purpose"])
        try:
            made = ceremony.next_generation(realm, purpose, number=options["number"])
        except CaError as error:
            raise CommandError(f"{error.code}: {error}") from error
        for generation in made.authority.generations.order_by("number"):
            self.stdout.write(
                f"{realm.slug} {purpose.slug} generation {generation.number} "
                f"serial {generation.serial_number} key {generation.subject_key_identifier}"
            )
