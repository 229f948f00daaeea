"""The ceremony that gives an authority's responders new keys. Needs both key stores' passphrases."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca import ceremony
from ca.errors import CaError
from ca.models import Realm
from ca.profiles import Purpose


class Command(BaseCommand):
    """Give each generation of an authority that is in its time an OCSP responder with a new key."""

    help = (
        "Give an authority's generations OCSP responders with new keys; the workers renew certificates by themselves."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", required=True, help="slug")
        parser.add_argument("--purpose", required=True, choices=[purpose.slug for purpose in Purpose])

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the ceremony and print what it made."""
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"no realm {options['realm']!r}")
        purpose = next(purpose for purpose in Purpose if purpose.slug == options["purpose"])
        try:
            made = ceremony.next_responder_keys(realm, purpose)
        except CaError as error:
            raise CommandError(f"{error.code}: {error}") from error
        for key in made:
            self.stdout.write(
                f"{realm.slug} {purpose.slug} generation {key.generation.number} responder "
                f"{key.serial_number} until {key.not_after:%Y-%m-%d} key {key.key_label}"
            )
