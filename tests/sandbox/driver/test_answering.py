"""A phone answers a hand-off: everything real, from the link to the service that is called back."""

import base64
import hashlib
import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ca import clock
from ca.profiles import Purpose
from portal.handoff import delivery, qr
from portal.handoff.asking import Asked
from portal.handoff.errors import CodeInvalid
from portal.handoff.models import HandOff
from portal.handoff.ways import Format, Way
from sandbox import driver
from sandbox.driver import acts
from sandbox.driver.errors import LinkLedNowhere, LinkUnknown, PhoneBusy
from sandbox.driver.visit import Visit
from sandbox.models import PhoneSession, TraceEvent, VirtualCard
from tests.sandbox.driver.service import Service
from tests.tsm.enrolment.citizen import PHONE_PASSWORD, PHONE_PIN
from tsm.models import Phone
from whitelist.models import Credential, RelyingParty

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Asked]


def test_the_phone_answers_and_the_service_is_called_back(
    phone: Phone, ask: Ask, service: Service, credential: Credential
) -> None:
    asked = ask()
    outcome = driver.answer(phone, f"{service.url}/start", pin=PHONE_PIN)
    assert outcome.callback is not None
    assert (outcome.callback["status"], outcome.callback["location"]) == (303, f"{service.url}/in")
    assert outcome.callback["final"]["status"] == 200
    assert outcome.page is not None
    assert outcome.page.body == b"welcome"
    # The browser that began there came back: with its cookie, and nobody else's.
    assert service.cookies == ["shop=basket"]
    [came] = service.came
    assert (came["handoff"], came["state"], came["iss"]) == (str(asked.hand_off.pk), "s1", "http://localhost:8000")
    redeemed = delivery.redeem(credential, reference=asked.hand_off.pk, code=came["code"])
    assert redeemed.answered_with is not None
    assert (redeemed.state, redeemed.medium) == ("answered", "phone")
    assert redeemed.shown_on == phone
    # What is kept and told holds no code, no token, no PIN.
    session = PhoneSession.objects.get()
    told = f"{session.told} {list(TraceEvent.objects.values_list('data', flat=True))}"
    assert TraceEvent.objects.filter(what="apdus.phone").exists()
    for secret in (came["code"], asked.token, PHONE_PIN.encode().hex()):
        assert secret not in told


@pytest.mark.parametrize("format", ["raw", "cades"])
def test_it_signs_a_document(phone: Phone, ask: Ask, service: Service, format: str) -> None:

    asked = ask(Purpose.SIGNATURE, format=Format(format))
    outcome = driver.answer(phone, asked.address, password=PHONE_PASSWORD)
    assert outcome.problem is None
    assert HandOff.objects.get(pk=asked.hand_off.pk).state == "answered"
    assert len(service.came) == 1


def test_the_card_answers_where_the_service_lets_it(phone: Phone, ask: Ask, card: VirtualCard) -> None:
    asked = ask(Purpose.SIGNATURE)
    outcome = driver.answer(phone, asked.address, card=card)
    assert outcome.problem is None
    assert HandOff.objects.get(pk=asked.hand_off.pk).medium == "card"


def test_a_code_on_a_screen_is_scanned_and_its_number_chosen(phone: Phone, ask: Ask, service: Service) -> None:

    ask(way=Way.QR)
    outcome = driver.answer(phone, f"{service.url}/start", pin=PHONE_PIN)
    assert outcome.callback is not None
    assert outcome.callback["status"] == 303
    # The outcome went back with the screen's browser, which began at the service.
    assert service.cookies == ["shop=basket"]
    wrong = driver.answer(phone, ask(way=Way.QR).address, number="wrong")
    assert HandOff.objects.get(pk=wrong.hand_off.pk).state == "wrong_number"
    assert len(service.came) == 2
    # One that another browser shows: the phone scans it all the same, and the outcome waits there.
    elsewhere = ask(way=Way.QR)
    Client().get(elsewhere.address)
    there = driver.answer(phone, elsewhere.address, pin=PHONE_PIN)
    assert (there.screen["name"], there.screen["state"], there.callback) == ("over", "answered", None)


def test_wrong_pins_count_down_and_lock(phone: Phone, ask: Ask) -> None:
    session = driver.start(phone, ask().address)
    told: list[Any] = []
    for _ in range(4):
        session = driver.act(session, "pin", "0000")
        told.append((session.told["problem"]["code"], session.told["problem"]["tries_left"]))
    assert told == [("password_wrong", 2), ("password_wrong", 1), ("password_blocked", 0), ("password_blocked", 0)]
    assert session.told["screen"]["name"] == "question"
    assert "locked" in session.told["problem"]["citizen"]["en"]
    assert HandOff.objects.get().state == "shown"


def test_what_may_happen_on_the_way(phone: Phone, ask: Ask, service: Service) -> None:
    # The network is gone before the answer is sent, and comes back.
    session = driver.start(phone, ask().address)
    session = driver.act(session, "lose_network")
    session = driver.act(session, "pin", PHONE_PIN)
    assert session.told["problem"]["code"] == "site_unreachable"
    assert HandOff.objects.get(pk=session.hand_off_id).state == "shown"
    session = driver.act(driver.act(session, "back_in_network"), "pin", PHONE_PIN)
    assert session.told["screen"]["name"] == "answered"
    # It goes back in another browser: the answer is thrown away, and the service never called.
    session = driver.act(session, "wrong_browser")
    assert (session.told["screen"]["name"], session.told["screen"]["code"]) == ("stopped", "handoff_wrong_browser")
    assert HandOff.objects.get(pk=session.hand_off_id).state == "wrong_browser"
    assert service.came == []
    # The answer arrives, but the phone doesn't hear of it: loaded again, the page leads back.
    session = driver.act(driver.start(phone, ask().address), "lose_network", "after_signing")
    session = driver.act(session, "pin", PHONE_PIN)
    assert (session.told["problem"]["code"], session.told["network"]) == ("site_unreachable", "lost")
    assert HandOff.objects.get(pk=session.hand_off_id).state == "answered"
    session = driver.act(driver.act(session, "back_in_network"), "reload")
    assert session.told["screen"]["state"] == "answered"
    session = driver.act(session, "continue")
    assert session.told["callback"]["status"] == 303
    again = driver.act(session, "again")
    assert again.told["callback"]["again"] is True
    assert service.came[0] == service.came[1]


def test_it_is_declined_or_runs_out_of_time_and_the_service_hears_of_it(
    phone: Phone, ask: Ask, service: Service
) -> None:
    declined = driver.answer(phone, ask().address, refuse=True)
    assert (declined.hand_off.state, len(service.came)) == ("declined", 1)
    other = ask()
    session = driver.act(driver.start(phone, ask().address), "time_out")
    assert (session.told["screen"]["name"], session.told["screen"]["state"]) == ("over", "expired")
    session = driver.act(session, "continue")
    assert session.told["callback"]["status"] == 303
    # Nobody else's time ran out.
    assert HandOff.objects.get(pk=other.hand_off.pk).expires_at == other.hand_off.expires_at


def test_the_screen_lock_stands_for_the_pin(phone: Phone, ask: Ask) -> None:
    session = driver.start(phone, ask().address)
    session = driver.act(session, "set_up_screen_lock", PHONE_PIN)
    assert session.told["problem"] is None
    assert "screen_lock" in session.told["screen"]["actions"]
    session = driver.act(session, "screen_lock", "refused")
    assert session.told["problem"]["code"] == "screen_lock_gesture_refused"
    session = driver.act(session, "screen_lock")
    assert session.told["screen"]["name"] == "answered"
    assert driver.answer(phone, ask().address, screen_lock=True).callback is not None


def test_the_browser_goes_only_where_the_register_lets_it(phone: Phone, ask: Ask, service: Service) -> None:

    ask()
    with pytest.raises(LinkLedNowhere) as led:
        driver.start(phone, f"{service.url}/elsewhere")
    hops: Any = led.value.data["hops"]
    assert [hop["finding"] for hop in hops] == [None, "not_registered"]
    with pytest.raises(LinkLedNowhere):
        driver.start(phone, "http://127.0.0.1:8001/")
    with pytest.raises(LinkUnknown):
        driver.start(phone, "http://localhost:8000/handoff/nobody/")


def test_what_is_told_of_a_screen_stands_on_the_page(phone: Phone, ask: Ask, credential: Credential) -> None:
    def held(visit: Visit) -> None:
        page = html.unescape(visit.browser.get(visit.place).text)
        screen = visit.screen
        told = [
            screen["title"],
            screen.get("text"),
            screen.get("hands_over"),
            *(one["label"] for one in screen["buttons"]),
        ]
        for each in filter(None, told):
            assert each["ja"] in page or each["ja"] == "画面の番号", (screen["name"], each["ja"])
            assert each["en"] != each["ja"], each
        for number in screen.get("numbers", ()):
            assert f'value="{number}"' in page

    held(Visit.open(phone, ask().address))
    signing = Visit.open(phone, ask(Purpose.SIGNATURE).address)
    held(signing)
    assert signing.screen["document"]["text"] == "契約書\r\n第1条\n"
    scanned = Visit.open(phone, ask(way=Way.QR).address)
    acts.act(scanned, "scan")
    held(scanned)
    for action in ("refuse", "time_out"):
        visit = Visit.open(phone, ask().address)
        acts.act(visit, action)
        held(visit)
    # Suspended after it was asked: the register's no, which leads nowhere.
    asked = ask()
    RelyingParty.objects.filter(pk=credential.relying_party_id).update(state=RelyingParty.State.SUSPENDED)
    refused = Visit.open(phone, asked.address)
    held(refused)
    assert (refused.screen["name"], refused.screen["reason"], refused.screen["actions"]) == ("refused", "suspended", [])


def test_the_code_on_an_integrators_own_screen_is_scanned(phone: Phone, ask: Ask, client: Client) -> None:
    asked = ask(way=Way.QR)
    client.get(asked.address)
    link = qr.link(asked.hand_off, clock.now(asked.hand_off.realm))
    session = driver.start(phone, link)
    assert session.told["screen"]["name"] == "numbers"
    # Another phone's camera comes too late.
    assert driver.start(phone, link).told["screen"]["code"] == "handoff_code_taken"
    number = re.search(r'screen__number"[^>]*>(\d\d)<', client.get(asked.address).content.decode())
    assert number is not None
    session = driver.act(session, "choose_number", number[1])
    session = driver.act(session, "pin", PHONE_PIN)
    assert (session.told["screen"]["name"], session.told["state"]) == ("over", "answered")


def test_an_apps_code_is_good_with_its_secret_alone(
    phone: Phone, ask: Ask, credential: Credential, service: Service
) -> None:
    secret = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).rstrip(b"=").decode()
    asked = ask(way=Way.APP, code_challenge=challenge)
    driver.answer(phone, asked.address, pin=PHONE_PIN)
    [came] = service.came
    with pytest.raises(CodeInvalid):
        delivery.redeem(credential, reference=asked.hand_off.pk, code=came["code"])
    told = delivery.redeem(credential, reference=asked.hand_off.pk, code=came["code"], code_verifier=secret)
    assert told.state == "answered"


def test_two_calls_are_not_at_one_session(phone: Phone, ask: Ask) -> None:
    session = driver.start(phone, ask().address)
    PhoneSession.objects.filter(pk=session.pk).update(busy_until=clock.machine() + timedelta(minutes=1))
    with pytest.raises(PhoneBusy):
        driver.act(session, "pin", PHONE_PIN)
