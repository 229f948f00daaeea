"""What the phone's certificates stand on: the card's, and what each of those is worth now."""

from dataclasses import dataclass
from datetime import datetime

from ca.models import Certificate
from portal.certificates.history import cause_sentence, certificate_name
from portal.phone.details import Standing, standing
from tsm.models import Enrolment


@dataclass(frozen=True)
class Link:
    """One phone certificate and the card's that it stands on."""

    phone: Certificate
    card: Certificate
    name: str
    card_name: str
    standing: Standing
    why: str
    not_after: datetime


def of(enrolment: Enrolment) -> list[Link]:
    """Return what the enrolment's certificates stand on, signature first."""
    return [_link(phone, phone.linked_to) for phone in enrolment.pair if phone.linked_to is not None]


def _link(phone: Certificate, card: Certificate) -> Link:
    return Link(
        phone=phone,
        card=card,
        name=certificate_name(phone.purpose, phone.medium),
        card_name=certificate_name(card.purpose, card.medium),
        standing=standing(card),
        why=cause_sentence(card.cause),
        not_after=card.not_after,
    )
