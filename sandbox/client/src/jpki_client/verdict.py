"""What verifying comes to: four checks, each of which holds, doesn't hold, or couldn't be found out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography import x509


class Check(StrEnum):
    """One thing that is looked at."""

    SIGNATURE = "signature"  # the certificate's key signed the very thing that we asked for
    CHAIN = "chain"  # a trusted authority issued it, for this purpose, and it is in its time
    STATUS = "status"  # it is good now
    MEDIUM = "medium"  # it is of a phone, or of whatever may answer


class Outcome(StrEnum):
    """How a check came out. What couldn't be found out is no no, and no yes either."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Line:
    """One check: how it came out, why (a code), and what it was checked with."""

    check: Check
    outcome: Outcome
    why: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """The four lines, and the certificate when it could be read."""

    lines: tuple[Line, ...]
    certificate: x509.Certificate | None = None

    @property
    def accepted(self) -> bool:
        """Return whether all four hold."""
        return {line.check for line in self.lines if line.outcome == Outcome.HOLDS} == set(Check) and len(
            self.lines
        ) == len(Check)

    def line(self, check: Check) -> Line:
        """Return the line of one check."""
        return next(line for line in self.lines if line.check == check)
