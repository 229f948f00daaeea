"""What the commands `revoke`, `hold` and `release` share: which certificates, who decides, and why."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from ca import clock, officers
from ca.causes import Event, Party, brought_by
from ca.errors import CaError
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose


class DecisionCommand(BaseCommand):
    """Carry out one officer's decision about the certificates that the options name."""

    event: Event

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", required=True, help="slug")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--serial", help="the certificate's serial number, hex")
        which.add_argument("--holder", help="the holder's reference: every certificate that it can befall")
        parser.add_argument("--purpose", choices=[purpose.slug for purpose in Purpose], help="of this authority only")
        parser.add_argument("--medium", choices=[medium.value for medium in Medium], help="of this medium only")
        parser.add_argument("--fingerprint", default="", help="refuse any but the one with this SHA-256 (hex)")
        if self.event is not Event.RELEASE:
            parser.add_argument("--cause", required=True, choices=brought_by(Party.OFFICER, self.event))
        parser.add_argument("--officer", required=True, help="who decides, as it shall stand in the journal")
        parser.add_argument("--reason", required=True, help="the ground, as it shall stand in the journal")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the certificates, decide, and print what was done."""
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"no realm {options['realm']!r}")
        cause = options.get("cause", "")
        certificates = self._certificates(realm, options, cause)
        try:
            officers.decide(
                certificates,
                self.event,
                cause=cause,
                officer=options["officer"],
                ground=options["reason"],
                now=clock.now(realm),
            )
        except CaError as error:
            raise CommandError(f"{error.code}: {error}; nothing was changed") from error
        except ValueError as error:
            raise CommandError(f"{error}: say it with --officer and --reason") from error
        for certificate in certificates:
            self.stdout.write(f"{_line(certificate)}: {certificate.status}{' ' + cause if cause else ''}")

    def _certificates(self, realm: Realm, options: dict[str, Any], cause: str) -> list[Certificate]:
        found = list(_named(realm, options).select_related("realm").order_by("pk"))
        if options["fingerprint"]:
            wanted = options["fingerprint"].replace(":", "").upper()
            found = [certificate for certificate in found if certificate.fingerprint == wanted]
        if not found:
            raise CommandError(
                "no certificate of this realm fits --serial, --holder, --purpose, --medium, --fingerprint"
            )
        if options["serial"]:
            if len(found) > 1:
                purposes = " or ".join(Purpose(certificate.purpose).slug for certificate in found)
                raise CommandError(f"both authorities have issued that serial number: add --purpose {purposes}")
            return found  # what can't be done with it, the decision itself says
        fit = [certificate for certificate in found if officers.possible(certificate, self.event, cause)]
        if not fit:
            standing = ", ".join(f"{_line(certificate)} is {certificate.status}" for certificate in found)
            raise CommandError(f"nothing of this holder's to {self.event}: {standing}")
        return fit


def _named(realm: Realm, options: dict[str, Any]) -> "QuerySet[Certificate]":
    named = Certificate.objects.filter(realm=realm)
    if options["serial"]:
        serial_number = options["serial"].replace(":", "").upper()
        named = named.filter(issuer__in=list(realm.authorities.all()), serial_number=serial_number)
    else:
        try:
            reference = uuid.UUID(options["holder"])
        except ValueError:
            raise CommandError(f"--holder is a reference, a UUID, not {options['holder']!r}") from None
        named = named.filter(holder__reference=reference)
    if options["purpose"]:
        named = named.filter(purpose=next(purpose for purpose in Purpose if purpose.slug == options["purpose"]))
    if options["medium"]:
        named = named.filter(medium=options["medium"])
    return named


def _line(certificate: Certificate) -> str:
    return f"{certificate.medium} {Purpose(certificate.purpose).slug} {certificate.serial_number}"
