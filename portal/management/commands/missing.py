"""Say what the site still lacks before it can serve anybody, and the command that mends each."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ca import checks, clock
from ca.models import Generation, Realm
from ca.profiles import Purpose
from portal import hosts
from portal.accounts import passwords, staff
from whitelist import checks as files
from whitelist import register


class Command(BaseCommand):
    """Print a paragraph for each thing that is missing, and nothing when nothing is."""

    help = "Say what the default realm still lacks before it can serve anybody; prints nothing when nothing is missing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is missing; the exit status is 0 all the same, for the site starts without it."""
        for paragraph in missing(settings.DEFAULT_REALM):
            self.stdout.write(paragraph)


def missing(slug: str) -> list[str]:
    """Return what the realm of that slug lacks, a paragraph each: what, what follows from it, and what to do."""
    told = []
    if settings.PRODUCTION and (guessed := checks.guessed_policies()):
        told.append(
            f"{guessed} not set: the defaults are guesses, and the ceremony refuses to certify under them.\n"
            "  Set them to the OIDs of the profile specification."
        )
    if unset := passwords.lacking():
        told.append(
            f"{unset}\n  Set it, on every host; `manage.py leaked_passwords` makes the file (docs/operating.md)."
        )
    if unset := files.no_scanner():
        told.append(f"{unset}\n  Leave it to its default, which asks clamd, or name another scanner.")
    if settings.PRODUCTION and (untold := staff.without_address()):
        told.append(
            f"No mail address of {', '.join(untold)}: nobody tells them of changes in how they sign in.\n"
            "  manage.py staff mail NAME ADDRESS\nsets it."
        )
    if settings.PRODUCTION and not (settings.PASSWORDS_MADE and Path(settings.PASSWORDS_MADE).is_file()):
        told.append(
            "Nobody says how old the passwords of database and broker are (PASSWORDS_MADE): none will be called old.\n"
            "  deploy/parcels.sh writes the file into each host's parcel, as /etc/jpki/passwords-made."
        )
    if settings.PRODUCTION and not hosts.are_apart():
        told.append(
            "Citizens, staff and service providers share a host name, and with it what browsers hold apart.\n"
            "  Set STAFF_URL and PROVIDERS_URL to names of their own (docs/operating.md)."
        )
    realm = Realm.objects.filter(slug=slug).first()
    if realm is None:
        why = f"There is no realm {slug!r} (DEFAULT_REALM): nothing can be issued or shown."
        return [*told, f"{why}\n{_ceremony(slug, new=True)}"]
    found = set(Generation.objects.filter(authority__realm=realm).values_list("authority__purpose", flat=True))
    lacking = [purpose.value for purpose in Purpose if purpose.value not in found]
    if lacking:
        told.append(f"Realm {slug!r} has no authority for {' and '.join(lacking)}.\n{_ceremony(slug, new=False)}")
    if not register.entries(realm, now=clock.now(realm)):
        told.append(f"No service is on the register of realm {slug!r}: each hand-off will be refused.")
    return told


def _ceremony(slug: str, *, new: bool) -> str:
    kind = f" --kind {Realm.Kind.PRODUCTION}" if new and not settings.SANDBOX else ""
    return (
        f"  manage.py create_authorities --realm {slug}{kind}\n"
        "makes it. It needs CA_KEYS_PASSPHRASE and RESPONDER_KEYS_PASSPHRASE, or each as …_FILE (docs/keys.md); on\n"
        "one machine `make run` keeps both under secrets/ in its data folder."
    )
