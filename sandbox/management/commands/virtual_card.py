"""Put a My Number Card in a reader: a persona's, or one of your own."""

import functools
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from sandbox import power
from sandbox.models import VirtualCard
from sandbox.reader import Card, ReaderCommand, Shared
from sandbox.virtual.card import ATR, MyNumberCard
from sandbox.virtual.kept import Kept
from sandbox.virtual.state_file import StateFile
from tsm.jpki import Key


class Command(ReaderCommand):
    help = (
        "Put a persona's My Number Card in vpcd's reader, so that OpenSC and any PC/SC program use it as a real one; "
        "or, with --state, a card of your own keys and certificates, which lives in that file and needs no database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--persona", help="whose card: hanako, taro, …")
        which.add_argument("--state", type=Path, help="a file for the state of a card of its own, made when missing")
        parser.add_argument("--realm", default=settings.DEFAULT_REALM, help="the workspace (default: the first one)")
        for key in Key:
            name = key.name.lower()
            parser.add_argument(f"--{name}-key", type=Path, help="a new card's RSA-2048 key, PEM or DER")
            parser.add_argument(f"--{name}-certificate", type=Path, help="its certificate, PEM; the CA's may follow")
        parser.add_argument("--pin", default="1234", help="a new card's authentication PIN, 4 digits")
        parser.add_argument("--password", default="ABC123", help="a new card's signature password, 6 to 16 of A-Z, 0-9")
        super().add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        card, what = self._own(options) if options["state"] else self._of_persona(options)
        self.insert(card, what, port=options["port"], listen=options["listen"])

    def _of_persona(self, options: dict[str, Any]) -> tuple[Card, str]:
        self.unseal()
        cards = VirtualCard.objects.filter(realm__slug=options["realm"])
        row = cards.filter(persona=options["persona"]).first()
        if row is None:
            there = ", ".join(cards.values_list("persona", flat=True)) or "no cards: run `manage.py setup`"
            raise CommandError(f"no card of {options['persona']!r} in {options['realm']!r}; there are {there}")
        return Shared(functools.partial(power.card, row), ATR), f"The card of {row.persona}"

    def _own(self, options: dict[str, Any]) -> tuple[Card, str]:
        file = StateFile(options["state"])
        state = file.read()
        if state is None:
            try:
                state = _made(options).snapshot()
            except (ValueError, OSError) as error:
                raise CommandError(f"no card can be made of this: {error}") from error
            file.write(state)
        return Kept(MyNumberCard.restore(state), file.write), f"The card of {options['state']}"


def _made(options: dict[str, Any]) -> MyNumberCard:
    keys: dict[Key, bytes] = {}
    certificates: dict[int, bytes] = {}
    for key in Key:
        name = key.name.lower()
        if options[f"{name}_key"] is None:
            continue
        keys[key] = options[f"{name}_key"].read_bytes()
        if options[f"{name}_certificate"] is not None:
            chain = x509.load_pem_x509_certificates(options[f"{name}_certificate"].read_bytes())
            for file, certificate in zip((key.certificate_file, key.ca_certificate_file), chain, strict=False):
                certificates[file] = certificate.public_bytes(Encoding.DER)
    if Key.AUTHENTICATION not in keys:
        raise ValueError("a card has at least an authentication key: name one by --authentication-key")
    return MyNumberCard.personalise(
        private_keys=keys,
        certificates=certificates,
        authentication_pin=options["pin"],
        signature_password=options["password"] if Key.SIGNATURE in keys else None,
    )
