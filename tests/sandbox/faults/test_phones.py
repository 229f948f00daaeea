"""Faults around phones: the service manager away, a chip torn off, clocks apart; and what goes on afterwards."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from ca.models import Certificate, Realm
from ca.profiles import Medium
from sandbox import driver, faults, phones, power
from sandbox.models import VirtualCard
from tests.sandbox.driver.conftest import *  # noqa: F403
from tests.sandbox.driver.conftest import Ask
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, PHONE_PIN, Citizen
from tsm.models import Enrolment, Phone

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]


@pytest.mark.usefixtures("workspace")
def test_an_enrolment_goes_on_behind_a_torn_chip_and_a_tsm_that_was_away(
    realm: Realm, card: VirtualCard, deliver: Deliver
) -> None:
    citizen = Citizen.with_new_phone(realm, deliver)
    reference = citizen.apply(card).json()["id"]
    away = faults.arm(realm, "tsm_away")
    deliver("tsm", "ca", "sweeps")
    headers = {"authorization": f"Bearer {_bearer(citizen)}"}
    told = Client().post("/gp/seram/handshake", {}, content_type="application/json", headers=headers)
    assert (told.status_code, told["Retry-After"]) == (503, "5")
    assert faults.again(away).ended_at is not None
    # Torn at the twentieth command of a session: it was carried out, and nobody heard of it.
    torn = faults.arm(realm, "element_torn", at=20)
    for _ in range(6):
        citizen.converse(lambda: power.app(citizen.row))
        if Enrolment.objects.get(reference=reference).state == "installed":
            break
    assert faults.again(torn).hits == 1
    citizen.set_passwords()
    assert citizen.activate(reference).status_code == 200
    pair = Certificate.objects.filter(realm=realm, medium=Medium.PHONE, status="valid")
    assert sorted(pair.values_list("purpose", flat=True)) == ["signature", "user_authentication"]


def test_a_chip_that_is_torn_off_signs_the_next_time(phone: Phone, ask: Ask, realm: Realm) -> None:
    faults.arm(realm, "element_torn", at=3, executed=False)
    session = driver.start(phone, ask().address)
    session = driver.act(session, "pin", PHONE_PIN)
    assert session.told["problem"]["code"] == "device_unreachable"
    assert driver.act(session, "pin", PHONE_PIN).told["screen"]["name"] == "answered"
    # A card's faults leave the phone alone.
    faults.arm(realm, "element_torn", chip="card")
    assert driver.answer(phone, ask().address, pin=PHONE_PIN, password=PHONE_PASSWORD).problem is None


def test_the_trust_lists_clock_is_off_once(realm: Realm, client: Client, ask: Ask) -> None:
    def told() -> Any:
        return client.get(f"/api/v1/trust?realm={realm.slug}").json()

    true = told()
    faults.arm(realm, "trust_clock_skewed", seconds=-7200)
    off = datetime.fromisoformat(true["time"]) - datetime.fromisoformat(told()["time"])
    assert 7100 < off.total_seconds() < 7300
    faults.arm(realm, "trust_authority_wrong")
    assert told()["authorities"][0]["certificate"] != true["authorities"][0]["certificate"]
    assert told()["authorities"] == true["authorities"]


def _bearer(citizen: Citizen) -> str:

    return phones.bearer(citizen.row)
