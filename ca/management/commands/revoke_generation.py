"""Revoke everything that one generation of an authority signed, because its key may be in other hands."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca import compromise
from ca.errors import CaError
from ca.models import Realm
from ca.profiles import Purpose


class Command(BaseCommand):
    """Count what stands on a generation's key, and with --carry-out revoke all of it by an officer's decision."""

    help = (
        "Say what one generation of an authority has signed that still lives; with --carry-out, revoke all of it and "
        "the phone certificates that stand on its cards', in lots. Run again, it goes on. It can't be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", required=True, help="slug")
        parser.add_argument("--purpose", required=True, choices=[purpose.slug for purpose in Purpose])
        parser.add_argument("--number", required=True, type=int, help="the generation's number")
        parser.add_argument("--carry-out", action="store_true", help="do it; without, it is only counted")
        parser.add_argument("--key", default="", help="with --carry-out: the key's identifier, as the count tells it")
        parser.add_argument("--officer", default="", help="who decides, as it shall stand in the journal")
        parser.add_argument("--reason", default="", help="the ground, as it shall stand in the journal")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, and carry out what was decided."""
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"no realm {options['realm']!r}")
        purpose = next(purpose for purpose in Purpose if purpose.slug == options["purpose"])
        try:
            generation = compromise.find(realm, purpose, options["number"])
            self._tell(generation.subject_key_identifier, compromise.standing(generation))
            if not options["carry_out"]:
                self.stdout.write("Nothing was changed. To revoke them: --carry-out with --key, --officer, --reason.")
                return
            if options["key"].replace(":", "").upper() != generation.subject_key_identifier:
                raise CommandError("--key is not that generation's key identifier; nothing was changed")
            fallen = compromise.condemn(
                generation, officer=options["officer"], ground=options["reason"], tell=self._progress
            )
        except CaError as error:
            raise CommandError(f"{error.code}: {error}") from error
        except ValueError as error:
            raise CommandError(f"{error}: say it with --officer and --reason") from error
        self.stdout.write(
            f"revoked: {fallen.condemned} for the key, {fallen.along} phone certificates with their cards'; "
            f"{len(fallen.partitions)} lists are due"
        )
        left = compromise.standing(generation)
        if left.living or left.under_way:
            self._tell(generation.subject_key_identifier, left)
            self.stdout.write("Some is left, or came meanwhile: run it again.")

    def _tell(self, key: str, standing: compromise.Standing) -> None:
        self.stdout.write(f"key {key}")
        for (medium, status), count in standing.living.items():
            self.stdout.write(f"  {count} {medium} certificates, {status}")
        if standing.along:
            self.stdout.write(f"  {standing.along} phone certificates of other generations, on its cards'")
        if standing.under_way:
            self.stdout.write(f"  {standing.under_way} requests that it is to sign, or may have signed")

    def _progress(self, fallen: compromise.Fallen) -> None:
        done = fallen.condemned + fallen.along
        if done and done % (20 * compromise.LOT) < compromise.LOT:
            self.stderr.write(f"{done} revoked")
