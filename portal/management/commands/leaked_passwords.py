"""Make the file by which leaked passwords are refused, of any list of them."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from portal.accounts.passwords import digest

# Nobody can choose a shorter one (AUTH_PASSWORD_VALIDATORS).
SHORTEST = 12


class Command(BaseCommand):
    """Read passwords, a line each, and print what STAFF_LEAKED_PASSWORDS names."""

    help = "Read a list of passwords, a line each, from standard input; print their SHA-1 in order, a line each."

    def handle(self, *args: Any, **options: Any) -> None:
        """Leave out what is too short to be chosen; some 150 bytes of memory for each that is left."""
        found = set()
        for line in sys.stdin.buffer:
            password = line.rstrip(b"\r\n")
            if len(password.decode("utf-8", "replace")) >= SHORTEST:
                found.add(bytes.fromhex(digest(password)))
        for one in sorted(found):
            self.stdout.write(one.hex().upper())
