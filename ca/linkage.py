"""Linkage: a phone certificate falls with the card certificate that it stands on.

連動失効: the phone certificate is revoked automatically, after a check at intervals and a grace that policy sets
(briefing, カード用電子証明書との関連性 3). By the setting LINKAGE_AT_ONCE `ca.revocation` does it in the card
certificate's own transaction; the sweep finds what that missed. It costs what fell, not what exists: it reads the open
notes of card certificates that fell, by a partial index, and never the pairs.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from ca import clock, history, journal, revocation
from ca.models import CardRevocation, Certificate, Realm, Recheck
from ca.profiles import Medium
from ca.revocation import LIVING, Cause

BATCH = 1000  # card certificates a transaction

_REVOKE_POSTGRESQL = """
UPDATE ca_certificate AS phone
   SET status = %s, cause = %s, revoked_at = %s, changed_at = %s, crl_entry = fallen.entry
  FROM unnest(%s::bigint[], %s::bytea[]) AS fallen (id, entry)
 WHERE phone.id = fallen.id
"""
_REVOKE = """
UPDATE ca_certificate SET status = %s, cause = %s, revoked_at = %s, changed_at = %s, crl_entry = %s WHERE id = %s
"""


def watch(certificates: Iterable[Certificate]) -> None:
    """Take newly issued certificates under linkage, in the transaction that stores them; cards' own are left out."""
    phones = [certificate for certificate in certificates if certificate.linked_to_id is not None]
    if not phones:
        return
    Recheck.objects.bulk_create(
        Recheck(realm_id=phone.realm_id, certificate=phone, due_at=phone.changed_at + timedelta(hours=hours))
        for phone in phones
        for hours in settings.LINKAGE_RECHECK_HOURS
    )
    # One whose card certificate fell while it was being signed must not slip through: the note is open again.
    CardRevocation.objects.filter(card__in=[phone.linked_to_id for phone in phones]).update(settled_at=None)


def due(realm: Realm, now: datetime) -> QuerySet[CardRevocation]:
    """Return the open notes whose grace is over, oldest first."""
    limit = now - timedelta(seconds=settings.LINKAGE_GRACE_SECONDS)
    return CardRevocation.objects.filter(realm=realm, settled_at=None, revoked_at__lte=limit).order_by("revoked_at")


def standing_on(cards: Sequence[int]) -> QuerySet[Certificate]:
    """Return the living phone certificates that stand on card certificates, by id."""
    return Certificate.objects.filter(linked_to__in=cards, medium=Medium.PHONE, status__in=LIVING).order_by("pk")


def sweep(realm: Realm, now: datetime | None = None) -> list[Certificate]:
    """Revoke the realm's phone certificates whose card certificate is revoked for longer than the grace.

    Returns those that this run revoked, pending ones too. Two runs at once share the work and do no harm.
    """
    at = now if now is not None else clock.now(realm)
    revoked: list[Certificate] = []
    try:
        # Idle, one read of an empty index. The oldest and not any: unordered, and where the statistics still know many
        # open notes, PostgreSQL would look for one through all that were ever made.
        while due(realm, at).values_list("pk").first() is not None:
            revoked += _sweep_batch(realm, at)
    finally:
        # Once a partition and not once a batch. Should we die before, the lists are due all the same.
        revocation.wake({phone.partition_id for phone in revoked})
    return revoked


def _sweep_batch(realm: Realm, now: datetime) -> list[Certificate]:
    with transaction.atomic():
        # The realm's turn: what is read from here on no other run, nor the holder, changes before we commit.
        journal.take(realm)
        # Ids, not a join: so that no plan can come to read the pairs, whatever the statistics say.
        cards = list(due(realm, now).values_list("card_id", flat=True)[:BATCH])
        phones = list(
            standing_on(cards)
            .select_related("linked_to")
            .only(
                "serial_number",
                "purpose",
                "medium",
                "status",
                "partition_id",
                "linked_to__serial_number",
                "linked_to__revoked_at",
                "linked_to__changed_at",
            )
        )
        journal.record_all(realm, [_fall(phone, now) for phone in phones])
        _revoke(phones, now)
        due(realm, now).filter(card__in=cards).update(settled_at=now)
        revocation.note({phone.partition_id for phone in phones})
    return phones


def _fall(phone: Certificate, now: datetime) -> journal.Happening:
    card = phone.linked_to
    assert card is not None  # noqa: S101  (the query)
    return journal.Happening(
        revocation.JOURNALED[revocation.Event.REVOKE],
        phone.serial_number,
        {
            "purpose": phone.purpose,
            "medium": phone.medium,
            "before": phone.status,
            "after": Certificate.Status.REVOKED.value,
            "cause": Cause.CARD_CERTIFICATE_REVOKED.value,
            "since": history.instant(now),
            "card_certificate": card.serial_number,
            "lag_milliseconds": revocation.lag_milliseconds(card, now),
        },
    )


def _revoke(phones: Sequence[Certificate], now: datetime) -> None:
    """Write the end of phone certificates, in one statement on PostgreSQL."""
    for phone in phones:
        phone.status, phone.cause = Certificate.Status.REVOKED, Cause.CARD_CERTIFICATE_REVOKED
        phone.revoked_at = phone.changed_at = now
        phone.crl_entry = revocation.crl_entry(phone.serial_number, cause=phone.cause, at=now)
    same: list[Any] = [Certificate.Status.REVOKED.value, Cause.CARD_CERTIFICATE_REVOKED.value, now, now]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns: list[Any] = [[phone.pk for phone in phones], [phone.crl_entry for phone in phones]]
            cursor.execute(_REVOKE_POSTGRESQL, same + columns)
        else:
            rows: list[list[Any]] = [[*same, phone.crl_entry, phone.pk] for phone in phones]
            cursor.executemany(_REVOKE, rows)


# --- Looked at again -------------------------------------------------------------------------------------------------
def recheck(realm: Realm, now: datetime | None = None) -> list[Certificate]:
    """Look again at the card certificates behind phone certificates whose hour has come; safe to run at once.

    A phone certificate that lives although its card certificate is revoked falls here, whatever else missed it; each
    look is journaled with what it found. Returns those that fell.
    """
    at = now if now is not None else clock.now(realm)
    open_looks = Recheck.objects.filter(realm=realm, done_at=None, due_at__lte=at)
    fallen: list[Certificate] = []
    while open_looks.order_by("due_at").values_list("pk").first() is not None:  # as in a sweep
        with transaction.atomic():
            journal.take(realm)
            looks = list(open_looks.select_related("certificate__linked_to").order_by("due_at", "pk")[:BATCH])
            journal.record_all(realm, [_look(look) for look in looks])
            # Two looks at one certificate may be due together: it falls once.
            lost = {look.certificate_id: look.certificate for look in looks if _lost(look.certificate)}
            for phone in lost.values():
                assert phone.linked_to is not None  # noqa: S101  (_lost)
                revocation.take_along(phone, phone.linked_to, now=at)
            Recheck.objects.filter(pk__in=[look.pk for look in looks]).update(done_at=at)
        fallen += lost.values()
    return fallen


def _lost(phone: Certificate) -> bool:
    card = phone.linked_to
    return card is not None and card.status == Certificate.Status.REVOKED and phone.status in LIVING


def _look(look: Recheck) -> journal.Happening:
    phone = look.certificate
    card = phone.linked_to
    assert card is not None  # noqa: S101  (watch)
    issued = phone.not_before
    return journal.Happening(
        "linkage.rechecked",
        phone.serial_number,
        {
            "purpose": phone.purpose,
            "status": phone.status,
            "card_certificate": card.serial_number,
            "card_status": card.status,
            "hours_after_issue": round((look.due_at - issued) / timedelta(hours=1)),
        },
    )
