"""The push service is gone: the work at the element goes on, and the phone is woken as soon as it is back."""

import uuid
from typing import Any

import pytest

from ca.models import Realm
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm import driver
from tsm.models import Conversation, Leg

pytestmark = pytest.mark.django_db(transaction=True)
woken: list[uuid.UUID] = []


def away(phone: uuid.UUID, session: uuid.UUID) -> None:
    raise ConnectionError("no way to the push service")


def back(phone: uuid.UUID, session: uuid.UUID) -> None:
    woken.append(session)


def test_a_push_that_fails_is_tried_again(realm: Realm, deliver: Deliver, settings: Any) -> None:
    woken.clear()
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card)
    settings.TSM_PUSH = f"{__name__}.away"
    assert driver.advance(citizen.phone.element.pk)
    conversation = Conversation.objects.get()
    assert Leg.objects.get().state == Leg.State.READY
    settings.TSM_PUSH = f"{__name__}.back"
    driver.advance(citizen.phone.element.pk)
    assert woken == [conversation.reference]
    # And not again and again.
    driver.advance(citizen.phone.element.pk)
    assert len(woken) == 1
