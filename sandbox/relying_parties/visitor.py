"""Who stands before us: the number of a user authentication certificate, verified once, and asked about at each page.

A user authentication certificate names nobody: its serial number is all a service has, and what it keeps files by.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from jpki_client import LIVENESS_CHECK, USER_AUTHENTICATION, Check, Line, Outcome, Verdict

from sandbox.relying_parties.asking import Service, forget, keep, recall
from sandbox.relying_parties.pages import client, in_words

VISITOR = "visitor"
CHECKED = "checked"
# A screen in a public place forgets who stood before it.
STAYS = 600.0


@dataclass(frozen=True)
class Visitor:
    """The certificate's serial number (upper-case hex), and its medium: phone or card."""

    number: str
    medium: str


def admit(request: HttpRequest, service: Service, verdict: Verdict) -> Visitor | None:
    """Take who was verified into the session, with how it was verified; return None where it wasn't accepted."""
    lines = [[line.check, line.outcome, line.why, dict(line.facts)] for line in verdict.lines]
    keep(request, service, CHECKED, lines)
    if not verdict.accepted:
        forget(request, service, VISITOR)
        return None
    number, medium = verdict.line(Check.CHAIN).facts["serial_number"], verdict.line(Check.MEDIUM).facts["medium"]
    keep(request, service, VISITOR, {"number": number, "medium": medium, "until": time.time() + STAYS})
    return Visitor(number, medium)


def current(request: HttpRequest, service: Service) -> Visitor | None:
    """Return who was verified in this session, if that certificate is still good by the authorities' records."""
    kept = recall(request, service, VISITOR)
    if not kept or kept["until"] < time.time():
        return None
    (standing,) = client(service.client_id).statuses(
        USER_AUTHENTICATION, check_purpose=LIVENESS_CHECK, serial_numbers=[kept["number"]]
    )
    return Visitor(kept["number"], kept["medium"]) if standing.status == "good" else None


def checked(request: HttpRequest, service: Service) -> list[dict[str, Any]]:
    """Return the four lines of the last verdict in words; empty where there was none."""
    kept = recall(request, service, CHECKED) or []
    return in_words(Line(Check(check), Outcome(came), why, facts) for check, came, why, facts in kept)
