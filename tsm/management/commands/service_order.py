"""Orders to elements in use, for operators: suspend, resume, unblock, rotate keys, upgrade, terminate."""

import uuid
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca.models import Realm
from tsm import services
from tsm.errors import TsmError
from tsm.jpki import Key
from tsm.models import Enrolment

ACTS: dict[str, Callable[[Enrolment, str], object]] = {
    "suspend": lambda one, source: services.suspend(one, source=source),
    "resume": lambda one, source: services.resume(one, source=source),
    "unblock-signature": lambda one, source: services.unblock(one, Key.SIGNATURE, source=source),
    "unblock-authentication": lambda one, source: services.unblock(one, Key.AUTHENTICATION, source=source),
    "rotate-issuer-keys": lambda one, source: services.rotate(one, "issuer", source=source),
    "rotate-domain-keys": lambda one, source: services.rotate(one, "provider", source=source),
    "terminate": lambda one, source: services.terminate(one, source=source),
}


class Command(BaseCommand):
    """Lay an order ready; it is carried out when the phone is next in contact."""

    help = "Order something for an enrolment in use, or with `--all` for every one; or tell holders of an upgrade."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("function", choices=[*ACTS, "upgrade"])
        parser.add_argument("enrolment", nargs="?", help="reference of the enrolment")
        parser.add_argument("--all", action="store_true", help="every enrolment in use (key rotation only)")
        parser.add_argument("--realm", help="slug; with --all and upgrade: that realm only")
        parser.add_argument("--source", default="operator", help="who asks, for the journal")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the enrolments and order."""
        realms = Realm.objects.filter(slug=options["realm"]) if options["realm"] else Realm.objects.all()
        if not realms.exists():
            raise CommandError(f"no realm {options['realm']!r}")
        if options["function"] == "upgrade":
            for realm in realms:
                self.stdout.write(f"{realm.slug}: {services.upgrade(realm)} holders told")
            return
        for enrolment in self._named(options, realms):
            try:
                ACTS[options["function"]](enrolment, options["source"])
            except TsmError as error:
                raise CommandError(f"{enrolment.reference}: {error.code}: {error}") from error
            self.stdout.write(f"{enrolment.reference}: {options['function']} ordered")

    def _named(self, options: dict[str, Any], realms: Any) -> list[Enrolment]:
        if options["all"]:
            if not options["function"].startswith("rotate-"):
                raise CommandError("--all is for the rotation of keys only: name the enrolment")
            return list(Enrolment.objects.filter(state=Enrolment.State.ACTIVE, realm__in=realms))
        try:
            reference = uuid.UUID(options["enrolment"] or "")
        except ValueError:
            raise CommandError("name the enrolment by its reference, as `manage.py trace` prints it") from None
        found = list(Enrolment.objects.filter(reference=reference))
        if not found:
            raise CommandError(f"no enrolment {reference}")
        return found
