"""The terminal's pages and its address for services; a virtual card, without PC/SC, lies on its reader."""

import re
import urllib.parse
from collections.abc import Iterator

import httpx
import pytest

from sandbox.terminal.server import Terminal, checked
from sandbox.terminal.visits import ANSWER_SECONDS, VISIT_SECONDS, Visits
from sandbox.virtual.card import MyNumberCard
from tests.sandbox.terminal.counter import served

SERVICE = "http://localhost:8002"
ASK = {"return_url": f"{SERVICE}/kiosk/read", "challenge": "c" * 43, "state": "s-1"}


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with served(SERVICE) as terminal:
        yield terminal


@pytest.fixture
def visitor(terminal: Terminal) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=terminal.url, headers={"Accept-Language": "ja"}) as visitor:
        yield visitor


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"return_url": "http://elsewhere.example/kiosk/read"}, "使えるサービスではありません"),
        ({"return_url": "http://localhost:8002@elsewhere.example/"}, "使えるサービスではありません"),
        ({"return_url": "javascript:alert(1)"}, "使えるサービスではありません"),
        ({"return_url": f"{SERVICE}/kiosk/read?more=1"}, "正しくありません"),
        ({"return_url": f"{SERVICE}/kiosk\nread"}, "正しくありません"),
        ({"challenge": "short"}, "正しくありません"),
        ({"challenge": "c" * 40 + "\n"}, "正しくありません"),
        ({"state": ""}, "正しくありません"),
    ],
)
def test_what_may_not_be_asked_asks_nobody_for_a_pin(visitor: httpx.Client, changes: dict[str, str], said: str) -> None:
    refused = visitor.get("/", params=ASK | changes)
    assert (refused.status_code, said in refused.text) == (400, True)
    assert "<input" not in refused.text


def test_the_visitor_may_stop_and_the_service_is_told(visitor: httpx.Client) -> None:
    page = visitor.get("/", params=ASK).headers["Location"]
    stop = re.search(r'action="(/visits/[^"]+/stop)"', visitor.get(page).text)
    assert stop is not None
    back = urllib.parse.urlsplit(visitor.post(stop[1]).headers["Location"])
    assert dict(urllib.parse.parse_qsl(back.query)) == {"state": "s-1", "error": "stopped"}
    assert visitor.get(page).status_code == 410


def test_a_name_that_somebody_made_to_lead_here_is_not_answered(terminal: Terminal) -> None:
    for method, path in (("GET", "/"), ("GET", "/health"), ("POST", "/answers")):
        refused = httpx.request(method, f"{terminal.url}{path}", headers={"Host": "attacker.example"})
        assert refused.status_code == 403


def test_pages_in_both_languages_with_a_strict_policy_and_labelled_fields(
    terminal: Terminal, visitor: httpx.Client, card: MyNumberCard
) -> None:
    terminal.reader.card = card  # type: ignore[attr-defined]
    page = visitor.get("/", params=ASK | {"lang": "en"}).headers["Location"]
    english, japanese = visitor.get(page), visitor.get(page.replace("lang=en", "lang=ja"))
    assert ('<html lang="en">' in english.text, '<html lang="ja">' in japanese.text) == (True, True)
    assert "A card lies there." in english.text
    assert '<label class="step" for="pin">' in japanese.text
    assert "default-src 'none'" in japanese.headers["Content-Security-Policy"]
    assert (japanese.headers["Cache-Control"], japanese.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "<script" not in japanese.text
    wrong = visitor.post(page, data={"pin": "9999"})
    assert 'aria-invalid="true"' in wrong.text
    assert "2 more wrong tries block it" in wrong.text


def test_visits_and_answers_do_not_last(terminal: Terminal, card: MyNumberCard) -> None:
    now = [0.0]
    visits = Visits(frozenset({SERVICE}), clock=lambda: now[0])
    terminal.visits, terminal.reader.card = visits, card  # type: ignore[attr-defined]
    late = visits.begin(**ASK)
    now[0] += VISIT_SECONDS
    assert visits.find(late.id) is None
    codes = []
    for _ in range(2):
        visit = visits.begin(**ASK)
        codes.append(terminal.read(visit, "1234").rpartition("code=")[2])
        assert "error=visit_over" in terminal.read(visit, "1234"), "a second press gets nothing"
    assert visits.answer(codes[0]) is not None
    assert visits.answer(codes[0]) is None
    now[0] += ANSWER_SECONDS
    assert visits.answer(codes[1]) is None


def test_answers_are_not_for_pages(visitor: httpx.Client) -> None:
    for body in (b"", b"[]", b'{"code": 1}', b"\xff", b'{"code": "x"}'):
        assert visitor.post("/answers", content=body, headers={"Content-Type": "text/plain"}).status_code == 404
    assert visitor.options("/answers").status_code == 501
    assert visitor.get("/nowhere").status_code == 404


def test_a_service_is_named_by_its_address() -> None:
    assert checked(["https://a.example/path", "http://localhost:8002"]) == {
        "https://a.example",
        "http://localhost:8002",
    }
    with pytest.raises(ValueError, match="named by its address"):
        checked(["localhost"])
