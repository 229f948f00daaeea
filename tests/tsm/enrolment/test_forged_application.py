"""What somebody who has got hold of the site writes into the rows: a worker has nothing certified for it."""

import secrets
from collections.abc import Callable

import pytest

from ca import clock
from ca.models import Certificate, Issuance, Realm
from ca.profiles import Medium, Purpose
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm import enrolment as enrolments
from tsm.jpki import CHALLENGE_LENGTH
from tsm.models import Enrolment

pytestmark = pytest.mark.django_db(transaction=True)


def cards(holder: int) -> tuple[Certificate, Certificate]:
    found = Certificate.objects.filter(holder=holder, medium=Medium.CARD)
    return found.get(purpose=Purpose.SIGNATURE), found.get(purpose=Purpose.USER_AUTHENTICATION)


def forge(citizen: Citizen, holder: int, text: str, signature: bytes) -> Enrolment:
    """Write a row as the site does, without having asked anybody."""
    signing, authenticating = cards(holder)
    now = clock.now(citizen.phone.realm)
    made = Enrolment.objects.create(
        realm=citizen.phone.realm,
        holder_id=holder,
        phone=citizen.phone,
        element=citizen.phone.element,
        state=Enrolment.State.VERIFIED,
        state_since=now,
        created_at=now,
        application_text=text,
        application_signature=signature,
        card_signature_certificate=signing,
        card_authentication_certificate=authenticating,
        challenge=secrets.token_bytes(CHALLENGE_LENGTH),
    )
    enrolments.send_advance(made.element_id)
    return made


def assert_nothing_is_certified(citizen: Citizen, forged: Enrolment) -> None:
    citizen.converse()
    forged.refresh_from_db()
    assert forged.trouble == "application_refused"
    assert forged.state in (Enrolment.State.ABANDONED, Enrolment.State.DELETED)
    assert not Issuance.objects.filter(medium=Medium.PHONE).exists()
    assert not Certificate.objects.filter(medium=Medium.PHONE).exists()


def test_an_application_that_no_card_signed_is_not_certified(realm: Realm, deliver: Deliver) -> None:
    hanako, thief = card_of(realm), Citizen.with_new_phone(realm, deliver)
    forged = forge(thief, hanako.holder_id, enrolments.application_text(thief.phone), b"\x00" * 256)
    assert_nothing_is_certified(thief, forged)


@pytest.mark.parametrize("borrowed", ["another's phone", "another's card"])
def test_an_application_that_was_signed_for_another_is_not_certified(
    realm: Realm, deliver: Deliver, borrowed: str, other_card: Callable[[], int]
) -> None:
    hanako, citizen = card_of(realm), Citizen.with_new_phone(realm, deliver)
    assert citizen.apply(hanako).status_code == 201
    signed = Enrolment.objects.get()
    enrolments.abandon(signed, trouble="given_up")
    thief = Citizen.with_new_phone(realm, deliver) if borrowed == "another's phone" else citizen
    holder = hanako.holder_id if borrowed == "another's phone" else other_card()
    forged = forge(thief, holder, signed.application_text, bytes(signed.application_signature))
    assert_nothing_is_certified(thief, forged)


def test_an_application_that_was_signed_once_is_not_certified_twice(realm: Realm, deliver: Deliver) -> None:
    hanako, citizen = card_of(realm), Citizen.with_new_phone(realm, deliver)
    assert citizen.apply(hanako).status_code == 201
    signed = Enrolment.objects.get()
    enrolments.abandon(signed, trouble="given_up")
    forged = forge(citizen, hanako.holder_id, signed.application_text, bytes(signed.application_signature))
    assert_nothing_is_certified(citizen, forged)


@pytest.fixture
def other_card(realm: Realm) -> Callable[[], int]:
    """Give what makes another person's card, and returns that holder's id."""
    return lambda: card_of(realm, "taro").holder_id
