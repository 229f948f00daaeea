"""Revocation: the causes of the law, and the life of a certificate. Two tables decide, nothing else.

It works on rows, needs no key, and joins the caller's transaction. Each change is journaled and wakes the publication
of the CRL that shows it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from cryptography.x509 import ReasonFlags
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, TextChoices

from ca import entries, history, journal, messages
from ca.errors import CardCertificateNotValid, IllegalTransition, PhoneCertificateExists
from ca.models import CardRevocation, Certificate, Partition
from ca.profiles import Medium, Purpose

Status = Certificate.Status
LIVING = (Status.PENDING, Status.VALID, Status.ON_HOLD)


class Event(StrEnum):
    """What can befall a certificate."""

    ACTIVATE = "activate"
    HOLD = "hold"
    RELEASE = "release"
    REVOKE = "revoke"


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


class Cause(TextChoices):
    """Why a certificate is not, or no longer, valid: the grounds of the law and the steps of issuing."""

    HOLDER_REQUEST = "holder_request"
    KEY_COMPROMISE = "key_compromise"
    AUTHORITY_KEY_COMPROMISE = "authority_key_compromise"
    ATTRIBUTES_CHANGED = "attributes_changed"
    RECORD_ERROR = "record_error"
    DEATH = "death"
    PHONE_USE_ENDED = "phone_use_ended"
    CARD_CERTIFICATE_REVOKED = "card_certificate_revoked"
    SUPERSEDED = "superseded"
    NOT_DELIVERED = "not_delivered"
    LOSS = "loss"
    AWAITING_ACTIVATION = "awaiting_activation"
    EXPIRY = "expiry"


class Party(StrEnum):
    """Who brings a cause."""

    HOLDER = "holder"  # by the phone, or signed with the card
    OFFICER = "officer"  # of a municipality or of the authorities, by a decision with a name and a ground
    HELP_DESK = "help_desk"  # having made sure who calls
    SYSTEM = "system"  # the authorities' own rules: issuing, linkage


@dataclass(frozen=True)
class Rule:
    """What a cause does: its RFC 5280 reason, the events that it can bring and who may bring each, media, purposes.

    It can be undone when RELEASE is among the events; a revocation never can.
    """

    reason: ReasonFlags
    events: Mapping[Event, frozenset[Party]]
    media: frozenset[Medium] = frozenset(Medium)
    purposes: frozenset[Purpose] = frozenset(Purpose)

    def concerns(self, certificate: Certificate) -> bool:
        """Tell whether the cause can be one of this certificate's, by what it is."""
        return certificate.medium in self.media and certificate.purpose in self.purposes


def _revoked_by(*parties: Party) -> Mapping[Event, frozenset[Party]]:
    return {Event.REVOKE: frozenset(parties)}


_HOLDER, _OFFICER, _HELP_DESK, _SYSTEM = Party
_PHONE = frozenset({Medium.PHONE})
_SIGNATURE = frozenset({Purpose.SIGNATURE})

# Grounds: 公的個人認証法 15条 and the briefing; reasons as J-LIS uses them, jpki-facts 2. [G] where it does not say.
# tests/ca/expected/causes.txt shows the table.
RULES: Mapping[str, Rule] = {
    # 本人申請: an officer enters what a holder applies for at the counter.
    Cause.HOLDER_REQUEST: Rule(ReasonFlags.cessation_of_operation, _revoked_by(_HOLDER, _OFFICER)),
    # 秘密鍵漏えい等届出
    Cause.KEY_COMPROMISE: Rule(ReasonFlags.key_compromise, _revoked_by(_HOLDER, _OFFICER)),
    Cause.AUTHORITY_KEY_COMPROMISE: Rule(ReasonFlags.ca_compromise, _revoked_by(_OFFICER)),
    # 異動等, told by the residents' register; the user authentication certificate names none of them and survives.
    Cause.ATTRIBUTES_CHANGED: Rule(ReasonFlags.affiliation_changed, _revoked_by(_OFFICER), purposes=_SIGNATURE),
    Cause.RECORD_ERROR: Rule(ReasonFlags.affiliation_changed, _revoked_by(_OFFICER)),  # [G]
    Cause.DEATH: Rule(ReasonFlags.cessation_of_operation, _revoked_by(_OFFICER)),  # [G]
    # 移動端末設備の使用停止
    Cause.PHONE_USE_ENDED: Rule(ReasonFlags.cessation_of_operation, _revoked_by(_HOLDER, _OFFICER), _PHONE),
    # 連動失効
    Cause.CARD_CERTIFICATE_REVOKED: Rule(ReasonFlags.cessation_of_operation, _revoked_by(_SYSTEM), _PHONE),  # [G]
    Cause.SUPERSEDED: Rule(ReasonFlags.superseded, _revoked_by(_SYSTEM)),
    # 交付前に破棄
    Cause.NOT_DELIVERED: Rule(ReasonFlags.unspecified, _revoked_by(_OFFICER, _SYSTEM)),
    # 安全性に疑義, 一時保留. J-LIS's rule says that a hold is not undone; phones can be used again (facts 4.2), and how
    # the two meet is not public. Here a hold for loss can be released, by who has made sure who asks for it.
    Cause.LOSS: Rule(
        ReasonFlags.certificate_hold,
        {
            Event.HOLD: frozenset({_HOLDER, _OFFICER, _HELP_DESK}),
            Event.RELEASE: frozenset({_OFFICER, _HELP_DESK}),
        },
    ),
    # Not a ground of the law: the pair is issued, the phone has not yet proved that it can use it.
    Cause.AWAITING_ACTIVATION: Rule(ReasonFlags.certificate_hold, {Event.ACTIVATE: frozenset({_SYSTEM})}),
    # Validity ends by itself; RFC 5280 knows no entry for it.
    Cause.EXPIRY: Rule(ReasonFlags.unspecified, {}),
}


def causes(event: Event, party: Party) -> list[str]:
    """Return the causes for which a party may bring an event."""
    return [str(cause) for cause, rule in RULES.items() if party in rule.events.get(event, ())]


# CRLReason, RFC 5280 5.3.1
REASON_CODES: Mapping[ReasonFlags, int] = {
    ReasonFlags.unspecified: 0,
    ReasonFlags.key_compromise: 1,
    ReasonFlags.ca_compromise: 2,
    ReasonFlags.affiliation_changed: 3,
    ReasonFlags.superseded: 4,
    ReasonFlags.cessation_of_operation: 5,
    ReasonFlags.certificate_hold: 6,
}


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
    _move(certificate, Event.ACTIVATE, cause="", now=now)


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
        target = LIFE.get((certificate.status, event))
        undone_cause_forbids = (
            event in {Event.ACTIVATE, Event.RELEASE}
            and target is not None
            and event not in RULES[certificate.cause].events
        )
        if target is None or undone_cause_forbids:
            raise IllegalTransition(
                f"certificate {certificate.serial_number} is {certificate.status}: {event} is not possible",
                status=certificate.status,
                event=event,
            )
        if event in {Event.ACTIVATE, Event.RELEASE}:
            require_card_certificate(certificate.linked_to_id, now=now)
        before = certificate.status
        revoked_at = now if target == Status.REVOKED else None
        try:
            with transaction.atomic():
                moved = Certificate.objects.filter(pk=certificate.pk, status=before).update(
                    status=target,
                    cause=cause,
                    revoked_at=revoked_at,
                    changed_at=now,
                    crl_entry=crl_entry(certificate.serial_number, cause=cause, at=now) if cause else None,
                )
        except IntegrityError:
            raise PhoneCertificateExists(
                "the holder has a phone certificate of this purpose that is valid or on hold"
            ) from None
        if moved != 1:
            raise IllegalTransition(
                f"certificate {certificate.serial_number} was changed meanwhile", status=before, event=event
            )
        certificate.status, certificate.cause = target, cause
        certificate.revoked_at, certificate.changed_at = revoked_at, now
        journal.record(
            certificate.realm,
            JOURNALED[event],
            certificate.serial_number,
            purpose=certificate.purpose,
            medium=certificate.medium,
            before=before,
            after=str(target),
            cause=str(cause),
            since=history.instant(now),
            **journaled,
        )
        touch([certificate.partition_id])
        if target == Status.REVOKED and certificate.medium == Medium.CARD:
            _note_fall(certificate, now)


def _note_fall(card: Certificate, now: datetime) -> None:
    """Note that a card certificate fell, and, by setting, let what stands on it fall in the same transaction."""
    at_once = settings.LINKAGE_AT_ONCE
    CardRevocation.objects.create(
        realm_id=card.realm_id, card=card, revoked_at=now, settled_at=now if at_once else None
    )
    if at_once:
        for phone in card.linked_certificates.filter(status__in=LIVING).select_related("realm").order_by("pk"):
            take_along(phone, card, now=now)


def take_along(phone: Certificate, card: Certificate, *, now: datetime) -> None:
    """Revoke a phone certificate because its card certificate is revoked. Raises IllegalTransition."""
    _move(
        phone,
        Event.REVOKE,
        cause=Cause.CARD_CERTIFICATE_REVOKED,
        now=now,
        card_certificate=card.serial_number,
        lag_milliseconds=lag_milliseconds(card, now),
    )


def lag_milliseconds(card: Certificate, now: datetime) -> int:
    """Return the time from the revocation of a card certificate to `now`."""
    return (now - fell_at(card)) // timedelta(milliseconds=1)


def fell_at(card: Certificate) -> datetime:
    """Return when a card certificate was revoked; a row that was changed past this module may not say it well."""
    return card.revoked_at or card.changed_at


def require_card_certificate(linked_to: int | None, *, now: datetime) -> None:
    """Refuse when the card certificate of that id is not valid at `now`; None, for a card's own, passes."""
    if linked_to is None:
        return
    require_standing(Certificate.objects.get(pk=linked_to), now=now)


def require_standing(card: Certificate, *, now: datetime) -> None:
    """Refuse when a card certificate, as just read, is not valid at `now`. Raises CardCertificateNotValid."""
    if card.status != Status.VALID:
        raise CardCertificateNotValid(f"the card certificate {card.serial_number} is {card.status}")
    if not card.not_before <= now <= card.not_after:
        raise CardCertificateNotValid(f"the card certificate {card.serial_number} is outside its validity")


def touch(partitions: Collection[int]) -> None:
    """Note that statuses changed in partitions, by id, and wake the publication of their CRLs after the commit."""
    note(partitions)
    # robust: the change is committed, and whoever made it must not be told that it failed.
    transaction.on_commit(partial(wake, set(partitions)), robust=True)


def note(partitions: Collection[int]) -> None:
    """Note that statuses changed in partitions, by id: their CRLs are due from the commit on."""
    Partition.objects.filter(pk__in=set(partitions)).update(revision=F("revision") + 1)


def wake(partitions: Collection[int]) -> None:
    """Wake the publication of these partitions' CRLs, as far as they are due."""
    for partition in sorted(partitions):
        messages.send("ca.publish_crl", partition, False)
