"""What a parser is fed by, what it may use, and what it starts from."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One parser. `feed` takes any bytes and returns; whatever it raises is a finding.

    `seeds` are real bytes that the search starts from. An input of `longest` octets may take `seconds` and the whole
    process `megabytes`, the interpreter with all that it imported among them; what takes more is a finding, too.
    """

    name: str
    feed: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    longest: int = 4096
    seconds: int = 5
    megabytes: int = 512
    # Called once before the first input, for what a test's fixtures make otherwise.
    prepare: Callable[[], None] | None = None
    # Whether it needs the database; what an input writes there is taken back.
    database: bool = False


def fed(target: Target) -> Callable[[bytes], None]:
    """Return what takes an input, and takes back what it wrote."""

    def once(data: bytes) -> None:
        if not target.database:
            target.feed(data)
            return
        from django.db import transaction

        with transaction.atomic():
            target.feed(data)
            transaction.set_rollback(True)

    return once


def joined(parts: list[bytes]) -> bytes:
    """Return several texts as one input, each with its length of two octets before it."""
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def parted(data: bytes) -> list[bytes]:
    """Return the texts of an input; the last is cut where the input ends."""
    parts = []
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        parts.append(data[at + 2 : end])
        at = end
    return parts


def text(data: bytes) -> str:
    """Return octets as a text in which any text can stand: UTF-8, what is none as halves of characters."""
    return data.decode("utf-8", "surrogateescape")
