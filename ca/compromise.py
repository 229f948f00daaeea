"""The fall of a generation: all that one key of an authority has signed is revoked, for others may have the key.

An officer decides it once, for all; it is carried out in lots of one transaction each. What is left to do is what still
lives, so whoever was interrupted runs it again. It needs no key.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, QuerySet

from ca import clock, journal, revisions, revocation
from ca.errors import GenerationStillSigns, NoAuthority
from ca.models import CardRevocation, Certificate, Generation, Issuance, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import LIVING, Cause

CONDEMNED = "officer.condemned"
LOT = 500  # certificates of the generation a transaction, and what stands on them


class _Row(NamedTuple):
    """What a fall needs of a certificate; `card` is the serial number of what it stands on."""

    pk: int
    partition_id: int
    serial_number: str
    purpose: str
    medium: str
    status: str
    card: str | None
    generation_id: int


_READ = ("pk", "partition_id", "serial_number", "purpose", "medium", "status", "linked_to__serial_number")


@dataclass(frozen=True)
class Standing:
    """What stands on a generation's key now: certificates that live and have not ended, by medium and status."""

    living: dict[tuple[str, str], int]
    along: int  # phone certificates of other generations that stand on its cards' and fall with them
    under_way: int  # requests that it is to sign, or may have signed


@dataclass
class Fallen:
    """What a run revoked."""

    condemned: int = 0  # for the key
    along: int = 0  # phone certificates of other generations, with their cards'
    partitions: set[int] = field(default_factory=set)


def find(realm: Realm, purpose: Purpose, number: int) -> Generation:
    """Return an authority's generation. Raises NoAuthority."""
    generations = Generation.objects.filter(authority__realm=realm, authority__purpose=purpose.value)
    generation = generations.select_related("authority__realm").filter(number=number).first()
    if generation is None:
        raise NoAuthority(f"{realm.slug} has no generation {number} for {purpose.slug}")
    return generation


def standing(generation: Generation) -> Standing:
    """Count what would fall; it reads the realm's certificates once."""
    now = clock.now(generation.authority.realm)
    living = _living(generation, now)
    counted = living.values_list("medium", "status").annotate(count=Count("pk")).order_by("medium", "status")
    along = Certificate.objects.filter(
        linked_to__in=living.filter(medium=Medium.CARD), medium=Medium.PHONE, status__in=LIVING
    ).exclude(generation=generation)
    under_way = Issuance.objects.filter(partition__generation=generation, certificate=None, error_code="")
    return Standing({(medium, status): count for medium, status, count in counted}, along.count(), under_way.count())


def condemn(
    generation: Generation, *, officer: str, ground: str, tell: Callable[[Fallen], None] = lambda fallen: None
) -> Fallen:
    """Revoke all that a generation signed, lot by lot, with the phone certificates on its cards'; return what fell.

    From the decision on it is on no trust list.

    `officer` and `ground` stand in the journal before the first; `tell` is called after each lot. Two runs at once
    share the work and do no harm. Raises GenerationStillSigns while no later one signs in its place.
    """
    if not officer.strip() or not ground.strip():
        raise ValueError("a decision needs the officer's name and a ground")
    authority = generation.authority
    realm = authority.realm
    if not Generation.objects.filter(authority=authority, number__gt=generation.number).exists():
        raise GenerationStillSigns(
            f"{generation} is the newest: what is issued next would be signed by it again. Make the next one first"
        )
    with transaction.atomic():
        journal.take(realm)
        Generation.objects.filter(pk=generation.pk, condemned_at=None).update(condemned_at=clock.now(realm))
        # What has a serial number and nothing to be signed yet gets another one, under the key of now.
        Issuance.objects.filter(partition__generation=generation, state=Issuance.State.RESERVED).update(
            state=Issuance.State.REQUESTED, serial_number="", lease_until=None
        )
        journal.record(
            realm,
            CONDEMNED,
            f"{authority.purpose}/{generation.number}",
            key=generation.subject_key_identifier,
            cause=Cause.AUTHORITY_KEY_COMPROMISE.value,
            officer=officer,
            ground=ground,
        )
    fallen = Fallen()
    after: int | None = 0
    try:
        # By id, so each lot goes on behind the last one; what is stored meanwhile has higher ids.
        while after is not None:
            after = _lot(generation, after, fallen)
            tell(fallen)
    finally:
        # Once a partition and not once a lot. Should we die before, the lists are due all the same.
        revisions.wake(fallen.partitions)
    return fallen


def _living(generation: Generation, now: datetime) -> "QuerySet[Certificate]":
    # What has ended is believed by nobody, and stands on no list.
    return Certificate.objects.filter(generation=generation, status__in=LIVING, not_after__gte=now)


def _lot(generation: Generation, after: int, fallen: Fallen) -> int | None:
    """Revoke the next of them; return the id of the last, or None when there was none."""
    realm = generation.authority.realm
    with transaction.atomic():
        # The realm's turn: what is read from here on nobody else changes before we commit.
        journal.take(realm)
        now = clock.now(realm)
        own = _read(_living(generation, now).filter(pk__gt=after).order_by("pk")[:LOT])
        if not own:
            return None
        cards = {row.pk: row.serial_number for row in own if row.medium == Medium.CARD}
        known = {row.pk for row in own}
        standing_on = Certificate.objects.filter(linked_to__in=list(cards), medium=Medium.PHONE, status__in=LIVING)
        phones = [row for row in _read(standing_on.order_by("pk")) if row.pk not in known]
        # One that the same key signed falls for the key, not for its card.
        condemned = [*own, *(row for row in phones if row.generation_id == generation.pk)]
        along = [row for row in phones if row.generation_id != generation.pk]
        revocation.revoke_together(realm, condemned, cause=Cause.AUTHORITY_KEY_COMPROMISE, now=now)
        revocation.revoke_together(
            realm,
            along,
            cause=Cause.CARD_CERTIFICATE_REVOKED,
            now=now,
            more=lambda row: {"card_certificate": row.card, "lag_milliseconds": 0},
        )
        # Settled: what stood on them has fallen. One that is being signed opens its note again (ca.linkage).
        took = {row.card for row in along}
        notes = (
            CardRevocation(
                realm=realm, card_id=pk, revoked_at=now, settled_at=now, phones_fell_at=now if serial in took else None
            )
            for pk, serial in cards.items()
        )
        CardRevocation.objects.bulk_create(notes, ignore_conflicts=True)
        touched = {row.partition_id for row in (*condemned, *along)}
        revisions.note(touched)
    fallen.condemned += len(condemned)
    fallen.along += len(along)
    fallen.partitions |= touched
    return own[-1].pk


def _read(certificates: "QuerySet[Certificate]") -> list[_Row]:
    return [_Row(*row) for row in certificates.values_list(*_READ, "generation_id")]
