"""The code on another screen: fresh, of one service, for one phone; the numbers; and the screen's own browser."""

import base64
import re
import urllib.parse
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ca import clock
from ca.models import JournalEntry, Realm
from ca.profiles import Purpose
from portal.handoff import asking, numbers, qr
from portal.handoff.asking import Asked
from portal.handoff.models import HandOff, HandOffPdf
from portal.handoff.states import State
from portal.handoff.ways import Way
from tests.browser.qr_reader import read
from tests.portal.handoff import pdfs
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import CALLBACK
from tsm.models import Phone
from whitelist.models import RelyingParty

Ask = Callable[..., Asked]


@pytest.fixture
def asked(ask: Ask) -> Asked:
    return ask(way=Way.QR)


@pytest.fixture
def desk() -> Client:
    """Return the browser on the desk's screen."""
    return Client()


@pytest.fixture(autouse=True)
def _phone(phone: Phone) -> None:
    """`client` is the phone."""


def html(response: Any) -> str:
    return str(response.content.decode())


def again(asked: Asked) -> HandOff:
    return HandOff.objects.get(pk=asked.hand_off.pk)


def screen(asked: Asked) -> str:
    return urllib.parse.urlsplit(asked.address).path


def code(asked: Asked, by: timedelta = timedelta()) -> str:
    """Return the address in the code that the screen shows now, or showed `by` ago."""
    link = qr.link(again(asked), clock.now(asked.hand_off.realm) - by)
    return link.removeprefix("http://localhost:8000")


def scanned(client: Client, asked: Asked) -> str:
    """Let the phone read the code; return the path of its page."""
    response = client.get(code(asked))
    assert response.status_code == 302, html(response)
    return str(response["Location"])


def shown(client: Client, asked: Asked) -> str:
    path = scanned(client, asked)
    client.get(path)
    assert client.post(f"{path}number", {"number": numbers.of(asked.hand_off)}).status_code == 302
    return path


# --- the screen


def test_the_screen_shows_who_asks_from_the_register_and_a_code(desk: Client, asked: Asked) -> None:
    page = desk.get(screen(asked))
    assert page.status_code == 200
    for expected in ("試験銀行", "試験の目的 user_authentication", "https://bank.example", 'http-equiv="refresh"'):
        assert expected in html(page)
    picture = re.search(r'id="code" src="([^"]+)"', html(page))
    assert picture is not None
    link = read(picture[1])
    assert link.startswith(f"http://localhost:8000/handoff/qr/{asked.hand_off.id}/?s=test-bank&t=")
    assert again(asked).state == State.WAITING


def test_the_code_is_another_every_second_and_small(desk: Client, asked: Asked, realm: Realm) -> None:
    desk.get(screen(asked))
    now = f"{screen(asked)}now"
    codes = set()
    for second in range(3):
        Realm.objects.update(clock_offset=timedelta(seconds=second))
        standing = desk.get(now).json()
        assert standing["state"] == "waiting"
        codes.add(read(standing["code"]))
        assert len(standing["code"]) < 20_000
    assert len(codes) == 3


def test_the_screen_belongs_to_the_browser_that_came_from_the_service(desk: Client, asked: Asked) -> None:
    other = Client()
    assert desk.get(screen(asked)).status_code == 200
    for path in ("", "now", "return"):
        assert other.get(f"{screen(asked)}{path}").status_code == 403 or path == "return"
    assert other.post(f"{screen(asked)}cancel").status_code == 403
    assert again(asked).state == State.WAITING
    assert desk.get(screen(asked)).status_code == 200


def test_giving_up_at_the_screen_ends_it_for_the_phone_too(desk: Client, client: Client, asked: Asked) -> None:
    desk.get(screen(asked))
    path = shown(client, asked)
    page = desk.post(f"{screen(asked)}cancel", follow=True)
    assert "断りました" in html(page)
    assert again(asked).state == State.DECLINED
    assert "断りました" in html(client.get(path))


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}])
def test_a_look_ahead_of_time_takes_nothing(
    desk: Client, client: Client, asked: Asked, ask: Ask, headers: dict[str, str]
) -> None:
    assert desk.get(screen(asked), headers=headers).status_code == 503
    assert client.get(code(asked), headers=headers).status_code == 503
    assert desk.head(screen(asked)).status_code == 503
    link = ask()
    assert client.get(f"/handoff/{link.token}/", headers=headers).status_code == 503
    assert (again(asked).began_in, again(asked).answers_in, again(link).answers_in) == ("", "", "")


# --- the code


def test_the_link_without_its_code_is_worth_nothing(client: Client, asked: Asked) -> None:
    path = urllib.parse.urlsplit(code(asked)).path
    # Neither the hand-off's id, nor the screen's own token, opens the question.
    for wrong in (path, f"{path}?s=test-bank&t=1&m=", f"/handoff/{asked.token}/", f"/handoff/{asked.hand_off.id}/"):
        assert client.get(wrong).status_code in {404, 403, 410}
    assert again(asked).state == State.WAITING


@pytest.mark.parametrize(("age", "good"), [(0, True), (29, True), (31, False), (3600, False), (-1, True), (-10, False)])
def test_a_code_lives_thirty_seconds(client: Client, asked: Asked, age: int, good: bool) -> None:
    response = client.get(code(asked, timedelta(seconds=age)))
    assert response.status_code == (302 if good else 410)
    assert again(asked).state == (State.SCANNED if good else State.WAITING)


@pytest.mark.parametrize("member", ["t", "m"])
def test_a_code_that_was_changed_is_not_ours(client: Client, asked: Asked, member: str) -> None:
    parts = urllib.parse.urlsplit(code(asked))
    query = dict(urllib.parse.parse_qsl(parts.query))
    for value in ("", "x", "０", "9" * 40, str(int(query["t"]) + 1), query["m"][::-1], "\udcff"):
        changed = urllib.parse.urlencode(query | {member: value}, errors="surrogatepass")
        assert client.get(f"{parts.path}?{changed}").status_code == 410
    assert again(asked).state == State.WAITING


def test_a_code_that_names_another_service_is_refused(client: Client, asked: Asked) -> None:
    link = code(asked).replace("s=test-bank", "s=other-bank")
    response = client.get(link)
    assert response.status_code == 403
    assert "サービスの名前が一致しません" in html(response)
    assert again(asked).state == State.WAITING


@pytest.mark.parametrize(
    "change",
    [
        lambda one: RelyingParty.objects.update(name_ja="国税庁"),
        lambda one: RelyingParty.objects.update(name_en="Tax Agency"),
        lambda one: HandOff.objects.update(purpose=Purpose.SIGNATURE),
        lambda one: HandOff.objects.update(document_digest="0" * 64),
        lambda one: HandOff.objects.update(nonce="another"),
    ],
    ids=["name", "english name", "purpose", "document", "nonce"],
)
def test_the_code_is_bound_to_all_that_the_phone_will_show(
    client: Client, asked: Asked, change: Callable[[HandOff], Any]
) -> None:
    link = code(asked)
    change(asked.hand_off)
    assert client.get(link).status_code == 410


def test_a_code_of_one_hand_off_opens_no_other(client: Client, asked: Asked, ask: Ask) -> None:
    other = ask(way=Way.QR)
    moved = code(asked).replace(str(asked.hand_off.pk), str(other.hand_off.pk))
    assert client.get(moved).status_code == 410


def test_a_link_of_one_way_is_not_opened_by_another(client: Client, ask: Ask) -> None:
    link = ask(way=Way.BROWSER)
    assert client.get(code(link)).status_code == 409
    assert again(link).state == State.WAITING


def test_the_first_phone_keeps_it_and_may_read_again(client: Client, asked: Asked) -> None:
    first = scanned(client, asked)
    assert Client().get(code(asked)).status_code == 409
    second = scanned(client, asked)
    assert first != second
    assert client.get(second).status_code == 200
    assert client.get(first).status_code == 404
    assert Client().get(second).status_code == 403


def test_a_suspended_service_is_refused_when_its_code_is_read(client: Client, asked: Asked) -> None:
    link = code(asked)
    RelyingParty.objects.update(state=RelyingParty.State.SUSPENDED)
    assert client.get(link).status_code == 403
    assert (again(asked).state, again(asked).reason) == (State.REFUSED, "suspended")


# --- the numbers


def test_both_screens_show_the_number_and_the_right_one_opens_the_question(
    desk: Client, client: Client, asked: Asked
) -> None:
    desk.get(screen(asked))
    path = scanned(client, asked)
    page, other = html(client.get(path)), html(desk.get(screen(asked)))
    offered = re.findall(r'name="number" value="(\d\d)"', page)
    assert len(set(offered)) == 3
    assert offered == sorted(offered)
    number = re.search(r'__number"[^>]*>(\d\d)<', other)
    assert number is not None
    assert number[1] in offered
    assert 'id="secret"' not in page
    assert client.post(f"{path}number", {"number": number[1]}).status_code == 302
    assert 'id="secret"' in html(client.get(path))
    assert desk.get(f"{screen(asked)}now").json() | {"seconds": 0} == {"state": "shown", "code": None, "seconds": 0}


@pytest.mark.parametrize("number", ["", "xx", "１２", "000"])
def test_another_number_ends_it(client: Client, asked: Asked, number: str) -> None:
    path = scanned(client, asked)
    page = client.post(f"{path}number", {"number": number}, follow=True)
    assert "番号が違うため、止めました" in html(page)
    assert again(asked).state == State.WRONG_NUMBER
    right = client.post(f"{path}number", {"number": numbers.of(asked.hand_off)}, follow=True)
    assert "番号が違うため、止めました" in html(right)


def test_nothing_is_answered_before_the_numbers_were_compared(client: Client, asked: Asked, citizen: Citizen) -> None:
    path = scanned(client, asked)
    client.get(path)
    body = citizen.posted(again(asked))
    response = client.post(f"{path}answer", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "handoff_not_shown")


def test_numbers_are_spread_and_their_place_says_nothing(ask: Ask) -> None:
    drawn = [(numbers.of(one), numbers.choices(one)) for one in (ask(way=Way.QR).hand_off for _ in range(60))]
    assert len({number for number, _ in drawn}) > 20
    assert {choices.index(number) for number, choices in drawn} == {0, 1, 2}


# --- the way back


def test_the_outcome_goes_back_with_the_screens_browser_and_not_with_the_phone(
    desk: Client, client: Client, asked: Asked, citizen: Citizen
) -> None:
    desk.get(screen(asked))
    path = shown(client, asked)
    response = client.post(f"{path}answer", citizen.posted(again(asked)), content_type="application/json")
    assert response.json() == {"return_url": path}
    assert "コードを表示していた画面に戻って" in html(client.get(path))
    assert "/return" not in html(client.get(path))
    assert client.get(f"{path}return")["Location"] == path
    door = desk.get(screen(asked))["Location"]
    assert door == f"{screen(asked)}return"
    assert desk.get(door)["Location"].startswith(f"{CALLBACK}?handoff={asked.hand_off.id}&code=")
    kinds = [entry.kind for entry in JournalEntry.objects.filter(kind__startswith="handoff.").order_by("sequence")]
    assert kinds == ["handoff.asked", "handoff.scanned", "handoff.matched", "handoff.answered"]


def test_time_that_runs_out_is_told_on_both_screens(desk: Client, client: Client, asked: Asked) -> None:
    desk.get(screen(asked))
    path = shown(client, asked)
    Realm.objects.update(clock_offset=asking.LIFETIME)
    for browser, address in ((desk, screen(asked)), (client, path)):
        page = browser.get(address)
        assert page.status_code == 410
        assert "期限が切れました" in html(page)
    assert f"{screen(asked)}return" in html(desk.get(screen(asked)))


# --- the document on the phone


def test_a_pdf_is_shown_as_pictures_text_and_file_to_the_phone_alone(client: Client, ask: Ask) -> None:
    content = pdfs.plain(2)
    asked = ask(Purpose.SIGNATURE, pdf=content, document_name="契約書")
    path = f"/handoff/{asked.token}/"
    page = html(client.get(path))
    assert "Contract page 1" in page
    assert "Contract page 2" in page
    digest = asked.hand_off.document_digest
    assert " ".join(digest[at : at + 8] for at in range(0, 64, 8)) in page
    for number in (1, 2):
        picture = client.get(f"{path}pages/{number}.png")
        assert picture["Content-Type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        assert len(picture.content) < 150_000
    assert client.get(f"{path}pages/3.png").status_code == 404
    assert client.get(f"{path}pages/0.png").status_code == 404
    file = client.get(f"{path}document.pdf")
    assert file.content == content
    assert "sandbox" in file["Content-Security-Policy"]
    assert file["Content-Disposition"].startswith("attachment")
    for other in ("document.pdf", "pages/1.png"):
        assert Client().get(f"{path}{other}").status_code == 403


def test_a_long_pdf_costs_the_page_little(client: Client, ask: Ask, django_assert_max_num_queries: Any) -> None:
    asked = ask(Purpose.SIGNATURE, pdf=pdfs.plain(50))
    with django_assert_max_num_queries(24):
        page = client.get(f"/handoff/{asked.token}/")
    assert len(page.content) < 150_000
    assert HandOffPdf.objects.get().pages == 50


# --- the card beside the phone


def test_a_phone_without_certificates_is_offered_the_card_first(client: Client, ask: Ask) -> None:
    asked = ask(media=asking.EVERY_MEDIUM)
    path = f"/handoff/{asked.token}/"
    page = html(client.get(path))
    assert 'name="card"' in page
    assert "data-device-url" not in page
    assert "スマートフォンで答える" in page
    assert "data-device-url" in html(client.get(f"{path}?phone"))
    assert "マイナンバーカードで答える" in html(client.get(f"{path}?phone"))


def test_a_phone_is_all_there_is_where_the_service_wants_that(client: Client, ask: Ask) -> None:
    path = f"/handoff/{ask().token}/"
    for query in ("", "?card"):
        assert "マイナンバーカードで答える" not in html(client.get(f"{path}{query}"))
        assert 'name="card"' not in html(client.get(f"{path}{query}"))


def test_the_page_names_the_service_that_it_shows(client: Client, ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    client.get(f"/handoff/{asked.token}/")
    body = citizen.posted(asked.hand_off) | {"service": "other-bank"}
    response = client.post(f"/handoff/{asked.token}/answer", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "handoff_other_service")
    assert again(asked).state == State.SHOWN


def test_what_is_prepared_for_the_phone_is_told_to_it_alone(client: Client, ask: Ask, citizen: Citizen) -> None:
    asked = ask(Purpose.SIGNATURE, pdf=pdfs.plain())
    path = f"/handoff/{asked.token}/"
    client.get(path)
    certificate = base64.b64encode(bytes(citizen.certificate(Purpose.SIGNATURE).der)).decode()
    body = {"certificate": certificate}
    other = Client().post(f"{path}prepare", body, content_type="application/json")
    assert (other.status_code, other.json()["code"]) == (403, "handoff_wrong_browser")
    prepared = client.post(f"{path}prepare", body, content_type="application/json").json()
    assert prepared["document_digest"] == asked.hand_off.document_digest
    signature = citizen.sign(Purpose.SIGNATURE, base64.b64decode(prepared["message"]))
    answer = {"service": "test-bank", "certificate": certificate, "signature": base64.b64encode(signature).decode()}
    assert client.post(f"{path}answer", answer, content_type="application/json").status_code == 200
    assert again(asked).state == State.ANSWERED
