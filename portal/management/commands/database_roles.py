"""Write, or carry out, the SQL of who may do what in the database."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from portal.rights import passwords, statements
from portal.rights.processes import OWNER, PREFIX, processes
from portal.rights.tables import tables


class Command(BaseCommand):
    help = (
        "Print the SQL that gives each process its role and rights in PostgreSQL; --apply carries it out. `roles`: by "
        "an administrator, once. `rights`: by the owner of the tables, after every migration (docs/rights.md)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", choices=["roles", "rights"])
        parser.add_argument("--apply", action="store_true", help="carry it out at DATABASE_URL")
        parser.add_argument("--passwords", type=Path, help="folder: a file a role, made where missing (roles)")
        parser.add_argument("--database", default=settings.DATABASES["default"]["NAME"], help="default: DATABASE_URL's")
        parser.add_argument("--prefix", default=PREFIX, help="of the roles' names, default: %(default)s")
        parser.add_argument(
            "--responder-notes", action="store_true", help="the responder may add to ca_keyuse and ca_statusanswer"
        )
        parser.add_argument("--sandbox", action="store_true", default=settings.SANDBOX, help="with the test world's")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["passwords"]
        how = {"sandbox": options["sandbox"], "prefix": options["prefix"], "notes": options["responder_notes"]}
        if options["part"] == "roles":
            if folder is None:
                raise CommandError("roles have passwords: --passwords names the folder that holds them")
            names = [OWNER, *processes(sandbox=how["sandbox"])]
            words = {name: passwords.password(folder, name) for name in names}
            told = statements.roles(words, database=str(options["database"]), **how)
        else:
            told = statements.rights(tables(), **how)
        if not options["apply"]:
            self.stdout.write("BEGIN;\n" + "".join(f"{one};\n" for one in told) + "COMMIT;")
            return
        if connection.vendor != "postgresql":
            raise CommandError("only PostgreSQL has roles: DATABASE_URL is another's")
        with transaction.atomic(), connection.cursor() as cursor:
            for one in told:
                cursor.execute(one)
