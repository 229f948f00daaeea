"""What a row of the catalogue is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Place(StrEnum):
    """Where a fault acts."""

    RESULT = "result"  # on what the service is told of an answered hand-off
    RETURN = "return"  # on the address to which the citizen's browser goes back
    OCSP = "ocsp"  # on what the responder says of a certificate; a status also in /api/v1/verification/status
    CRL = "crl"  # on lists of revoked certificates
    TSM = "tsm"  # between a phone and the service manager
    ELEMENT = "element"  # between an app and a phone's secure element, or a reader and a card
    TRUST = "trust"  # on the trust list


class Reaction(StrEnum):
    """What a right counterpart does."""

    REJECT = "reject"  # it takes nothing of it
    ASK_AGAIN = "ask_again"  # it knows nothing yet, and asks again before it goes on
    RESUME = "resume"  # what was torn off is gone on with


@dataclass(frozen=True)
class Parameter:
    """One parameter: what kind of value, what holds when it isn't said, and what it must be."""

    kind: type
    default: Any
    ja: str
    en: str
    least: int = 0
    most: int = 0
    choices: tuple[str, ...] = ()

    def fits(self, value: Any) -> bool:
        """Tell whether a value is one of this parameter's."""
        if not isinstance(value, self.kind) or (isinstance(value, bool) and self.kind is not bool):
            return False
        if self.choices:
            return value in self.choices
        return not isinstance(value, int) or self.kind is not int or self.least <= value <= self.most

    @property
    def must(self) -> str:
        """Return what a value must be, in a few words."""
        if self.choices:
            return " or ".join(self.choices)
        return f"a whole number from {self.least} to {self.most}" if self.kind is int else f"a {self.kind.__name__}"


@dataclass(frozen=True)
class Named:
    """A fault: what happens, in both languages, and what a right counterpart does."""

    name: str
    place: Place
    title: tuple[str, str]
    what: tuple[str, str]
    reaction: Reaction = Reaction.REJECT
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    # Of which certificates with a key this one needs one: (whose purpose, medium, state). `sandbox.faults.standins`.
    needs: tuple[tuple[str, str, str], ...] = ()
    # For which hand-offs it is: purposes and formats; empty: for all.
    purposes: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()

    def is_for(self, purpose: str, format: str) -> bool:
        """Tell whether a hand-off of this purpose and format can meet it."""
        return (not self.purposes or purpose in self.purposes) and (not self.formats or format in self.formats)
