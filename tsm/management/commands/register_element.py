"""Take an element in a reader on, and write what its phone's agent needs."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ca.models import Realm
from tsm import registering
from tsm.errors import TsmError
from tsm.globalplatform.scp03 import KeySet
from tsm.local_agent import readers, troubles
from tsm.transports.base import TransportError


class Command(BaseCommand):
    """The element's keys become the issuer's, its phone a row, and the phone's token a file."""

    help = (
        "Register the secure element in a reader, such as a GlobalPlatform development card: its keys are replaced by "
        "the issuer's, and the file for `phone_agent --identity` is written. Safe to run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("identity", type=Path, help="the file to be written, for the agent")
        parser.add_argument("--reader", default="", help="the element's reader: its name, or a beginning of it")
        parser.add_argument("--model", default="sakura-8", help="the model of the published list that it stands for")
        parser.add_argument("--realm", default=settings.DEFAULT_REALM, help="the workspace (default: the first one)")
        parser.add_argument("--site", default=settings.PUBLIC_URL, help="where the agent finds the TSM")
        key = registering.DEVELOPMENT_KEY
        parser.add_argument(
            "--key", type=bytes.fromhex, default=key, help=f"the maker's ENC, MAC and DEK (default {key.hex().upper()})"
        )
        parser.add_argument("--enc", type=bytes.fromhex, help="the maker's ENC, where the three differ")
        parser.add_argument("--mac", type=bytes.fromhex, help="the maker's MAC")
        parser.add_argument("--dek", type=bytes.fromhex, help="the maker's DEK")
        parser.add_argument(
            "--key-version", type=lambda text: int(text, 16), default=0x30, help="their version, in hex (default 30)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Register."""
        realm = Realm.objects.filter(slug=options["realm"]).first()
        if realm is None:
            raise CommandError(f"there is no realm {options['realm']!r}: run `manage.py setup`, or name one by --realm")
        self._take_master_key()
        try:
            enc, mac, dek = (options[name] or options["key"] for name in ("enc", "mac", "dek"))
            maker = KeySet(enc, mac, dek, options["key_version"])
        except ValueError as error:
            raise CommandError(f"--key, --key-version: {error}") from error
        try:
            with readers.element(readers.choose(options["reader"], "element")) as element:
                iin, cin = readers.identify(element)
                fresh = registering.take_over(element, iin + cin, maker)
                registered = registering.add(realm, options["model"], iin, cin)
        except TransportError as error:
            raise CommandError(troubles.sentence(error)) from error
        except TsmError as error:
            raise CommandError(f"{error.code}: {error}") from error
        identity = {
            "site": options["site"],
            "phone": str(registered.phone.reference),
            "token": registered.token,
            "element": (iin + cin).hex().upper(),
        }
        file: Path = options["identity"]
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text(json.dumps(identity, indent=2) + "\n")
        told = "has the issuer's keys now" if fresh else "had the issuer's keys already"
        self.stdout.write(
            f"Element {identity['element']} {told}; it is phone {identity['phone']}. "
            f"Start the agent: phone-agent --identity {file}"
        )

    def _take_master_key(self) -> None:
        """Take the master key of `make run`'s data folder where the environment has none."""
        kept = settings.VAR / "secrets" / "tsm_master_key"
        if not (settings.TSM_MASTER_KEY or settings.TSM_SEI_MASTER_KEY) and kept.exists():
            settings.TSM_MASTER_KEY = kept.read_text().strip()
