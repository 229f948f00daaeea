"""The personas' cards: making one, having it certified, and what happens to some of them."""

from celery import shared_task
from django.db import transaction

from ca import clock, issuance, journal, messages, revocation
from ca.models import Authority, Certificate, Holder, Issuance, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from sandbox import personas, power, sealing
from sandbox.models import VirtualCard
from sandbox.personas import Card, Persona
from sandbox.virtual.card import MyNumberCard
from tsm import jpki
from tsm.jpki import Key
from tsm.purposes import KEYS, PURPOSES
from tsm.transports.base import ReaderBusy


def create(realm: Realm, persona: Persona) -> tuple[VirtualCard, list[Issuance]]:
    """Make a persona with holder, card and both keys, and ask for the certificates; what is there stays."""
    existing = VirtualCard.objects.filter(realm=realm, persona=persona.code).first()
    if existing is not None:
        return existing, _requests(existing)
    # The machine's time: a realm that is being furnished stands in the past, and the birthday counts from today.
    born_on = personas.born_on(persona, clock.machine())
    chip = _manufacture(persona)
    with transaction.atomic():
        holder = Holder.objects.create(
            realm=realm,
            name=persona.name,
            name_substitution="0" * len(persona.name),
            sex=persona.sex,
            birth_date=personas.era_date(born_on),
            born_on=born_on,
            address=persona.address,
            address_substitution="0" * len(persona.address),
            prefecture=persona.prefecture,
            municipality=persona.municipality,
            municipality_code=persona.municipality_code,
        )
        card = VirtualCard.objects.create(
            realm=realm, persona=persona.code, holder=holder, sealed_state=sealing.seal(chip.snapshot())
        )
        return card, _ask(card, chip)


def replace(card: VirtualCard) -> bool:
    """Give the holder a new card at the counter: new keys, the old certificates superseded; workers certify it.

    Return False while the one before isn't finished yet. Raises `ReaderBusy` when somebody has the card in a reader.
    """
    if any(asked.state not in Issuance.FINAL for asked in _requests(card)):
        return False
    chip = _manufacture(_persona(card))
    now = clock.now(card.realm)
    with power.card_slot(card) as put_in, transaction.atomic():
        journal.take(card.realm)
        if not VirtualCard.objects.filter(pk=card.pk, edition=card.edition).update(edition=card.edition + 1):
            return False
        card.edition += 1
        for certificate in valid_certificates(card):
            revocation.revoke(certificate, cause=Cause.SUPERSEDED, now=now)
        put_in(chip.snapshot())
        ids = [asked.pk for asked in _ask(card, chip)]
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


def befall(card: VirtualCard) -> None:
    """Do to a persona's card what the persona stands for."""
    persona = _persona(card)
    now = clock.now(card.realm)
    signature = card_certificate(card, Purpose.SIGNATURE)
    if persona.card is Card.REVOKED and signature is not None and signature.status == Certificate.Status.VALID:
        revocation.revoke(signature, cause=Cause.ATTRIBUTES_CHANGED, now=now)
    if persona.card is Card.ON_HOLD and signature is not None and signature.status == Certificate.Status.VALID:
        revocation.hold(signature, cause=Cause.LOSS, now=now)
    if persona.card is Card.BLOCKED:
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


@shared_task(name="factory.write_card_certificates", autoretry_for=(ReaderBusy,), retry_backoff=True, max_retries=5)
def write_card_certificates(card_id: int) -> None:
    write_certificates(VirtualCard.objects.select_related("realm", "holder").get(pk=card_id))


def _persona(card: VirtualCard) -> Persona:
    persona = personas.find(card.persona)
    if persona is None:
        raise ValueError(f"there is no persona {card.persona!r}")
    return persona


def _manufacture(persona: Persona) -> MyNumberCard:
    with_signature = persona.card is not Card.CHILD
    return MyNumberCard.manufacture(
        authentication_pin=persona.authentication_pin,
        signature_password=persona.signature_password if with_signature else None,
        with_signature=with_signature,
    )


def _ask(card: VirtualCard, chip: MyNumberCard) -> list[Issuance]:
    asked = []
    for key, purpose in PURPOSES.items():
        if key is Key.SIGNATURE and _persona(card).card is Card.CHILD:
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
