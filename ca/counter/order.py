"""The order: one card's certificates, or a change of what the register says of a holder, as one line of JSON.

A line is hostile until it was read: it is bounded, each of its members is known and a text, and whatever is wrong with
it is said by OrderRefused, which names the member.
"""

import hashlib
import json
import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from ca import assembly
from ca.counter import possession
from ca.errors import HolderUnfit, OrderMalformed, OrderUnfit
from ca.models import Holder
from ca.profiles import Purpose

LONGEST_LINE = 32 * 1024  # octets, its end included; an order of two requests has some 3,000
LONGEST_TEXT = 200  # characters, as the holder's columns have them

NEEDED = ("order", "holder", "name", "sex", "born_on", "address", "prefecture", "municipality", "municipality_code")
# Left out, every character stands as the register has it.
SUBSTITUTIONS = {"name_substitution": "name", "address_substitution": "address"}
KEYS: Mapping[str, Purpose] = {purpose.value: purpose for purpose in Purpose}
MEMBERS = (*NEEDED, *SUBSTITUTIONS, *KEYS)

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_ERA_DATE = re.compile(r"[1-5](?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")


@dataclass(frozen=True)
class Order:
    """What a counter asks for: `attributes` are the holder's columns, `keys` SubjectPublicKeyInfos in DER, proven."""

    reference: str
    holder: uuid.UUID
    attributes: Mapping[str, Any]
    keys: Mapping[Purpose, bytes]

    @property
    def fingerprints(self) -> dict[str, str]:
        """Return the SHA-256 of each key, upper-case hex, by purpose."""
        return {str(purpose): hashlib.sha256(key).hexdigest().upper() for purpose, key in self.keys.items()}

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all that it says, hex: alike however the line was written."""
        said = {
            "holder": str(self.holder),
            "attributes": {name: str(value) for name, value in self.attributes.items()},
            "keys": self.fingerprints,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Give each line with its number, from 1, without the empty ones; None stands for one that is too long."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif line.strip():
            yield number, line


def reference_of(line: bytes | None) -> str:
    """Return the id of the order that a line seems to be about, to be named where it is refused; "" where it has none.

    What it returns is fit to be printed.
    """
    try:
        said = json.loads((line or b"").decode()).get("order")
    except (ValueError, RecursionError, AttributeError):
        return ""
    return said if isinstance(said, str) and _REFERENCE.fullmatch(said) else ""


def read(line: bytes | None) -> Order:
    """Return what a line says. Raises OrderMalformed, OrderUnfit, PossessionUnproven."""
    if line is None:
        raise OrderMalformed(f"the line is longer than {LONGEST_LINE} octets")
    said = _members(line)
    for member in NEEDED:
        if member not in said:
            raise OrderMalformed("it is missing", member=member)
    if not _REFERENCE.fullmatch(said["order"]):
        rule = "1 to 100 of A-Z, a-z, 0-9 and . _ : / -, a letter or digit first"
        raise OrderMalformed(f"an order's id has {rule}", member="order")
    if not _UUID.fullmatch(said["holder"]):
        raise OrderMalformed("the register's reference of a person is a UUID", member="holder")
    attributes = _attributes(said)
    keys = {purpose: possession.proven_key(said[name], member=name) for name, purpose in KEYS.items() if name in said}
    if len(set(keys.values())) < len(keys):
        raise OrderMalformed("both requests are of one key: each purpose has its own", member=Purpose.SIGNATURE.value)
    return Order(said["order"], uuid.UUID(said["holder"]), attributes, keys)


def _members(line: bytes) -> dict[str, str]:
    """Return the members of a line's object, each known, given once, and a text that a database can keep."""
    twice: list[str] = []

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice.extend(name for name in found if names.count(name) > 1)
        return found

    try:
        said = json.loads(line.decode(), object_pairs_hook=gather)
    except UnicodeDecodeError:
        raise OrderMalformed("the line isn't UTF-8") from None
    except (ValueError, RecursionError):
        raise OrderMalformed("the line isn't JSON") from None
    if not isinstance(said, dict):
        raise OrderMalformed("the line isn't a JSON object")
    for member, value in said.items():
        if member not in MEMBERS:
            raise OrderMalformed("no member has that name", member=_shown(member))
        if member in twice:
            raise OrderMalformed("it stands there twice", member=member)
        if not isinstance(value, str):
            raise OrderMalformed("it isn't a text", member=member)
    return said


def _attributes(said: Mapping[str, str]) -> dict[str, Any]:
    """Return the holder's columns. Raises OrderMalformed, OrderUnfit."""
    texts = {name: said[name] for name in ("name", "sex", "address", "prefecture", "municipality", "municipality_code")}
    texts |= {name: said.get(name, "0" * len(said[whose])) for name, whose in SUBSTITUTIONS.items()}
    for name, text in texts.items():
        if len(text) > LONGEST_TEXT:
            raise OrderMalformed(f"it has more than {LONGEST_TEXT} characters", member=name)
        if strange := next((one for one in text if _is_strange(one)), None):
            raise OrderMalformed(f"U+{ord(strange):04X} is nothing that is written", member=name)
    birth_date, born_on = _born(said["born_on"])
    attributes = {**texts, "birth_date": birth_date, "born_on": born_on}
    try:
        assembly.require_fit(Holder(**attributes))
    except HolderUnfit as error:
        member = "born_on" if error.field == "birth_date" else error.field
        # With a text's mark it is the text that the message names.
        if error.field in SUBSTITUTIONS.values() and f"{error.field}_substitution" in said and texts[error.field]:
            member = f"{error.field}_substitution"
        raise OrderUnfit(str(error), member=member, because=error.code) from None
    return attributes


def _born(text: str) -> tuple[str, date]:
    """Return EYYYYMMDD and the day of a date of birth, which is written so or as YYYY-MM-DD."""
    parts = _DATE.fullmatch(text) or _ERA_DATE.fullmatch(text)
    if parts is None:
        raise OrderMalformed("a date of birth is YYYY-MM-DD or EYYYYMMDD, all of it known", member="born_on")
    try:
        day = date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except ValueError:
        raise OrderMalformed("there is no such day", member="born_on") from None
    return (assembly.era_date(day) if "-" in text else text), day


def _is_strange(character: str) -> bool:
    """Tell whether a character is a control, turns or parts the line, or is half of one: none that a name is made of.

    Private ones may be, for registers have them for what no standard has; and those of a newer standard than we know.
    """
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _shown(member: str) -> str:
    """Return an unknown member's name as it can be printed in a line."""
    return ascii(member[:40])
