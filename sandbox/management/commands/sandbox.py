"""The sandbox for an integrator's own tests: started, used over its APIs, gone."""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from sandbox.headless import running, world


class Command(BaseCommand):
    help = (
        "Start the whole sandbox with one workspace, tell its address and key as JSON, and run until SIGTERM or "
        "Ctrl-C; nothing stays. The lasting sandbox is `make run`."
    )
    # A database is made, not met.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ephemeral", action="store_true", help="needed: all of it is gone in the end")
        parser.add_argument("--port", type=int, default=0, help="the site's port on the loopback; 0: a free one")
        parser.add_argument("--ready-file", type=Path, help="written when it is ready; without it JSON is printed")
        parser.add_argument("--make-world", type=Path, help="for the sandbox itself: make the world, write what it is")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["make_world"]:
            with os.fdopen(os.open(options["make_world"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(world.make(), file)
            return
        if not options["ephemeral"]:
            raise CommandError("say --ephemeral: nothing of it stays. The sandbox that keeps its data is `make run`")
        if not 0 <= options["port"] < 65536:
            raise CommandError("--port must be a port number, or 0 for a free one")
        ready: Path | None = options["ready_file"]
        if ready is not None:
            ready = ready.absolute()
            if not ready.parent.is_dir():
                raise CommandError(f"there is no folder {ready.parent} for the ready file")
            ready.unlink(missing_ok=True)
        status = running.run(options["port"], ready)
        # The settings made their own data folder; nothing was put into it.
        with contextlib.suppress(OSError):
            settings.VAR.rmdir()
        sys.exit(status)
