"""Card and phone on the reader of the kiosk and the clinic: pcscd, the terminal, the services, the authorities."""

import functools
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import httpx
import pytest

from ca import clock, revocation
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from sandbox import power
from sandbox.models import VirtualCard
from sandbox.reader import Shared
from sandbox.relying_parties.kiosk.residence import household
from sandbox.terminal.reader import Reader as PcscReader
from sandbox.terminal.server import Terminal
from sandbox.virtual.card import ATR as CARD_ATR
from sandbox.virtual.element import ATR as ELEMENT_ATR
from tests.ca.fixtures import *  # noqa: F403
from tests.pcsc.conftest import Reader, inserted
from tests.sandbox.relying_parties.conftest import samples, street  # noqa: F401
from tests.sandbox.relying_parties.visiting import ALL_HOLD, Street, four_lines, press
from tests.tsm.enrolment.citizen import PHONE_PIN, Citizen, Deliver, card_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        find_spec("smartcard") is None and not os.environ.get("CI"),
        reason="PC/SC tests left out: pyscard is not installed (this project's extra 'pcsc')",
    ),
]
CARD_PIN = "7391"


@contextmanager
def terminal(reader: Reader, served: Street) -> Iterator[None]:
    running = Terminal(PcscReader(reader.name), frozenset({served.url}), port=served.terminal_port, patience=5)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def hanako(realm: Realm, deliver: Deliver) -> tuple[VirtualCard, Citizen]:
    """A persona with her card, and a phone with a valid pair in it."""
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.enrol(card)
    return card, citizen


def on_the_reader(who: VirtualCard | Citizen) -> Shared:
    if isinstance(who, VirtualCard):
        return Shared(functools.partial(power.card, who), CARD_ATR)
    return Shared(functools.partial(power.element, who.row), ELEMENT_ATR)


def read(browser: httpx.Client, place: str, pin: str) -> httpx.Response:
    """Choose the reader at a service, enter the PIN at the terminal, and go on to where that leads."""
    ask = press(browser, f"/{place}/", f"/{place}/sign-in", way="reader").headers["Location"]
    with httpx.Client(headers={"Accept-Language": "ja"}, timeout=30) as at_terminal:
        page = at_terminal.get(ask, follow_redirects=True)
        back = at_terminal.post(page.url, data={"pin": pin})
    assert back.status_code == 303, back.text
    return browser.get(back.headers["Location"], follow_redirects=True)


def test_kiosk_and_clinic_take_the_phone_and_the_card_on_the_reader(
    samples: httpx.Client,  # noqa: F811
    street: Street,  # noqa: F811
    reader: Reader,
    hanako: tuple[VirtualCard, Citizen],
) -> None:
    card, citizen = hanako
    mine = Certificate.objects.filter(purpose=Purpose.USER_AUTHENTICATION, holder=card.holder)
    by_card = mine.get(medium=Medium.CARD)
    with terminal(reader, street):
        with inserted(reader, on_the_reader(citizen)):
            chosen = read(samples, "kiosk", PHONE_PIN)
            assert (chosen.url.path, four_lines(chosen)) == ("/kiosk/choose", ALL_HOLD)
            press(samples, "/kiosk/choose", "/kiosk/choose", whose="me")
            assert household(by_card.serial_number).address in samples.get("/kiosk/certificate").text
            new = read(samples, "clinic", PHONE_PIN)
            assert new.url.path == "/clinic/register"
            fields = {"name": "青葉　花子", "birth_date": "1990-04-12", "insured": "123-4567"}
            made = press(samples, "/clinic/register", "/clinic/register", **fields)
            opened = samples.get(made.headers["Location"]).text
        with inserted(reader, on_the_reader(card)):
            known = read(samples, "clinic", CARD_PIN)
            assert (known.url.path, four_lines(known)) == ("/clinic/file", ALL_HOLD)
        number = re.compile(r"診察券番号</dt><dd>(\d+)<")
        assert number.findall(known.text) == number.findall(opened), "one file for phone and card"
        # What the terminal brings isn't believed: the chip still signs, and the certificate is revoked.
        with inserted(reader, on_the_reader(citizen)):
            phones = mine.get(medium=Medium.PHONE)
            revocation.revoke(phones, cause=Cause.PHONE_USE_ENDED, now=clock.now(phones.realm))
            for place in ("kiosk", "clinic"):
                refused = read(samples, place, PHONE_PIN)
                assert (refused.status_code, refused.url.path) == (403, f"/{place}/refused")
                assert four_lines(refused) == ALL_HOLD | {"status": "fails"}
                assert samples.get(f"/{place}/refused").status_code == 403


def test_what_was_read_for_another_visitor_or_twice_is_not_taken(
    samples: httpx.Client,  # noqa: F811
    street: Street,  # noqa: F811
    reader: Reader,
    realm: Realm,
) -> None:
    with inserted(reader, on_the_reader(card_of(realm))), terminal(reader, street):
        ask = press(samples, "/kiosk/", "/kiosk/sign-in", way="reader").headers["Location"]
        with httpx.Client(timeout=30) as at_terminal:
            back = at_terminal.post(at_terminal.get(ask, follow_redirects=True).url, data={"pin": CARD_PIN})
        address = back.headers["Location"]
        with httpx.Client(base_url=street.url) as other:
            assert other.get(address).status_code == 409, "another browser"
            press(other, "/kiosk/", "/kiosk/sign-in", way="reader")
            assert other.get(address).status_code == 409, "another browser's challenge"
        code = address.rpartition("code=")[2]
        assert samples.get(address.replace(code, "another"), follow_redirects=True).status_code == 403
        assert samples.get(address).status_code == 409, "a challenge is good once"
        # A signature over another challenge: the code of one visit in the session of another.
        states = []
        for browser in (samples, httpx.Client(base_url=street.url)):
            ask = press(browser, "/kiosk/", "/kiosk/sign-in", way="reader").headers["Location"]
            with httpx.Client(timeout=30) as at_terminal:
                back = at_terminal.post(at_terminal.get(ask, follow_redirects=True).url, data={"pin": CARD_PIN})
            states.append(back.headers["Location"])
        mixed = states[0].partition("code=")[0] + "code=" + states[1].rpartition("code=")[2]
        refused = samples.get(mixed, follow_redirects=True)
        assert (refused.status_code, four_lines(refused)) == (403, ALL_HOLD | {"signature": "fails"})
