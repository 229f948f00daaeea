"""Fixtures for my certificates: a holder with a phone in hand, and a bank that asks it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca.models import Realm
from ca.profiles import Purpose
from portal.handoff import asking, hand_offs
from portal.handoff.models import HandOff
from tests.ca.fixtures import *  # noqa: F403
from tests.portal.phone.conftest import _phones_here, citizen, in_hand  # noqa: F401
from tests.portal.screen_lock.pages import prove
from tests.tsm.enrolment.citizen import Citizen, card_of
from tests.whitelist.relying_parties import CALLBACK, make_bank, make_credential
from tsm.jpki import Key
from tsm.models import Enrolment
from whitelist.models import Credential

Used = Callable[..., HandOff]


@pytest.fixture
def credential(realm: Realm) -> Credential:
    return make_credential(make_bank(realm))


@pytest.fixture
def enrolled(realm: Realm, citizen: Citizen) -> Citizen:  # noqa: F811
    citizen.enrol(card_of(realm))
    return citizen


@pytest.fixture
def proved(client: Client, enrolled: Citizen) -> Citizen:
    """Return the holder, who has just proved himself in the test's browser."""
    assert prove(client, enrolled).status_code == 200
    return enrolled


@pytest.fixture
def used(credential: Credential) -> Used:
    """Give `used(citizen, purpose, answer=…)`: the bank asks; the phone answers, declines or is silent."""

    def ask(citizen: Citizen, purpose: Purpose = Purpose.USER_AUTHENTICATION, answer: str = "yes") -> HandOff:  # noqa: F811
        values: dict[str, Any] = {"purpose": purpose, "return_url": CALLBACK}
        if purpose == Purpose.SIGNATURE:
            values |= {"document": "契約書\n", "document_name": "ローン契約書"}
        asked = asking.ask(credential, **values)
        hand_off = hand_offs.show(hand_offs.by_token(asked.token), phone=citizen.phone)
        if answer == "yes":
            enrolment = Enrolment.objects.get(phone=citizen.phone, state="active")
            signing = purpose == Purpose.SIGNATURE
            certificate = enrolment.signature_certificate if signing else enrolment.authentication_certificate
            assert certificate is not None
            signature = citizen.sign(hand_off.signed_text, Key.SIGNATURE if signing else Key.AUTHENTICATION)
            hand_offs.answer(hand_off, certificate=bytes(certificate.der), signature=signature)
        elif answer == "no":
            hand_offs.decline(hand_off)
        return HandOff.objects.get(pk=hand_off.pk)

    return ask
