"""Say what is wrong with the running system, in words."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from portal.observing import looking, outside
from portal.observing.findings import FINDINGS, Severity


class Command(BaseCommand):
    """Look at database, broker, queues, authorities, phones and notices, and tell each finding with what mends it."""

    help = "Say what is wrong, each with its id and remedy. Ends with 0 when nothing is, 1 when something is."
    # It must be able to say that there are migrations missing, or no database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="one JSON document, for machines")
        parser.add_argument("--pages-only", action="store_true", help="only what somebody is woken for")
        parser.add_argument("--outside", action="store_true", help="how the site looks from outside, and that alone")
        parser.add_argument("--list", action="store_true", help="print what can be found, and look at nothing")
        parser.add_argument("--language", choices=("en", "ja"), default="en", help="(default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and tell."""
        with translation.override(options["language"]):
            findings = outside.FINDINGS if options["outside"] else FINDINGS
            if options["list"]:
                for one in findings:
                    self.stdout.write(f"{one.id:32}{one.severity:8}{one.title}")
                return
            found = looking.judge(outside.read(), findings) if options["outside"] else looking.look()
            if options["pages_only"]:
                found = [one for one in found if one.finding.severity == Severity.PAGE]
            if options["json"]:
                told = {"well": not found, "looked_for": len(findings), "findings": [one.as_json() for one in found]}
                self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
            else:
                self._tell(found, len(findings))
        if found:
            # Said already: the exit status is for machines.
            raise CommandError(f"{len(found)} found wrong", returncode=1)

    def _tell(self, found: list[looking.Found], looked_for: int) -> None:
        for one in found:
            about = f" [{one.about}]" if one.about else ""
            self.stdout.write(f"{one.finding.id} ({one.finding.severity}){about}")
            self.stdout.write(f"  {one.finding.title} {one.figure}")
            self.stdout.write(f"  -> {one.finding.remedy} ({one.anchor})")
        if not found:
            self.stdout.write(f"nothing is wrong: {looked_for} findings looked for")
