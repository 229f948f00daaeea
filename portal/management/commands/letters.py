"""Print the letters that wait."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca.models import Realm
from portal.documents import DocumentUnavailable
from portal.notices import letters


class Command(BaseCommand):
    help = "Write the letters that wait as PDF files into a folder, and mark each as printed. Broken off, run it again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", required=True, type=Path, help="the folder for the PDF files")
        parser.add_argument("--realm", default=settings.DEFAULT_REALM, help="default: %(default)s")
        parser.add_argument("--limit", type=int, help="no more than so many in this run")

    def handle(self, *args: Any, **options: Any) -> None:
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"there is no realm {options['realm']!r}")
        count = 0
        try:
            for notice, path in letters.print_waiting(options["out"], realm=realm, limit=options["limit"]):
                count += 1
                again = " (an earlier run may have written it elsewhere)" if notice.attempts else ""
                self.stdout.write(f"{path}{again}")
        except DocumentUnavailable as error:
            raise CommandError(f"no PDF can be made: {error}. scripts/system-packages.sh documents mends it.") from None
        except OSError as error:
            raise CommandError(f"{options['out']}: {error.strerror}; {count} letters were printed") from None
        self.stdout.write(f"{count} letters printed")
