"""Officers' decisions: what an official decides about certificates, journaled before what came of it.

The entry `officer.decided` says who decided what, on which ground; the change of the status follows it in the same
transaction. Which causes are an officer's to bring, the table of `ca.causes` says.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from ca import journal, revocation
from ca.causes import RULES, Event, Party, brought_by
from ca.errors import CauseNotOfficers, IllegalTransition
from ca.models import Certificate
from ca.profiles import Medium
from ca.revocation import LIFE

DECIDED = "officer.decided"


def possible(certificate: Certificate, event: Event, cause: str) -> bool:
    """Tell whether an event with that cause can befall a certificate as it stands, and an officer may bring it."""
    rule = RULES.get(certificate.cause if event is Event.RELEASE else cause)
    return (
        rule is not None
        and (certificate.status, event) in LIFE
        and Party.OFFICER in rule.events.get(event, ())
        and rule.concerns(certificate)
    )


def decide(
    certificates: Sequence[Certificate],
    event: Event,
    *,
    cause: str = "",
    officer: str,
    ground: str,
    now: datetime,
) -> None:
    """Revoke, hold or release certificates of one realm by an officer's decision: all of them, or none.

    `officer` and `ground` are the officer's name and why, as they shall stand in the journal; `cause` is left out of a
    release. Raises CauseNotOfficers, IllegalTransition, CardCertificateNotValid (a release).
    """
    if not officer.strip() or not ground.strip():
        raise ValueError("a decision needs the officer's name and a ground")
    with transaction.atomic():
        # A phone's before the card's: it would fall with it, and this decision is about both.
        for certificate in sorted(certificates, key=lambda one: one.medium != Medium.PHONE):
            journal.take(certificate.realm)
            certificate.refresh_from_db(fields=["status", "cause"])
            _require(certificate, event, cause)
            journal.record(
                certificate.realm,
                DECIDED,
                certificate.serial_number,
                purpose=certificate.purpose,
                medium=certificate.medium,
                decision=str(event),
                cause=str(cause),
                officer=officer,
                ground=ground,
            )
            match event:
                case Event.REVOKE:
                    revocation.revoke(certificate, cause=cause, now=now)
                case Event.HOLD:
                    revocation.hold(certificate, cause=cause, now=now)
                case _:
                    revocation.release(certificate, now=now)


def _require(certificate: Certificate, event: Event, cause: str) -> None:
    brought = certificate.cause if event is Event.RELEASE else cause
    if (certificate.status, event) not in LIFE:
        raise IllegalTransition(
            f"certificate {certificate.serial_number} is {certificate.status}: {event} is not possible",
            status=certificate.status,
            event=event,
        )
    if brought not in brought_by(Party.OFFICER, event):
        raise CauseNotOfficers(f"an officer can't {event} a certificate for the cause {brought!r}")
