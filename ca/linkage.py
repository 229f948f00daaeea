"""Linkage: a phone certificate falls with the card certificate that it stands on.

連動失効: the phone certificate is revoked automatically, after a check at intervals and a grace that policy sets
(briefing, カード用電子証明書との関連性 3). By the setting LINKAGE_AT_ONCE `ca.revocation` does it in the card
certificate's own transaction; the sweep finds what that missed. It costs what fell, not what exists: it reads the open
notes of card certificates that fell, by a partial index, and never the pairs.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from ca import clock, journal, revisions, revocation
from ca.models import CardRevocation, Certificate, Realm, Recheck
from ca.profiles import Medium
from ca.revocation import LIVING, Cause

BATCH = 1000  # card certificates a transaction


class _Phone(NamedTuple):
    """What a fall needs of a phone certificate; `card_id` and `card` (a serial number) are of what it stands on."""

    pk: int
    partition_id: int
    serial_number: str
    purpose: str
    medium: str
    status: str
    card_id: int
    card: str
    card_fell_at: datetime


_READ = (
    "pk", "partition_id", "serial_number", "purpose", "medium", "status", "linked_to_id", "linked_to__serial_number",
)  # fmt: skip


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
    # One from the realm's future (its clock was set back) is due as well: what is revoked stays so.
    over = Q(revoked_at__lte=limit) | Q(revoked_at__gt=now)
    return CardRevocation.objects.filter(over, realm=realm, settled_at=None).order_by("revoked_at")


def sweep(realm: Realm, now: datetime | None = None) -> list[int]:
    """Revoke the realm's phone certificates whose card certificate is revoked for longer than the grace.

    Returns the ids of those that this run revoked, pending ones too. Two runs at once share the work and do no harm.
    """
    at = now if now is not None else clock.now(realm)
    fallen: list[_Phone] = []
    try:
        # Idle, one read of an empty index. The oldest and not any: unordered, and where the statistics still know many
        # open notes, PostgreSQL would look for one through all that were ever made.
        while due(realm, at).values_list("pk").first() is not None:
            fallen += _sweep_batch(realm, at)
    finally:
        # Once a partition and not once a batch. Should we die before, the lists are due all the same.
        revisions.wake({phone.partition_id for phone in fallen})
    return [phone.pk for phone in fallen]


def _sweep_batch(realm: Realm, now: datetime) -> list[_Phone]:
    with transaction.atomic():
        # The realm's turn: what is read from here on no other run, nor the holder, changes before we commit.
        journal.take(realm)
        # Ids, not a join: so that no plan can come to read the pairs, whatever the statistics say.
        cards = list(due(realm, now).values_list("card_id", flat=True)[:BATCH])
        phones = _read(Certificate.objects.filter(linked_to__in=cards, medium=Medium.PHONE, status__in=LIVING))
        _fell(realm, phones, now)
        settled = due(realm, now).filter(card__in=cards)
        # Each note is written once: first those that took phones along, then what is left.
        settled.filter(card__in={phone.card_id for phone in phones}).update(settled_at=now, phones_fell_at=now)
        settled.update(settled_at=now)
    return phones


def _read(phones: QuerySet[Certificate]) -> list[_Phone]:
    # A card certificate's row that was changed past ca.revocation may not say when it was revoked.
    fell_at = Coalesce("linked_to__revoked_at", "linked_to__changed_at")
    return [_Phone(*row) for row in phones.order_by("pk").values_list(*_READ, fell_at)]


def _fell(realm: Realm, phones: Sequence[_Phone], now: datetime) -> None:
    """Revoke living phone certificates with their cards', in the realm's turn, and note their lists."""

    def more(phone: _Phone) -> dict[str, Any]:
        lag = revocation.lag_milliseconds(phone.card_fell_at, now)
        return {"card_certificate": phone.card, "lag_milliseconds": lag}

    revocation.revoke_together(realm, phones, cause=Cause.CARD_CERTIFICATE_REVOKED, now=now, more=more)
    revisions.note({phone.partition_id for phone in phones})


# --- Looked at again -------------------------------------------------------------------------------------------------
class _Look(NamedTuple):
    """A look that is due, and what it finds."""

    pk: int
    due_at: datetime
    phone: int
    serial_number: str
    purpose: str
    status: str
    issued: datetime
    card: str
    card_status: str


_LOOK = ("serial_number", "purpose", "status", "not_before", "linked_to__serial_number", "linked_to__status")


def recheck(realm: Realm, now: datetime | None = None) -> list[int]:
    """Look again at the card certificates behind phone certificates whose hour has come; safe to run at once.

    A phone certificate that lives although its card certificate is revoked falls here, whatever else missed it; each
    look is journaled with what it found. Returns the ids of those that fell.
    """
    at = now if now is not None else clock.now(realm)
    open_looks = Recheck.objects.filter(realm=realm, done_at=None, due_at__lte=at)
    fallen: list[_Phone] = []
    try:
        while open_looks.order_by("due_at").values_list("pk").first() is not None:  # as in a sweep
            fallen += _recheck_batch(realm, open_looks, at)
    finally:
        revisions.wake({phone.partition_id for phone in fallen})
    return [phone.pk for phone in fallen]


def _recheck_batch(realm: Realm, open_looks: QuerySet[Recheck], now: datetime) -> list[_Phone]:
    with transaction.atomic():
        journal.take(realm)
        found = open_looks.order_by("due_at", "pk").values_list(
            "pk", "due_at", "certificate_id", *(f"certificate__{name}" for name in _LOOK)
        )
        looks = [_Look(*row) for row in found[:BATCH]]
        journal.record_all(realm, [_happening(look) for look in looks])
        # Two looks at one certificate may be due together: it falls once.
        lost = {look.phone for look in looks if _lost(look)}
        phones = _read(Certificate.objects.filter(pk__in=lost)) if lost else []
        _fell(realm, phones, now)
        CardRevocation.objects.filter(card__in={phone.card_id for phone in phones}).update(phones_fell_at=now)
        Recheck.objects.filter(pk__in=[look.pk for look in looks]).update(done_at=now)
    return phones


def _lost(look: _Look) -> bool:
    return look.card_status == Certificate.Status.REVOKED and look.status in LIVING


def _happening(look: _Look) -> journal.Happening:
    return journal.Happening(
        "linkage.rechecked",
        look.serial_number,
        {
            "purpose": look.purpose,
            "status": look.status,
            "card_certificate": look.card,
            "card_status": look.card_status,
            "hours_after_issue": round((look.due_at - look.issued) / timedelta(hours=1)),
        },
    )
