"""The walk over the journals' chains and their seals."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca import journal, seals, watching
from ca.models import JournalEntry, JournalSeal, Realm


class Command(BaseCommand):
    """Verify the chain of each realm's journal, or of one, and its seals; name the first broken link and seal."""

    help = "Verify the journals' chains and the signatures of their heads; exit 1 at the first broken link or head."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", help="slug; all realms when left out")
        parser.add_argument("--key", default="", help="the journal key's fingerprint, as kept elsewhere (with --realm)")
        parser.add_argument("--remembered", default="", help="a seal as kept elsewhere, sequence:hash (with --realm)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk and tell."""
        realms = Realm.objects.order_by("slug")
        if options["realm"]:
            realms = realms.filter(slug=options["realm"])
            if not realms:
                raise CommandError(f"no realm {options['realm']!r}")
        elif options["key"] or options["remembered"]:
            raise CommandError("--key and --remembered belong to one realm: name it with --realm")
        remembered = _remembered(options["remembered"])
        broken = [realm for realm in realms if not self._whole(realm, options["key"].upper(), remembered)]
        if broken:
            raise CommandError("a journal's chain is broken")

    def _whole(self, realm: Realm, key: str, remembered: tuple[int, str] | None) -> bool:
        link = journal.verify(realm)
        if link is not None:
            self.stderr.write(f"{realm.slug}: broken at entry {link.sequence}: {link.problem}")
        head = seals.verify(realm, expected=key, remembered=remembered)
        if head is not None:
            self.stderr.write(f"{realm.slug}: broken at the signed head {head.sequence}: {head.problem}")
        if link is not None or head is not None:
            return False
        self.stdout.write(f"{realm.slug}: {JournalEntry.objects.filter(realm=realm).count()} entries, whole")
        if watching.settle(realm):
            self.stdout.write(f"{realm.slug}: was noted as broken, and is no more")
        newest = JournalSeal.objects.filter(realm=realm).order_by("-sequence").first()
        if newest is not None:
            mark = seals.fingerprint(bytes(newest.public_key))
            self.stdout.write(f"{realm.slug}: newest signed head {newest.sequence}:{newest.hash}, key {mark}")
        return True


def _remembered(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    sequence, _, chained = text.partition(":")
    if not sequence.isdecimal() or not chained:
        raise CommandError("--remembered is sequence:hash")
    return int(sequence), chained
