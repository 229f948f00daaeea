"""Walk the whole path in the terminal."""

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.supervision import system
from portal.supervision.system import System
from sandbox.demo.proof import Proof
from sandbox.demo.timeline import Differs, Timeline
from sandbox.demo.walk import Walk


class Command(BaseCommand):
    help = "Walk the whole path over the public interfaces, against the running system or one that is started for it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", default="demo-output", help="folder for what was issued and signed")

    def handle(self, *args: Any, **options: Any) -> None:
        output = Path(options["output"])
        found = system.running()
        if found is not None:
            with found as running:
                self.walk(running, output)
            return
        self.stdout.write("No system is running: starting one for the demonstration.")
        with (
            tempfile.TemporaryDirectory(prefix="jpki-demo-") as folder,
            system.started(Path(folder), {"LINKAGE_SWEEP_SECONDS": "5"}) as running,
        ):
            self.walk(running, output)

    def walk(self, running: System, output: Path) -> None:
        """Walk, and tell how it ended; the exit code says the same."""
        timeline = Timeline()
        timeline.line("", f"against {running.web}")
        try:
            Walk(
                web=running.web,
                responder=running.responder,
                samples=running.samples,
                timeline=timeline,
                proof=Proof(output, timeline),
                realm=settings.DEFAULT_REALM,
            ).whole()
        except Differs as differs:
            raise CommandError(f"this differs: {differs}") from differs
        self.stdout.write(
            f"\n{timeline.checks} checks, all right. In {output}/: certificates, CRLs, the signed contract, "
            "and verify.sh with every openssl command."
        )
