"""Write what Prometheus and Grafana are given."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.observing import published


class Command(BaseCommand):
    """Write alert rules and dashboard from the tables of findings and measures."""

    help = "Write the alert rules and the dashboard to deploy/observing/, from the tables of findings and measures."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--to", type=Path, default=Path(settings.ROOT) / "deploy" / "observing", help="the folder")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write."""
        folder: Path = options["to"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / published.RULES).write_text(published.rules())
        (folder / published.DASHBOARD).write_text(published.dashboard())
        self.stdout.write(f"{folder / published.RULES}, {folder / published.DASHBOARD}")
