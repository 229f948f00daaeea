"""Let a halted realm go on, once it is sure that no number is given twice (docs/backup.md)."""

from pathlib import Path
from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ca import restoring
from ca.errors import CaError
from ca.models import Realm
from ca.restoring import Report, counted
from portal.accounts.models import StaffSession
from tsm import doubts


class Command(BaseCommand):
    """Put a halted realm's records right and lift the halt, or refuse. Needs the authorities' keys."""

    help = "Put a halted realm's records right from the transcripts and lift the halt (docs/backup.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--realm", required=True, help="slug")
        parser.add_argument("--by", required=True, help="who answers for it; stands in the journal")
        parser.add_argument(
            "--crl", type=Path, action="append", default=[], metavar="PATH", help="a published CRL, or a folder of them"
        )
        parser.add_argument(
            "--serials-ahead",
            type=int,
            metavar="N",
            help="where no transcript is left: let the counters jump so far. The command says what is enough",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was lost and what people have to look at."""
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"no realm {options['realm']!r}")
        doubted = _doubt(realm) if realm.halted_at is not None else 0
        try:
            published = restoring.read(realm, options["crl"])
            report = restoring.go_on(realm, who=options["by"], published=published, ahead=options["serials_ahead"])
        except CaError as error:
            raise CommandError(f"{error.code}: {error}") from error
        for line in told(report):
            self.stdout.write(line)
        self.stdout.write(f"{doubted} secure elements will be asked how far they have counted; everybody is signed out")
        self.stdout.write(f"{realm.slug} goes on")


def _doubt(realm: Realm) -> int:
    """Believe no counter and no sign-in of a restored database; return how many elements will be asked.

    Before the realm goes on: what failed afterwards, nobody would do again.
    """
    with transaction.atomic():
        # What an element counted since, only the element knows: it is asked.
        doubted = doubts.doubt_counters(realm)
        # A sign-out after the backup is lost; so nobody is signed in.
        Session.objects.all().delete()
        StaffSession.objects.all().delete()
    return doubted


def told(report: Report) -> list[str]:
    """Return the report in words, a line each."""
    lines = []
    if not report.proved:
        lines.append("NOT PROVED: no transcript reached back to the backup; the counters jumped")
    elif not report.lost_entries:
        lines.append("nothing is lost: the journal has all that the transcript has")
    else:
        way = (
            "put back into the journal"
            if report.replayed
            else "declared in the journal, which has gone on without them"
        )
        lines.append(f"{report.lost_entries} entries of the journal were lost (to {report.lost_head}) and are {way}:")
        lines += [f"  {line}" for line in counted(report.kinds)]
    for purpose, numbers in report.numbers.items():
        following = f"serial numbers go on at {numbers['next_serial']:X} (hex; the backup was at {numbers['before']:X})"
        lines.append(f"{purpose}: {following}, CRL numbers above {numbers['crl_floor']}")
    lines += [f"revoked again: {one}" for one in report.revoked_again]
    lines += [f"on hold again: {one}" for one in report.held_again]
    lines += [f"was made good after the backup, and is not now: {one}" for one in report.left_stricter]
    for one in report.lost_certificates:
        what = f"{one['medium']} {one['purpose']} {one['serial_number']}".strip()
        known = " ".join(
            filter(None, (one["status"], one["request_key"], one["sha256"] and f"SHA-256 {one['sha256']}"))
        )
        listed = "on its CRL now" if one["listed"] else "NOT on a CRL: which one isn't known"
        lines.append(f"LOST CERTIFICATE {what}: {known}; {listed}")
    if report.asked_anew:
        lines.append(f"{report.asked_anew} requests get another serial number")
    lines += [f"look at: {one}" for one in report.to_look_at]
    lines += [f"not believed, no authority signed it: {one}" for one in report.strangers]
    return lines
