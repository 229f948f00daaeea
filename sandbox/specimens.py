"""Specimens: a certificate of each kind in each state, with its key, to test with.

They are issued by the workspace's authorities like any other, to invented holders of their own; only their keys are in
no chip, so that they can be handed out. What isn't valid any more has really become so: it was held, revoked, or issued
so long ago.
"""

import uuid
from datetime import timedelta
from typing import Any

from celery import shared_task
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from django.db import transaction
from django.db.models import QuerySet

from ca import assembly, clock, issuance, journal, messages, revocation
from ca.causes import RULES, Cause, Event
from ca.models import Certificate, Holder, Issuance, Realm
from ca.profiles import RSA_BITS, RSA_EXPONENT, Medium, Purpose
from sandbox import personas, sealing
from sandbox.errors import CauseUnfit, NoneExpired
from sandbox.models import Specimen
from sandbox.personas import Card

Wanted = Specimen.Wanted
LAND = {
    "name": "見本　一",
    "sex": "3",
    "address": "東京都見本市見本町１－１",
    "prefecture": "Tokyo-to",
    "municipality": "Mihon-shi",
    "municipality_code": "13999",
}


def ask(realm: Realm, *, purpose: Purpose, medium: Medium, wanted: str, cause: str = "") -> Specimen:
    """Ask for a certificate with its key in the state that is wanted; workers issue it. Needs the seal key.

    Expired ones were issued when the workspace was made: the one of this kind is returned. Raises CauseUnfit, for a
    cause that can't revoke such a certificate, NoneExpired where the workspace has none.
    """
    if wanted == Wanted.EXPIRED:
        return _expired(realm, purpose, medium)
    if wanted == Wanted.REVOKED:
        cause = cause or str(Cause.HOLDER_REQUEST)
        rule = RULES.get(cause)
        if rule is None or Event.REVOKE not in rule.events or medium not in rule.media or purpose not in rule.purposes:
            raise CauseUnfit("no certificate of this kind is revoked for that cause", cause=cause)
    elif cause:
        raise CauseUnfit("a cause is for a revocation", cause=cause)
    with transaction.atomic():
        holder = _holder(realm)
        base = None
        if medium is Medium.PHONE:
            base = _make(realm, holder, purpose, Medium.CARD, Wanted.VALID)
        made = _make(realm, holder, purpose, medium, wanted, base=base, cause=cause)
        first = base or made
        _request(first)
        issuance_id = first.issuance_id
        transaction.on_commit(lambda: messages.send("ca.issue", [issuance_id]))
    return made


def of(realm: Realm) -> QuerySet[Specimen]:
    """Return the realm's specimens, newest last, but for the cards' that only carry a phone's."""
    return Specimen.objects.filter(realm=realm).select_related("certificate__generation", "issuance").order_by("pk")


def find(realm: Realm, reference: uuid.UUID | str) -> Specimen | None:
    """Return the realm's specimen of that reference, or None."""
    return of(realm).filter(reference=reference).first()


def key_of(certificate: Certificate) -> rsa.RSAPrivateKey | None:
    """Return the private key of a certificate that is a specimen's, or None. Needs the seal key."""
    found = Specimen.objects.filter(certificate=certificate).first()
    return private_key(found) if found is not None else None


def private_key(specimen: Specimen) -> rsa.RSAPrivateKey:
    """Return the specimen's private key. Needs the seal key."""
    key = load_der_private_key(sealing.unseal(bytes(specimen.sealed_key)), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a specimen's key is RSA")
    return key


def settle(specimen: Specimen) -> None:
    """Go on with a specimen of which something was issued. Safe to run again."""
    _take(specimen)
    follower = Specimen.objects.filter(base=specimen, issuance=None).select_related("realm", "holder").first()
    if follower is not None and specimen.certificate is not None:
        with transaction.atomic():
            _request(follower)
            issuance_id = follower.issuance_id
            transaction.on_commit(lambda: messages.send("ca.issue", [issuance_id]))


# --- those that have expired --------------------------------------------------------------------------------
def make_expired(realm: Realm) -> None:
    """Make, in a realm whose clock stands in the past, one of each kind that will have expired. Safe to run again."""
    if Specimen.objects.filter(realm=realm, wanted=Wanted.EXPIRED).exists():
        return
    with transaction.atomic():
        aoi = next(persona for persona in personas.PERSONAS if persona.card is Card.EXPIRED)
        holder = _holder(realm, born_on=personas.born_on(aoi, clock.machine()))
        for purpose in Purpose:
            card = _make(realm, holder, purpose, Medium.CARD, Wanted.EXPIRED)
            _make(realm, holder, purpose, Medium.PHONE, Wanted.EXPIRED, base=card)
            _request(card)


def follow_expired(realm: Realm) -> None:
    """Take what was issued of them, and ask for the phones' whose card's there is, with the clock still in the past."""
    expired = Specimen.objects.filter(realm=realm, wanted=Wanted.EXPIRED).select_related("realm", "holder")
    for specimen in expired:
        _take(specimen)
    for specimen in expired.filter(base__certificate__isnull=False, issuance=None).select_related("base__certificate"):
        _request(specimen)


def _expired(realm: Realm, purpose: Purpose, medium: Medium) -> Specimen:
    found = of(realm).filter(wanted=Wanted.EXPIRED, purpose=purpose, medium=medium, certificate__isnull=False).first()
    if found is None:
        raise NoneExpired("the workspace is from before there were any: move its clock instead")
    return found


# --- how one comes into being -------------------------------------------------------------------------------
def _make(
    realm: Realm,
    holder: Holder,
    purpose: Purpose,
    medium: Medium,
    wanted: str,
    *,
    base: Specimen | None = None,
    cause: str = "",
) -> Specimen:
    key = rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)
    octets = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Specimen.objects.create(
        realm=realm,
        holder=holder,
        purpose=purpose.value,
        medium=medium.value,
        wanted=wanted,
        cause=cause,
        base=base,
        sealed_key=sealing.seal(octets),
        public_key=key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        made_at=clock.machine(),
    )


def _holder(realm: Realm, **more: Any) -> Holder:
    fields: dict[str, Any] = {**LAND, "born_on": clock.today(realm) - 30 * personas.YEAR - timedelta(days=40)}
    fields |= more
    return Holder.objects.create(
        realm=realm,
        **fields,
        birth_date=assembly.era_date(fields["born_on"]),
        name_substitution="0" * len(LAND["name"]),
        address_substitution="0" * len(LAND["address"]),
    )


def _request(specimen: Specimen) -> None:
    """Ask the authorities for the specimen's certificate."""
    asked = issuance.request(
        realm=specimen.realm,
        purpose=Purpose(specimen.purpose),
        medium=Medium(specimen.medium),
        holder=specimen.holder,
        public_key=bytes(specimen.public_key),
        linked_to=specimen.base.certificate if specimen.base is not None else None,
        pending=specimen.wanted == Wanted.PENDING,
        request_key=f"specimen:{specimen.reference}",
        continuation={"task": "sandbox.settle_specimen", "args": [specimen.pk]},
    )
    specimen.issuance = asked
    Specimen.objects.filter(pk=specimen.pk).update(issuance=asked)


def _take(specimen: Specimen) -> None:
    """Bring what was issued to the state that is wanted. Safe to run again, and at once."""
    if specimen.ready_at is not None or specimen.issuance_id is None:
        return
    asked = Issuance.objects.select_related("certificate__realm").get(pk=specimen.issuance_id)
    found = asked.certificate
    if found is None:
        return
    now = clock.now(specimen.realm)
    with transaction.atomic():
        journal.take(specimen.realm)
        claimed = Specimen.objects.filter(pk=specimen.pk, ready_at=None).update(
            certificate=found, ready_at=clock.machine()
        )
        if not claimed:
            return
        specimen.certificate = found
        if specimen.wanted == Wanted.ON_HOLD:
            revocation.hold(found, cause=Cause.LOSS, now=now)
        elif specimen.wanted == Wanted.REVOKED:
            revocation.revoke(found, cause=specimen.cause, now=now)


@shared_task(name="sandbox.settle_specimen")
def settle_task(specimen_id: int) -> None:
    settle(Specimen.objects.select_related("realm", "holder", "issuance").get(pk=specimen_id))
