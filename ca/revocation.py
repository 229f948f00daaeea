"""Revocation: the life of a certificate, by the causes of the law. Two tables decide, LIFE and RULES, nothing else.

It works on rows, needs no key, and joins the caller's transaction. Each change is journaled and wakes the publication
of the CRL that shows it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from cryptography.x509 import ReasonFlags
from django.conf import settings
from django.db import IntegrityError, transaction

from ca import bulk, entries, history, journal, revisions
from ca.causes import REASON_CODES, RULES, Cause, Event
from ca.errors import CardCertificateNotValid, IllegalTransition, PhoneCertificateExists
from ca.models import CardRevocation, Certificate, Realm
from ca.profiles import Medium

# Beside what stands here: the table that the callers' causes come from.
__all__ = ["LIFE", "LIVING", "REASON_CODES", "RULES", "Cause", "Event"]

Status = Certificate.Status
LIVING = (Status.PENDING, Status.VALID, Status.ON_HOLD)

LIFE: Mapping[tuple[str, Event], Certificate.Status] = {
    (Status.PENDING, Event.ACTIVATE): Status.VALID,
    (Status.PENDING, Event.REVOKE): Status.REVOKED,
    (Status.VALID, Event.HOLD): Status.ON_HOLD,
    (Status.VALID, Event.REVOKE): Status.REVOKED,
    (Status.ON_HOLD, Event.RELEASE): Status.VALID,
    (Status.ON_HOLD, Event.REVOKE): Status.REVOKED,
}


# How the journal says it.
JOURNALED: Mapping[Event, str] = {
    Event.ACTIVATE: "certificate.activated",
    Event.HOLD: "certificate.held",
    Event.RELEASE: "certificate.released",
    Event.REVOKE: "certificate.revoked",
}


class Row(Protocol):
    """What a revocation of many needs to know of each certificate, as just read in the realm's turn."""

    @property
    def pk(self) -> int: ...
    @property
    def serial_number(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def medium(self) -> str: ...
    @property
    def status(self) -> str: ...


R = TypeVar("R", bound=Row)


def reason(certificate: Certificate) -> ReasonFlags | None:
    """Return the RFC 5280 reason of a certificate that is not good, or None when it is."""
    if certificate.status == Status.VALID:
        return None
    return RULES[certificate.cause].reason


def crl_entry(serial_number: str, *, cause: str, at: datetime) -> bytes:
    """Return the CRL entry of a certificate that is not valid since `at` for that cause, DER."""
    return entries.entry(serial_number, at.astimezone(UTC), REASON_CODES[RULES[cause].reason])


def revoke(certificate: Certificate, *, cause: str, now: datetime) -> None:
    """End a certificate for good. Raises IllegalTransition."""
    _require_cause(certificate, cause, Event.REVOKE)
    _move(certificate, Event.REVOKE, cause=cause, now=now)


def hold(certificate: Certificate, *, cause: str, now: datetime) -> None:
    """Put a valid certificate on hold. Raises IllegalTransition."""
    _require_cause(certificate, cause, Event.HOLD)
    _move(certificate, Event.HOLD, cause=cause, now=now)


def release(certificate: Certificate, *, now: datetime) -> None:
    """Make a certificate on hold valid again, where the cause of the hold allows it. Raises IllegalTransition."""
    _move(certificate, Event.RELEASE, cause="", now=now)


def activate(certificate: Certificate, *, now: datetime) -> None:
    """Make a pending certificate valid. In a device change the old pair is revoked before, in the same transaction.

    Raises IllegalTransition; CardCertificateNotValid when the card certificate that it stands on is not valid any
    more; PhoneCertificateExists when the holder has another that is valid or on hold.
    """
    with transaction.atomic():
        activate_all([certificate], now=now)


def activate_all(certificates: Collection[Certificate], *, now: datetime) -> None:
    """Make pending certificates of one realm valid, all or none, in few statements: a phone's pair.

    Raises as `activate` does; what is refused takes the caller's transaction with it.
    """
    realm = next(iter(certificates)).realm
    with transaction.atomic(savepoint=False):
        journal.take(realm)
        cards = {one.linked_to_id for one in certificates} - {None}
        standing = Certificate.objects.in_bulk({one.pk for one in certificates} | cards)
        for one in certificates:
            one.status, one.cause = standing[one.pk].status, standing[one.pk].cause
            _target(one, Event.ACTIVATE)
            if one.linked_to_id is not None:
                require_standing(standing[one.linked_to_id], now=now)
        # LIFE: it is the only arrow of this event.
        _write(certificates, Event.ACTIVATE, Status.VALID, cause="", entry=None, now=now)
        said = [_said(one, Event.ACTIVATE, before=Status.PENDING, now=now) for one in certificates]
        journal.record_all(realm, said)
        revisions.touch({one.partition_id for one in certificates})


def again(certificate: Certificate, *, status: str, cause: str, since: datetime, journaled: bool) -> bool:
    """Make a certificate again what it was before its records were lost: revoked, or on hold, since a past moment.

    Only ever stricter: False where it is as strict already. `journaled` tells that the journal has it. The caller holds
    the realm's turn (`ca.restoring`).
    """
    certificate.refresh_from_db(fields=["status", "cause", "revoked_at", "changed_at"])
    before = certificate.status
    stricter = {Status.REVOKED: set(LIVING), Status.ON_HOLD: {Status.VALID}}
    if before not in stricter[Status(status)]:
        return False
    event = Event.REVOKE if status == Status.REVOKED else Event.HOLD
    entry = crl_entry(certificate.serial_number, cause=cause, at=since)
    _write([certificate], event, Status(status), cause=cause, entry=entry, now=since)
    if not journaled:
        journal.record_all(certificate.realm, [_said(certificate, event, before=before, now=since, restored=True)])
    if status == Status.REVOKED and certificate.medium == Medium.CARD:
        _note_fall(certificate, since)
    return True


def revoke_together(
    realm: Realm,
    rows: Sequence[R],
    *,
    cause: Cause,
    now: datetime,
    more: Callable[[R], Mapping[str, Any]] = lambda _: {},
) -> None:
    """Revoke many living certificates, in the realm's turn: one statement each for journal and rows.

    `more` is what the journal says of each besides. Their lists are the caller's to note and to wake.
    """
    revoked, since = Status.REVOKED.value, history.instant(now)
    happenings, written = [], []
    for row in rows:
        facts = {"purpose": row.purpose, "medium": row.medium, "before": row.status, "after": revoked}
        facts |= {"cause": cause.value, "since": since, **more(row)}
        happenings.append(journal.Happening(JOURNALED[Event.REVOKE], row.serial_number, facts))
        entry = crl_entry(row.serial_number, cause=cause, at=now)
        written.append((row.pk, revoked, cause.value, now, now, entry))
    journal.record_all(realm, happenings)
    columns = ("status", "cause", "revoked_at", "changed_at", "crl_entry")
    bulk.update(Certificate, columns, written, where="t.status <> %s", arguments=[revoked])


def _require_cause(certificate: Certificate, cause: str, event: Event) -> None:
    rule = RULES.get(cause)
    if rule is None or event not in rule.events or not rule.concerns(certificate):
        raise IllegalTransition(
            f"the cause {str(cause)!r} can't {event} a {certificate.medium} {certificate.purpose} certificate",
            status=certificate.status,
            event=event,
        )


def _move(certificate: Certificate, event: Event, *, cause: str, now: datetime, **journaled: Any) -> None:
    with transaction.atomic():
        # The realm's turn first: what is read from here on can't be changed by another until we commit.
        journal.take(certificate.realm)
        certificate.refresh_from_db(fields=["status", "cause", "revoked_at", "changed_at"])
        target = _target(certificate, event)
        if event == Event.RELEASE and certificate.linked_to_id is not None:
            require_standing(Certificate.objects.get(pk=certificate.linked_to_id), now=now)
        before = certificate.status
        entry = crl_entry(certificate.serial_number, cause=cause, at=now) if cause else None
        _write([certificate], event, target, cause=cause, entry=entry, now=now)
        journal.record_all(certificate.realm, [_said(certificate, event, before=before, now=now, **journaled)])
        revisions.touch([certificate.partition_id])
        if target == Status.REVOKED and certificate.medium == Medium.CARD:
            _note_fall(certificate, now)


def _target(certificate: Certificate, event: Event) -> Certificate.Status:
    """Return what the event makes of the certificate as just read. Raises IllegalTransition."""
    target = LIFE.get((certificate.status, event))
    undone_cause_forbids = (
        event in {Event.ACTIVATE, Event.RELEASE} and target is not None and event not in RULES[certificate.cause].events
    )
    if target is None or undone_cause_forbids:
        raise IllegalTransition(
            f"certificate {certificate.serial_number} is {certificate.status}: {event} is not possible",
            status=certificate.status,
            event=event,
        )
    return target


def _write(
    certificates: Collection[Certificate],
    event: Event,
    target: Certificate.Status,
    *,
    cause: str,
    entry: bytes | None,
    now: datetime,
) -> None:
    """Write the new status, everywhere or nowhere, and keep the certificates in hand in step with it.

    Raises PhoneCertificateExists; IllegalTransition where the old status doesn't stand any more.
    """
    before = {one.status for one in certificates}
    revoked_at = now if target == Status.REVOKED else None
    try:
        with transaction.atomic():
            moved = Certificate.objects.filter(pk__in=[one.pk for one in certificates], status__in=before).update(
                status=target, cause=cause, revoked_at=revoked_at, changed_at=now, crl_entry=entry
            )
    except IntegrityError:
        raise PhoneCertificateExists(
            "the holder has a phone certificate of this purpose that is valid or on hold"
        ) from None
    if moved != len(certificates):
        numbers = ", ".join(one.serial_number for one in certificates)
        raise IllegalTransition(f"certificate {numbers} was changed meanwhile", status=min(before), event=event)
    for one in certificates:
        one.status, one.cause, one.revoked_at, one.changed_at = target, cause, revoked_at, now


def _said(certificate: Certificate, event: Event, *, before: str, now: datetime, **more: Any) -> journal.Happening:
    """Return what the journal says of a certificate that an event has moved."""
    data = {
        "purpose": certificate.purpose,
        "medium": certificate.medium,
        "before": str(before),
        "after": str(certificate.status),
        "cause": str(certificate.cause),
        "since": history.instant(now),
    }
    return journal.Happening(JOURNALED[event], certificate.serial_number, data | more)


def _note_fall(card: Certificate, now: datetime) -> None:
    """Note that a card certificate fell, and, by setting, let what stands on it fall in the same transaction."""
    at_once = settings.LINKAGE_AT_ONCE
    living = card.linked_certificates.filter(status__in=LIVING).select_related("realm").order_by("pk")
    phones = list(living) if at_once else []
    CardRevocation.objects.create(
        realm_id=card.realm_id,
        card=card,
        revoked_at=now,
        settled_at=now if at_once else None,
        phones_fell_at=now if phones else None,
    )
    for phone in phones:
        take_along(phone, card, now=now)


def take_along(phone: Certificate, card: Certificate, *, now: datetime) -> None:
    """Revoke a phone certificate because its card certificate is revoked. Raises IllegalTransition."""
    _move(
        phone,
        Event.REVOKE,
        cause=Cause.CARD_CERTIFICATE_REVOKED,
        now=now,
        card_certificate=card.serial_number,
        # A row that was changed past this module may not say when it was revoked.
        lag_milliseconds=lag_milliseconds(card.revoked_at or card.changed_at, now),
    )


def lag_milliseconds(card_fell_at: datetime, now: datetime) -> int:
    """Return the time from the revocation of a card certificate to `now`."""
    return (now - card_fell_at) // timedelta(milliseconds=1)


def require_standing(card: Certificate, *, now: datetime) -> None:
    """Refuse when a card certificate, as just read, is not valid at `now`. Raises CardCertificateNotValid."""
    if card.status != Status.VALID:
        raise CardCertificateNotValid(f"the card certificate {card.serial_number} is {card.status}")
    if not card.not_before <= now <= card.not_after:
        raise CardCertificateNotValid(f"the card certificate {card.serial_number} is outside its validity")
