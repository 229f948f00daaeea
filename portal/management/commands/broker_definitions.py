"""Write the broker's definitions: queues, users, and who may read and write what."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from portal.rights import definitions, passwords


class Command(BaseCommand):
    help = "Write RabbitMQ's definitions file: queues, users with hashed passwords, rights (docs/rights.md)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--passwords", required=True, type=Path, help="folder: a file a user, made where missing")
        parser.add_argument("--out", type=Path, help="the definitions file; without it they are printed")
        parser.add_argument("--vhost", default=definitions.HOST, help="virtual host, default: %(default)s")
        parser.add_argument("--sandbox", action="store_true", default=settings.SANDBOX, help="with the test world's")

    def handle(self, *args: Any, **options: Any) -> None:
        sandbox = options["sandbox"]
        words = {name: passwords.password(options["passwords"], name) for name in definitions.rights(sandbox=sandbox)}
        told = definitions.definitions(words, sandbox=sandbox, host=options["vhost"])
        text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        if options["out"]:
            options["out"].write_text(text)
        else:
            self.stdout.write(text, ending="")
