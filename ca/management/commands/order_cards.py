"""Order cards' certificates, as a municipality's counter does it, and hand out what was issued."""

import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseTrouble

from ca import counter, messages
from ca.counter.order import LONGEST_TEXT
from ca.errors import OrderRefused, OrderUnfit
from ca.models import Realm

TOGETHER = 64  # requests that one message wakes a worker for

# What whoever ordered does about a refusal, by its code.
REMEDIES = {
    "order_malformed": "mend the line after docs/operating.md",
    "order_unfit": "mend what is named",
    "holder_unfit": "mend it as the register has it",
    "public_key_unfit": "have the card make an RSA key of 2048 bits with the exponent 65537",
    "public_key_taken": "have the card make a key of its own: this one is, or was, in another certificate",
    "possession_unproven": "have the card sign the request with the key that is in it",
    "order_taken": "give another order another id",
    "holder_unknown": "order the card's certificates first",
    "holder_elsewhere": "name the person by the reference that this realm has",
    "order_too_soon": "place it again when `--issued` shows that certificate",
}
# How the command says what became of the holder.
BECAME = {
    counter.NEW: "the holder is new",
    counter.CHANGED: "the holder's attributes were changed",
    counter.SAME: "the holder was known as such",
    counter.KNOWN: "placed before, nothing was changed",
}


class Command(BaseCommand):
    """Place the orders of a file, one a line; or tell what became of orders."""

    help = (
        "Order certificates for cards: JSON Lines from a file or the standard input, one order a line, each carried "
        "out whole or not at all. The same file again changes nothing. With --issued: what became of orders, in JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", nargs="?", default="-", help="JSON Lines; the standard input when left out")
        parser.add_argument("--realm", required=True, help="slug")
        parser.add_argument("--counter", default="", help="who orders, as it shall stand in the journal")
        parser.add_argument(
            "--issued", nargs="*", metavar="ORDER", help="place nothing: print what became of these orders, or of all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Place, or tell."""
        try:
            realm = Realm.objects.filter(slug=options["realm"]).first()
            if realm is None:
                raise CommandError(f"no realm {options['realm']!r}")
            if options["issued"] is not None:
                self._tell(realm, options["issued"])
                return
        except DatabaseTrouble as error:
            raise CommandError(_trouble(error)) from None
        name = str(options["counter"]).strip()
        if not name or len(name) > LONGEST_TEXT or any(unicodedata.category(one).startswith("C") for one in name):
            raise CommandError(f"say who orders with --counter: a name of 1 to {LONGEST_TEXT} characters")
        with _opened(options["file"]) as stream:
            Placing(self, realm, name).all(stream)

    def _tell(self, realm: Realm, references: list[str]) -> None:
        told = set()
        for one in counter.outcomes(realm, references):
            self.stdout.write(json.dumps(one, ensure_ascii=False))
            told.add(one["order"])
        missing = [ascii(one) for one in dict.fromkeys(references) if one not in told]
        if missing:
            raise CommandError(f"nobody placed: {', '.join(missing)}")


class Placing:
    """One run over a file of orders."""

    def __init__(self, command: BaseCommand, realm: Realm, name: str) -> None:
        self._command, self._realm, self._name = command, realm, name
        self._asked: list[int] = []
        self._unsent = False

    def all(self, stream: BinaryIO) -> None:
        """Place every order, wake the workers, say what became of each. Raises CommandError where one was refused."""
        placed = refused = 0
        try:
            for number, line in counter.lines(stream):
                try:
                    self._place(number, line)
                    placed += 1
                except OrderRefused as error:
                    refused += 1
                    self._refuse(number, line, error)
                except DatabaseTrouble as error:
                    raise CommandError(
                        f"line {number}: {_trouble(error)}. This line and those after it changed nothing; those before"
                        " it stand. Place the file again"
                    ) from None
        finally:
            self._wake()
            if self._unsent:
                self._command.stderr.write("The broker takes no message: the workers find the orders by the sweep.")
        if refused:
            raise CommandError(f"{refused} of {placed + refused} orders were refused and changed nothing")
        self._command.stdout.write(f"{placed} orders: none was refused")

    def _place(self, number: int, line: bytes | None) -> None:
        order = counter.read(line)
        placed = counter.place(self._realm, order, counter=self._name)
        self._asked += placed.asked
        if len(self._asked) >= TOGETHER:
            self._wake()
        parts = [BECAME[placed.became]]
        if placed.became != counter.KNOWN:
            parts += [f"{purpose} asked for" for purpose in order.keys]
            parts += [f"signature {serial} revoked" for serial in placed.revoked]
        self._command.stdout.write(f"line {number}, order {order.reference}: {'; '.join(parts)}")

    def _refuse(self, number: int, line: bytes | None, error: OrderRefused) -> None:
        code = error.because if isinstance(error, OrderUnfit) else error.code
        where = [f"line {number}"]
        where += [f"order {reference}" for reference in [counter.reference_of(line)] if reference]
        where += [f"member {error.member}"] if error.member else []
        self._command.stderr.write(f"{', '.join(where)}: {code}: {error}. To do: {REMEDIES[code]}.")

    def _wake(self) -> None:
        ids, self._asked = self._asked, []
        # Where one message isn't taken the next would only take as long.
        if ids and not self._unsent:
            self._unsent = not messages.send("ca.issue", ids)


def _trouble(error: DatabaseTrouble) -> str:
    # Its text may have a row in it; the server's log has it whole.
    state = getattr(error.__cause__, "sqlstate", None) or "no state"
    return f"the database doesn't do it ({type(error).__name__}, {state})"


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        with open(name, "rb") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from None
