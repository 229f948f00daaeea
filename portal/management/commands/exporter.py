"""Tell Prometheus how things stand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.observing.exporter import Exporter


class Command(BaseCommand):
    """Serve metrics until told to end."""

    help = "Serve /metrics: counts of this machine's processes (METRICS_DIR), measures and limits. It needs no secret."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--host", default="127.0.0.1", help="others than this machine's ask for METRICS_TOKEN and TLS"
        )
        parser.add_argument("--port", type=int, default=9464, help="(default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve."""
        with Exporter(options["host"], options["port"]) as exporter:
            scheme = "http" if exporter.tls is None else "https"
            self.stdout.write(f"metrics at {scheme}://{options['host']}:{exporter.server_address[1]}/metrics")
            try:
                exporter.serve_forever()
            except KeyboardInterrupt:
                return
