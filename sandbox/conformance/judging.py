"""What came of a case: pure, from what the service did and what the faults met; and the score of a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.conformance.catalogue import Case, Topic, find
from sandbox.models import ConformanceTry

Outcome = ConformanceTry.Outcome


class Why(StrEnum):
    """Why a case came out as it did."""

    AS_IT_SHOULD = "as_it_should"
    ACCEPTED = "accepted"  # what it must reject
    REJECTED = "rejected"  # what it must accept
    STATUS_NOT_ASKED = "status_not_asked"  # it accepted without asking how the certificate stands
    NO_HAND_OFF = "no_hand_off"  # nothing was asked while the case stood armed
    NEVER_MET = "never_met"  # the fault never met the service, which rejected for another reason
    NOT_BACK = "not_back"  # the citizen never came back to the service
    NOT_REACHED = "not_reached"  # the service's start led to no hand-off, or it couldn't be reached
    NOT_READY = "not_ready"  # the certificates that the case needs weren't issued in time
    NOT_IN_THIS_WORLD = "not_in_this_world"  # the realm has no certificate of that kind: it is too young
    OTHER_REQUEST = "other_request"  # the service's hand-off is of another purpose, format or medium
    ASKS_RECORDS = "asks_records"  # about OCSP, and the service asks the records
    SKIPPED = "skipped"  # it wasn't tried


@dataclass(frozen=True)
class Seen:
    """What is known of a try: what the service did, how often each fault struck, and whether it asked the records."""

    accepted: bool
    hits: Mapping[str, int]
    asked_records: bool = False


def judge(case: Case, seen: Seen) -> tuple[Outcome, Why]:
    """Return what came of a case that was tried."""
    # Of several faults in a row the first that is met is the case: whoever stops there never meets the next.
    met = not seen.hits or any(seen.hits.values())
    if case.accepted:
        return (Outcome.PASSED, Why.AS_IT_SHOULD) if seen.accepted else (Outcome.FAILED, Why.REJECTED)
    if not met and case.ocsp and seen.asked_records:
        return Outcome.NOT_APPLICABLE, Why.ASKS_RECORDS
    if seen.accepted:
        # What it never looked at can't have been met: that is the failure itself.
        return Outcome.FAILED, Why.STATUS_NOT_ASKED if case.topic == Topic.STATUS and not met else Why.ACCEPTED
    return (Outcome.PASSED, Why.AS_IT_SHOULD) if met else (Outcome.NOT_EXERCISED, Why.NEVER_MET)


def score(tries: Iterable[ConformanceTry]) -> dict[str, Any]:
    """Return the score: counts, per cent, and whether the service is conformant.

    It is where every case that applies was passed, and among them one that must be accepted: whoever rejects all, or
    whom nothing reached, has shown nothing.
    """
    rows = list(tries)
    counts = {str(outcome): sum(row.outcome == outcome for row in rows) for outcome in Outcome}
    judged = counts["passed"] + counts["failed"] + counts["not_exercised"]
    good = any(row.outcome == Outcome.PASSED and _is_good(row) for row in rows)
    return {
        **counts,
        "of": judged,
        "percent": round(100 * counts["passed"] / judged, 1) if judged else 0.0,
        "conformant": bool(judged) and counts["passed"] == judged and good,
    }


def _is_good(row: ConformanceTry) -> bool:
    case = find(row.case)
    return case is not None and case.accepted
