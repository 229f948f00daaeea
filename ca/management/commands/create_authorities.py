"""The ceremony that gives a realm its authorities. Needs CA_KEYS_PASSPHRASE and RESPONDER_KEYS_PASSPHRASE."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca import ceremony, checks
from ca.errors import CaError
from ca.models import Realm


class Command(BaseCommand):
    """Create a realm, where there is none of that slug, and its two authorities with their responders' keys."""

    help = "Create a realm (if there is none of that slug) and its two authorities; what exists stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", required=True, help="slug")
        parser.add_argument("--name", default="", help="the realm's name, when it is new")
        parser.add_argument("--kind", default=Realm.Kind.SANDBOX, choices=Realm.Kind.values)
        parser.add_argument("--organisation", default="JPKI-TEST", help="O of the authorities' names, when new")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the ceremony and print what the realm has."""
        guessed = checks.guessed_policies()
        if options["kind"] == Realm.Kind.PRODUCTION and guessed:
            raise CommandError(f"{guessed} must be set before a production realm is made: they are guesses (ca.E001)")
        try:
            realm = ceremony.create_realm(
                options["realm"], name=options["name"], kind=options["kind"], organisation=options["organisation"]
            )
            authorities = ceremony.create_authorities(realm)
        except CaError as error:
            raise CommandError(f"{error.code}: {error}") from error
        for authority in authorities:
            for generation in authority.generations.order_by("number"):
                self.stdout.write(
                    f"{realm.slug} {authority.purpose} generation {generation.number} "
                    f"serial {generation.serial_number} key {generation.subject_key_identifier}"
                )
