"""What crossed the wire of an enrolment: every leg, every command by its header, never the data.

The APDUs of a leg are protected by SCP03 anyway; what is told here is what an eavesdropper could tell.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from tsm import describe
from tsm.models import Enrolment, Leg


@dataclass(frozen=True)
class Exchange:
    """A command and its answer, or a run of like ones: first header in hex, name, bytes out and back, status word."""

    header: str
    name: str
    sent: int
    received: int
    status_word: str
    protected: bool
    count: int = 1

    def is_like(self, other: "Exchange") -> bool:
        """Tell whether two differ in their parameters and lengths only."""
        return (self.name, self.protected, self.status_word) == (other.name, other.protected, other.status_word)

    def with_next(self, other: "Exchange") -> "Exchange":
        return replace(
            self, sent=self.sent + other.sent, received=self.received + other.received, count=self.count + other.count
        )


@dataclass(frozen=True)
class Round:
    """One leg: a script out, its answers back; `milliseconds` from sending to report.

    Of one that was `trimmed` the exchanges aren't there any more.
    """

    kind: str
    state: str
    sent_at: datetime | None
    milliseconds: int | None
    exchanges: list[Exchange]
    trimmed: bool

    @property
    def commands(self) -> int:
        return sum(exchange.count for exchange in self.exchanges)


def of(enrolment: Enrolment) -> list[Round]:
    """Return the enrolment's legs, oldest first."""
    return [_round(leg) for leg in enrolment.legs.order_by("pk")]


def _round(leg: Leg) -> Round:
    took = leg.reported_at - leg.sent_at if leg.reported_at and leg.sent_at else None
    return Round(
        kind=leg.kind,
        state=leg.state,
        sent_at=leg.sent_at,
        milliseconds=round(took.total_seconds() * 1000) if took is not None else None,
        exchanges=_in_runs(_exchanges(leg)),
        trimmed=leg.trimmed_at is not None,
    )


def _in_runs(exchanges: Iterator[Exchange]) -> list[Exchange]:
    runs: list[Exchange] = []
    for exchange in exchanges:
        if runs and runs[-1].is_like(exchange):
            runs[-1] = runs[-1].with_next(exchange)
        else:
            runs.append(exchange)
    return runs


def _exchanges(leg: Leg) -> Iterator[Exchange]:
    answers = iter(leg.answers or [])
    for section in leg.commands:
        for command in section:
            answer = next(answers, "")
            yield Exchange(
                header=command[:8].upper(),
                name=describe.name(int(command[2:4], 16)),
                sent=len(command) // 2,
                received=max(len(answer) // 2 - 2, 0),
                status_word=answer[-4:].upper(),
                protected=bool(int(command[:2], 16) & 0x04),
            )
