"""Counterparts: the serial number of the other certificate of the same person, as far as the Act lets it be told.

Card ⇄ phone of one purpose: article 18(4) to verifiers of signatures, article 37 the same for authentications.
Signature ⇄ authentication on one medium: article 18(5), only to who verifies both (jpki-facts 2). It is told as long as
the counterpart is in force (valid or on hold); a number that nobody issued and one that stands alone are told alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from ca.models import Certificate
from ca.profiles import Medium, Purpose
from whitelist.access import Check
from whitelist.models import VerificationLog
from whitelist.verification import asking, log
from whitelist.verification.asking import Asker

_IN_FORCE = (Certificate.Status.VALID, Certificate.Status.ON_HOLD)


@dataclass(frozen=True)
class Other:
    """The counterpart: its number, and of which authority and medium it is."""

    serial_number: str
    purpose: Purpose
    medium: Medium


@dataclass(frozen=True)
class Counterpart:
    """The answer about one number."""

    serial_number: str
    other: Other | None


def other_medium(who: Asker, purpose: Purpose, serial_numbers: Sequence[str]) -> list[Counterpart]:
    """Answer, for numbers (upper-case hex) of the purpose's authority, with the phone's for the card's and vice versa.

    In their order. Raise `VerificationRefused` or `VerificationInvalid`.
    """
    asking.require_few(serial_numbers, "serial_numbers")
    asking.require(who, Check.MEDIUM_COUNTERPART, purpose)
    asked = _asked(who, purpose, serial_numbers)
    cards = {row["pk"] for row in asked.values() if row["medium"] == Medium.CARD}
    linked = {row["linked_to_id"] for row in asked.values() if row["medium"] == Medium.PHONE}
    phones: dict[int, dict[str, Any]] = {}
    owned: dict[int, dict[str, Any]] = {}
    rows = _in_force(who).filter(Q(linked_to__in=cards, medium=Medium.PHONE) | Q(pk__in=linked))
    for row in rows.values("pk", "serial_number", "purpose", "medium", "linked_to_id"):
        if row["medium"] == Medium.PHONE:
            phones[row["linked_to_id"]] = row
        else:
            owned[row["pk"]] = row
    answers = []
    for each in serial_numbers:
        one = asked.get(each)
        if one is None:
            answers.append(_counterpart(each, None))
        elif one["medium"] == Medium.CARD:
            answers.append(_counterpart(each, phones.get(one["pk"])))
        else:
            answers.append(_counterpart(each, owned.get(one["linked_to_id"])))
    _note(who, VerificationLog.Kind.OTHER_MEDIUM, purpose, answers)
    return answers


def other_purpose(who: Asker, purpose: Purpose, serial_numbers: Sequence[str]) -> list[Counterpart]:
    """Answer, for numbers of the purpose's authority, with the number of the other authority on the same medium.

    In their order. Raise `VerificationRefused` or `VerificationInvalid`.
    """
    asking.require_few(serial_numbers, "serial_numbers")
    asking.require(who, Check.PURPOSE_COUNTERPART, purpose)
    asked = _asked(who, purpose, serial_numbers)
    holders = {row["holder_id"] for row in asked.values()}
    rows = _in_force(who).filter(holder__in=holders).exclude(purpose=purpose).order_by("pk")
    # The newest of each holder and medium: the last row wins.
    found = {
        (row["holder_id"], row["medium"]): row for row in rows.values("holder_id", "serial_number", "purpose", "medium")
    }
    answers = []
    for each in serial_numbers:
        row = asked.get(each)
        answers.append(_counterpart(each, found.get((row["holder_id"], row["medium"])) if row is not None else None))
    _note(who, VerificationLog.Kind.OTHER_PURPOSE, purpose, answers)
    return answers


def _asked(who: Asker, purpose: Purpose, serial_numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what our records have of the numbers; what no phone has put into use yet is nobody's to ask about."""
    rows = Certificate.objects.filter(
        issuer__realm=who.realm, issuer__purpose=purpose, serial_number__in=set(serial_numbers)
    ).exclude(status=Certificate.Status.PENDING)
    columns = ("pk", "serial_number", "medium", "holder_id", "linked_to_id")
    return {str(row["serial_number"]): dict(row) for row in rows.values(*columns)}


def _in_force(who: Asker) -> Any:
    return Certificate.objects.filter(issuer__realm=who.realm, status__in=_IN_FORCE, not_after__gte=who.now)


def _counterpart(serial_number: str, row: dict[str, Any] | None) -> Counterpart:
    if row is None:
        return Counterpart(serial_number, None)
    return Counterpart(serial_number, Other(row["serial_number"], Purpose(row["purpose"]), Medium(row["medium"])))


def _note(who: Asker, kind: VerificationLog.Kind, purpose: Purpose, answers: Sequence[Counterpart]) -> None:
    said = [(each.serial_number, "found" if each.other is not None else "none") for each in answers]
    log.note(who, kind, purpose, said)
