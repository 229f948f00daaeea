"""The reader terminal with a card and a phone's element in a real pcscd's reader."""

import base64
import os
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.terminal.reader import Reader as PcscReader
from sandbox.terminal.server import Terminal
from sandbox.virtual.card import MyNumberCard
from sandbox.virtual.element import Element
from tests.pcsc.conftest import Reader, inserted
from tests.sandbox.virtual_card.conversation import SELECT, SELECT_AUTH_PIN, SELECT_SIGN_PASSWORD, change, say
from tests.sandbox.virtual_card.element import personalised
from tsm.transports.pcsc import PcscTransport

pytestmark = pytest.mark.skipif(
    find_spec("smartcard") is None and not os.environ.get("CI"),
    reason="PC/SC tests left out: pyscard is not installed (this project's extra 'pcsc')",
)
SERVICE = "http://localhost:8002"
RETURN_URL = f"{SERVICE}/kiosk/read"
CHALLENGE = "c" * 43


@contextmanager
def served(reader: Reader, patience: float = 0.0) -> Iterator[httpx.Client]:
    """Run the terminal; give a browser that stands at its door."""
    terminal = Terminal(PcscReader(reader.name), frozenset({SERVICE}), port=0, patience=patience)
    thread = threading.Thread(target=terminal.serve_forever, daemon=True)
    thread.start()
    try:
        with httpx.Client(base_url=terminal.url, headers={"Accept-Language": "ja"}, timeout=30) as browser:
            yield browser
    finally:
        terminal.shutdown()
        terminal.server_close()
        thread.join()


def visit(browser: httpx.Client, **changes: str) -> str:
    """Come from the service; return where the terminal asks."""
    asked = browser.get("/", params={"return_url": RETURN_URL, "challenge": CHALLENGE, "state": "s-1"} | changes)
    assert asked.status_code == 303, asked.text
    return asked.headers["Location"]


def answer(browser: httpx.Client, back: httpx.Response) -> dict[str, bytes]:
    """Return what the service fetches for the code that the browser brings."""
    assert back.status_code == 303, back.text
    address, _, query = back.headers["Location"].partition("?")
    brought = dict(urllib.parse.parse_qsl(query))
    assert (address, brought["state"]) == (RETURN_URL, "s-1")
    given = browser.post("/answers", json={"code": brought["code"]})
    assert given.status_code == 200
    assert browser.post("/answers", json={"code": brought["code"]}).status_code == 404, "a code is good once"
    return {name: base64.b64decode(value) for name, value in given.json().items()}


def assert_proves(proof: dict[str, bytes]) -> None:
    certificate = x509.load_der_x509_certificate(proof["certificate"])
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    text = f"JPKI-READER-1\n{RETURN_URL}\n{CHALLENGE}\n"
    key.verify(proof["signature"], text.encode(), padding.PKCS1v15(), SHA256())


@pytest.fixture
def card(issued_card: bytes) -> MyNumberCard:
    return MyNumberCard.restore(issued_card)


@pytest.fixture(scope="module")
def element() -> Element:
    made = personalised()
    assert say(made, SELECT, SELECT_AUTH_PIN, change("1234")) == "9000"
    assert say(made, SELECT_SIGN_PASSWORD, change("ABC123")) == "9000"
    return made


def test_a_card_on_the_reader_proves_its_holder(reader: Reader, card: MyNumberCard) -> None:
    with inserted(reader, card), served(reader) as browser:
        page = visit(browser)
        assert "カードが置かれています" in browser.get(page).text
        assert_proves(answer(browser, browser.post(page, data={"pin": "1234"})))
        assert browser.get(page).status_code == 410, "the visit is over"


def test_a_phone_on_the_reader_proves_its_holder(reader: Reader, element: Element) -> None:
    with inserted(reader, element), served(reader) as browser:
        page = visit(browser)
        assert "スマートフォンが置かれています" in browser.get(page).text
        assert_proves(answer(browser, browser.post(page, data={"pin": "1234"})))
        # Nobody after us finds the PIN verified.
        with PcscTransport.connect(reader.name) as wire:
            assert say(wire, SELECT, SELECT_AUTH_PIN, "00200080") == "63C3"  # type: ignore[arg-type]


def test_wrong_pins_count_down_to_a_block_and_what_cannot_be_a_pin_costs_none(
    reader: Reader, card: MyNumberCard
) -> None:
    with inserted(reader, card), served(reader) as browser:
        page = visit(browser)
        for pin in ("", "12345", "１２３４", "abcd"):
            assert "数字4桁で入力" in browser.post(page, data={"pin": pin}).text
        assert "あと2回" in browser.post(page, data={"pin": "0000"}).text
        last = browser.post(page, data={"pin": "0000"}).text
        assert "あと1回です。間違えるとロックされます" in last
        assert "0000" not in last
        assert "ロックされている" in browser.post(page, data={"pin": "0000"}).text
        assert "ロックされている" in browser.post(page, data={"pin": "1234"}).text


def test_it_waits_for_the_card_and_says_when_none_comes(reader: Reader, card: MyNumberCard) -> None:
    with served(reader, patience=10) as browser:
        page = visit(browser)
        assert "まだ何も置かれていません" in browser.get(page).text
        pressed: list[httpx.Response] = []
        press = threading.Thread(target=lambda: pressed.append(browser.post(page, data={"pin": "1234"})))
        press.start()
        with inserted(reader, card):
            press.join()
        assert_proves(answer(browser, pressed[0]))
    with served(reader) as browser:
        assert "何も置かれていません" in browser.post(visit(browser), data={"pin": "1234"}).text
    with served(Reader("Another", 0)) as browser:
        assert "見つかりません" in browser.post(visit(browser), data={"pin": "1234"}).text


def test_another_programs_card_is_not_disturbed(reader: Reader, card: MyNumberCard) -> None:
    with inserted(reader, card), served(reader) as browser:
        page = visit(browser)
        with PcscTransport.connect(reader.name):
            assert "ほかのプログラム" in browser.post(page, data={"pin": "1234"}).text
        assert_proves(answer(browser, browser.post(page, data={"pin": "1234"})))
