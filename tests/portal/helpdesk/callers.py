"""Holders with a phone enrolled, made of rows and real certificates; no element answers behind them."""

import secrets
import uuid

from ca import clock
from ca.models import Certificate, Holder
from ca.profiles import Purpose
from tests.ca.fixtures import issue_all_four
from tsm.models import Enrolment, Phone, SecureElement

RIGHT_FOR_HOLD = {"name": "right", "born_on": "right", "address": "right"}
RIGHT_FOR_RELEASE = RIGHT_FOR_HOLD | {"phone": "right", "applied": "right"}


def enrolled(
    holder: Holder,
    *,
    model: str = "さくらフォン 8",
    state: str = Enrolment.State.ACTIVE,
    cards: list[Certificate] | None = None,
) -> Enrolment:
    """Return an enrolment of the holder's in that state; without `cards`, with certificates of its own."""
    now = clock.now(holder.realm)
    phone = Phone.objects.create(realm=holder.realm, model_code="sakura-8", name=model, token_digest="", created_at=now)
    element = SecureElement.objects.create(phone=phone, iin=b"\x42\x00", cin=secrets.token_bytes(8))
    if cards is None:
        *cards, signature, authentication = issue_all_four(holder)
    else:
        signature = authentication = None
    made = Enrolment.objects.create(
        realm=holder.realm,
        reference=uuid.uuid4(),
        holder=holder,
        phone=phone,
        element=element,
        state=state,
        state_since=now,
        created_at=now,
        application_text="",
        application_signature=b"",
        card_signature_certificate=cards[0],
        card_authentication_certificate=cards[1],
        challenge=b"",
        signature_certificate=signature,
        authentication_certificate=authentication,
    )
    assert [Purpose(one.purpose) for one in cards] == list(Purpose)
    SecureElement.objects.filter(pk=element.pk).update(occupant=made)
    return made
