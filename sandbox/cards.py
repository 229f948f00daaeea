"""The citizens' cards: making one, having it certified, and what happens to some of them."""

from celery import shared_task
from django.db import transaction

from ca import clock, issuance, journal, messages, revocation
from ca.models import Authority, Certificate, Issuance, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from sandbox import citizens, power, sealing
from sandbox.citizens import Secrets
from sandbox.models import Citizen, VirtualCard
from sandbox.personas import Card, Persona
from sandbox.virtual.card import MyNumberCard
from tsm import jpki
from tsm.jpki import Key
from tsm.purposes import KEYS, PURPOSES
from tsm.transports.base import ReaderBusy


def create(realm: Realm, persona: Persona) -> tuple[VirtualCard, list[Issuance]]:
    """Make a persona with holder, card and both keys, and ask for the certificates; what is there stays."""
    return make(citizens.settle(realm, persona))


def make(citizen: Citizen) -> tuple[VirtualCard, list[Issuance]]:
    """Make the citizen's first card with its keys, and ask for the certificates; what is there stays.

    Whoever calls wakes the workers that issue them (`ca.issue`), or issues them itself. Needs the seal key.
    """
    existing = citizens.card_of(citizen)
    if existing is not None:
        return existing, _requests(existing)
    chip = _manufacture(citizens.secrets_of(citizen))
    with transaction.atomic():
        card, made = VirtualCard.objects.get_or_create(
            holder=citizen.holder,
            defaults={
                "realm": citizen.realm,
                "persona": citizen.code,
                "sealed_state": sealing.seal(chip.snapshot()),
            },
        )
        # Of two who made one at once, the first's is the citizen's.
        return card, _ask(card, chip) if made else _requests(card)


def replace(card: VirtualCard, known: Secrets | None = None) -> bool:
    """Give the holder a new card at the counter: new keys, the old certificates superseded; workers certify it.

    With `known` it has other passwords than the one before. Return False while the one before isn't finished yet.
    Raises `ReaderBusy` when somebody has the card in a reader.
    """
    if any(asked.state not in Issuance.FINAL for asked in _requests(card)):
        return False
    citizen = citizen_of(card)
    chip = _manufacture(known or citizens.secrets_of(citizen))
    now = clock.now(card.realm)
    with power.card_slot(card) as put_in, transaction.atomic():
        journal.take(card.realm)
        if not VirtualCard.objects.filter(pk=card.pk, edition=card.edition).update(edition=card.edition + 1):
            return False
        card.edition += 1
        for certificate in valid_certificates(card):
            revocation.revoke(certificate, cause=Cause.SUPERSEDED, now=now)
        put_in(chip.snapshot())
        if known is not None:
            citizens.remember(citizen, known)
        ids = [asked.pk for asked in _ask(card, chip)]
    # When the reader is free again: what was issued is written into the card.
    transaction.on_commit(lambda: messages.send("ca.issue", ids))
    return True


def write_certificates(card: VirtualCard) -> None:
    """Write the certificates that were issued for the card's present edition into it, with those of the authorities."""
    certificates: dict[int, bytes] = {}
    for key, purpose in PURPOSES.items():
        authority = Authority.objects.get(realm=card.realm, purpose=purpose)
        certificates[key.ca_certificate_file] = bytes(authority.generations.latest("number").certificate)
    for asked in _requests(card):
        key = KEYS[Purpose(asked.purpose)]
        if asked.certificate is not None:
            certificates[key.certificate_file] = bytes(asked.certificate.der)
            # All generations bear one name: the card carries the one that signed.
            certificates[key.ca_certificate_file] = bytes(asked.certificate.generation.certificate)
    with power.card_chip(card) as chip:
        chip.write_certificates(certificates)


def finish(card: VirtualCard) -> None:
    """Write what was issued into the card; the first time, do to it what its citizen stands for. Safe to run again."""
    write_certificates(card)
    if not is_certified(card):
        return
    if not card.ready:
        befall(card)
    VirtualCard.objects.filter(pk=card.pk, edition=card.edition).update(ready=True, written=card.edition)


def befall(card: VirtualCard) -> None:
    """Do to a citizen's card what the citizen stands for."""
    condition = citizen_of(card).condition
    now = clock.now(card.realm)
    signature = card_certificate(card, Purpose.SIGNATURE)
    if condition == Card.REVOKED and signature is not None and signature.status == Certificate.Status.VALID:
        revocation.revoke(signature, cause=Cause.ATTRIBUTES_CHANGED, now=now)
    if condition == Card.ON_HOLD and signature is not None and signature.status == Certificate.Status.VALID:
        revocation.hold(signature, cause=Cause.LOSS, now=now)
    if condition == Card.BLOCKED:
        with power.card(card) as chip:
            chip.transmit(jpki.select_application().encode())
            chip.transmit(jpki.select_file(jpki.File.SIGNATURE_PASSWORD).encode())
            for _ in range(Key.SIGNATURE.tries):
                chip.transmit(jpki.verify(b"WRONG0").encode())


def card_certificate(card: VirtualCard, purpose: Purpose) -> Certificate | None:
    """Return the newest card certificate of that purpose, or None."""
    return Certificate.objects.filter(holder=card.holder, medium=Medium.CARD, purpose=purpose).order_by("-pk").first()


def valid_certificates(card: VirtualCard) -> list[Certificate]:
    """Return the card's certificates that can still be revoked."""
    return list(
        Certificate.objects.filter(holder=card.holder, medium=Medium.CARD).exclude(status=Certificate.Status.REVOKED)
    )


def is_certified(card: VirtualCard) -> bool:
    """Tell whether every certificate that was asked for is issued, or refused."""
    return all(asked.state in Issuance.FINAL for asked in _requests(card))


def is_ready(card: VirtualCard) -> bool:
    """Tell whether the card is certified, and what its citizen stands for has been done to it."""
    return VirtualCard.objects.get(pk=card.pk).is_ready


def citizen_of(card: VirtualCard) -> Citizen:
    """Return whose card it is."""
    return Citizen.objects.select_related("realm", "holder").get(holder=card.holder_id)


@shared_task(name="factory.write_card_certificates", autoretry_for=(ReaderBusy,), retry_backoff=True, max_retries=5)
def write_card_certificates(card_id: int) -> None:
    """Finish the card."""
    finish(VirtualCard.objects.select_related("realm", "holder").get(pk=card_id))


def _manufacture(known: Secrets) -> MyNumberCard:
    return MyNumberCard.manufacture(
        authentication_pin=known.user_authentication,
        signature_password=known.signature or None,
        with_signature=bool(known.signature),
    )


def _ask(card: VirtualCard, chip: MyNumberCard) -> list[Issuance]:
    asked = []
    for key, purpose in PURPOSES.items():
        if not chip.has(key):
            continue
        asked.append(
            issuance.request(
                realm=card.realm,
                purpose=purpose,
                medium=Medium.CARD,
                holder=card.holder,
                public_key=chip.public_key(key),
                request_key=_request_key(card, purpose),
                continuation={"task": "factory.write_card_certificates", "args": [card.pk]},
            )
        )
    return asked


def _requests(card: VirtualCard) -> list[Issuance]:
    keys = [_request_key(card, purpose) for purpose in Purpose]
    return list(Issuance.objects.filter(request_key__in=keys).select_related("certificate"))


def _request_key(card: VirtualCard, purpose: Purpose) -> str:
    return f"virtual-card:{card.pk}:{card.edition}:{purpose}"
