"""Status: of certificates that are handed in, or of serial numbers of one authority, as our records have it now.

What is told is what a CRL tells: the reason by its name in RFC 5280, never the cause of the law behind it (a death, a
loss). A certificate of another realm, of the other authority, or one that nobody issued is unknown, and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from ca import causes, status
from ca import der as encoding
from ca.errors import StatusUnknown
from ca.models import Certificate
from ca.profiles import Medium, Purpose
from ca.status import Question, Reason
from whitelist.access import Check
from whitelist.errors import VerificationUndecided
from whitelist.models import VerificationLog
from whitelist.verification import asking, log
from whitelist.verification.asking import Asker

_COLUMNS = (
    "pk", "serial_number", "medium", "status", "cause", "changed_at", "revoked_at", "not_before", "not_after",
)  # fmt: skip


class Status(StrEnum):
    """How a certificate stands. Only GOOD is a yes."""

    GOOD = "good"
    REVOKED = "revoked"
    ON_HOLD = "on_hold"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """The answer about one certificate. Of one that is unknown nothing else is told."""

    serial_number: str
    status: Status
    medium: Medium | None = None
    # RFC 5280 5.3.1, by name: only when revoked or on hold, and since when.
    reason: str = ""
    since: datetime | None = None
    valid_until: datetime | None = None


def by_serial_numbers(who: Asker, purpose: Purpose, serial_numbers: Sequence[str]) -> list[Answer]:
    """Answer for serial numbers (upper-case hex) of the purpose's authority, in their order.

    Raise `VerificationRefused` or `VerificationInvalid`.
    """
    asking.require_few(serial_numbers, "serial_numbers")
    asking.require(who, Check.STATUS, purpose)
    rows = Certificate.objects.filter(
        issuer__realm=who.realm, issuer__purpose=purpose, serial_number__in=set(serial_numbers)
    )
    found = {row["serial_number"]: row for row in rows.values(*_COLUMNS)}
    now = who.now
    answers = [_answer(each, found.get(each), now) for each in serial_numbers]
    _note(who, purpose, answers)
    return answers


def by_certificates(who: Asker, purpose: Purpose, certificates: Sequence[bytes]) -> list[Answer]:
    """Answer for certificates (DER), in their order: each is ours, octet for octet, or unknown.

    Raise `VerificationRefused`, `VerificationInvalid`, or `VerificationUndecided`.
    """
    asking.require_few(certificates, "certificates")
    asking.require(who, Check.STATUS, purpose)
    now = who.now
    try:
        verdicts = status.check_all(who.realm, [Question(der, purpose) for der in certificates], now=now)
    except StatusUnknown as error:
        raise VerificationUndecided("the authorities' records can't be read now") from error
    ours = [
        one.certificate_id if not {Reason.CHAIN_BROKEN, Reason.WRONG_PURPOSE} & set(one.reasons) else None
        for one in verdicts
    ]
    rows = Certificate.objects.filter(pk__in={pk for pk in ours if pk is not None})
    found = {row["pk"]: row for row in rows.values(*_COLUMNS)}
    answers = [
        _answer(_serial_number(der), found.get(pk) if pk is not None else None, now)
        for der, pk in zip(certificates, ours, strict=True)
    ]
    _note(who, purpose, answers)
    return answers


def _answer(serial_number: str, row: Mapping[str, object] | None, now: datetime) -> Answer:
    if row is None:
        return Answer(serial_number, Status.UNKNOWN)
    standing = _standing(row, now)
    medium, until = Medium(str(row["medium"])), row["not_after"]
    reason, since = "", None
    if standing in (Status.REVOKED, Status.ON_HOLD):
        rule = causes.RULES.get(str(row["cause"]))
        reason = str(rule.reason.value) if rule is not None else ""
        since = row["revoked_at"] or row["changed_at"]
    return Answer(serial_number, standing, medium, reason, since, until)  # type: ignore[arg-type]


def _standing(row: Mapping[str, object], now: datetime) -> Status:
    if row["status"] == Certificate.Status.REVOKED:
        return Status.REVOKED
    if row["status"] in (Certificate.Status.ON_HOLD, Certificate.Status.PENDING):
        return Status.ON_HOLD
    if now > row["not_after"]:  # type: ignore[operator]
        return Status.EXPIRED
    return Status.NOT_YET_VALID if now < row["not_before"] else Status.GOOD  # type: ignore[operator]


def _serial_number(der: bytes) -> str:
    """Return the number that stands in a certificate, for the log; empty for octets that are none."""
    try:
        number = x509.load_der_x509_certificate(der).serial_number
    except Exception:  # as `ca.status`: any octets may come in
        return ""
    written = encoding.integer_hex(number) if number > 0 else ""
    return written if len(written) <= 40 else ""


def _note(who: Asker, purpose: Purpose, answers: Sequence[Answer]) -> None:
    said = [(each.serial_number, str(each.status)) for each in answers]
    log.note(who, VerificationLog.Kind.STATUS, purpose, said)
