"""The hand-off on the citizen's phone."""

import base64
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ca import clock, revocation
from ca.models import Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from portal.handoff import hand_offs
from portal.handoff.asking import LIFETIME, Asked
from portal.handoff.models import HandOff
from portal.handoff.sentences import REFUSALS
from portal.handoff.states import State
from tests.portal.handoff.citizens import Citizen
from tests.whitelist.relying_parties import CALLBACK
from tsm.models import Phone
from whitelist.access import Reason
from whitelist.models import RelyingParty

Ask = Callable[..., Asked]
SIGNATURE, AUTHENTICATION = Purpose.SIGNATURE, Purpose.USER_AUTHENTICATION


def html(response: Any) -> str:
    return str(response.content.decode())


def state(asked: Asked) -> str:
    return HandOff.objects.get(pk=asked.hand_off.pk).state


def post_answer(client: Client, asked: Asked, body: Any, **more: Any) -> Any:
    return client.post(f"/handoff/{asked.token}/answer", body, content_type="application/json", **more)


def test_the_screen_shows_who_asks_and_for_what_from_the_register(client: Client, phone: Phone, ask: Ask) -> None:
    asked = ask()
    response = client.get(f"/handoff/{asked.token}/")
    page = html(response)
    assert response.status_code == 200
    for expected in (
        "試験銀行",
        "試験の目的 user_authentication",
        "https://bank.example",
        "第6号",
        "T-1",
        "試験スマホ",
    ):
        assert expected in page
    assert "no-store" in response["Cache-Control"]
    assert state(asked) == "shown"


def test_in_english_too(client: Client, phone: Phone, ask: Ask) -> None:
    page = html(client.get(f"/handoff/{ask().token}/", headers={"accept-language": "en"}))
    assert "Test Bank" in page
    assert "Test purpose user_authentication" in page


def test_what_is_signed_is_what_is_shown(client: Client, phone: Phone, ask: Ask) -> None:
    asked = ask(SIGNATURE, document="\n<b>1&2</b>\r\n", document_name="<i>")
    page = html(client.get(f"/handoff/{asked.token}/"))
    # The first line break after <pre> is the parser's; the document's own follows it.
    assert '">\n\n&lt;b&gt;1&amp;2&lt;/b&gt;\r\n</pre>' in page
    message = re.search(r'data-message="([^"]+)"', page)
    assert message is not None
    assert base64.b64decode(message[1]).decode() == "\n<b>1&2</b>\r\n"
    digest = re.search(r'<span class="code">([0-9a-f ]{71})</span>', page)
    assert digest is not None
    import hashlib

    assert digest[1].replace(" ", "") == hashlib.sha256(b"\n<b>1&2</b>\r\n").hexdigest()


def test_the_secret_has_a_field_without_a_name(client: Client, phone: Phone, ask: Ask) -> None:
    page = html(client.get(f"/handoff/{ask(SIGNATURE).token}/"))
    field = re.search(r"<input[^>]*id=\"secret\"[^>]*>", page)
    assert field is not None
    assert "name=" not in field[0]
    assert 'autocomplete="off"' in field[0]
    assert not re.search(r"<script(?![^>]*src=)", page)


def test_a_browser_that_is_no_phone_is_told_so(client: Client, ask: Ask) -> None:
    page = html(client.get(f"/handoff/{ask().token}/"))
    assert "スマホ用電子証明書がありません" in page
    assert 'id="secret"' not in page
    assert "答える" not in page


@pytest.mark.parametrize("purpose", list(Purpose))
def test_the_phone_answers_and_goes_back_to_the_service(
    client: Client, phone: Phone, ask: Ask, citizen: Citizen, purpose: Purpose
) -> None:
    asked = ask(purpose)
    client.get(f"/handoff/{asked.token}/")
    response = post_answer(client, asked, citizen.posted(asked.hand_off))
    assert response.status_code == 200
    assert response.json() == {"return_url": f"/handoff/{asked.token}/return"}
    assert state(asked) == "answered"
    after = client.get(f"/handoff/{asked.token}/")
    assert after.status_code == 200
    assert f"/handoff/{asked.token}/return" in html(after)
    back = client.get(f"/handoff/{asked.token}/return")
    assert back.status_code == 302
    assert back["Location"].startswith(f"{CALLBACK}?handoff={asked.hand_off.id}&code=")
    assert 'id="secret"' not in html(after)


def test_an_answer_needs_the_csrf_token(phone: Phone, client: Client, ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    strict.get(f"/handoff/{asked.token}/")
    body = citizen.posted(asked.hand_off)
    assert post_answer(strict, asked, body).status_code == 403
    assert strict.post(f"/handoff/{asked.token}/decline").status_code == 403
    assert state(asked) == "shown"
    token = strict.cookies["jpki_csrf"].value
    assert post_answer(strict, asked, body, headers={"X-CSRFToken": token}).status_code == 200


def test_an_answer_that_does_not_hold_is_a_problem_with_a_sentence(
    client: Client, phone: Phone, ask: Ask, citizen: Citizen, realm: Realm
) -> None:
    asked = ask()
    client.get(f"/handoff/{asked.token}/")
    wrong = post_answer(client, asked, citizen.posted(asked.hand_off, Medium.CARD))
    assert wrong.status_code == 403
    assert (wrong.json()["code"], wrong.json()["reasons"]) == ("answer_refused", ["wrong_medium"])
    assert wrong.json()["citizen"]["ja"]
    revocation.revoke(citizen.certificate(AUTHENTICATION), cause=Cause.PHONE_USE_ENDED, now=clock.now(realm))
    assert post_answer(client, asked, citizen.posted(asked.hand_off)).json()["reasons"] == ["revoked"]
    assert state(asked) == "shown"


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"service": "test-bank"},
        {"service": "test-bank", "certificate": "", "signature": ""},
        {"service": "test-bank", "certificate": "??", "signature": "AA=="},
        {"service": "test-bank", "certificate": 1},
    ],
)
def test_what_is_no_answer_is_a_problem(client: Client, phone: Phone, ask: Ask, body: Any) -> None:
    asked = ask()
    client.get(f"/handoff/{asked.token}/")
    response = post_answer(client, asked, body)
    assert (response.status_code, response.json()["code"]) == (400, "answer_malformed")


def test_after_a_no_the_screen_leads_back(client: Client, phone: Phone, ask: Ask) -> None:
    asked = ask()
    client.get(f"/handoff/{asked.token}/")
    response = client.post(f"/handoff/{asked.token}/decline", follow=True)
    assert response.status_code == 200
    assert "断りました" in html(response)
    assert f"/handoff/{asked.token}/return" in html(response)
    assert state(asked) == "declined"
    assert "断りました" in html(client.post(f"/handoff/{asked.token}/decline", follow=True))


@pytest.mark.parametrize("known", [True, False])
def test_a_service_off_the_register_is_refused_by_name_of_nothing(
    client: Client, phone: Phone, ask: Ask, known: bool
) -> None:
    RelyingParty.objects.update(state=RelyingParty.State.DRAFT)
    asked = ask(document="", return_url=CALLBACK if known else "https://evil.example/")
    response = client.get(f"/handoff/{asked.token}/")
    page = html(response)
    assert response.status_code == 403
    assert REFUSALS[Reason.NOT_REGISTERED].ja in page
    assert "test-bank" in page
    for unsaid in ("試験銀行", "evil.example", "bank.example", 'id="secret"'):
        assert unsaid not in page


def test_suspended_while_it_was_open(client: Client, phone: Phone, ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    client.get(f"/handoff/{asked.token}/")
    RelyingParty.objects.update(state=RelyingParty.State.SUSPENDED)
    response = post_answer(client, asked, citizen.posted(asked.hand_off))
    assert (response.status_code, response.json()["code"]) == (403, "handoff_refused")
    assert REFUSALS[Reason.SUSPENDED].ja in html(client.get(f"/handoff/{asked.token}/"))
    assert hand_offs.by_token(asked.token).state == State.REFUSED


def test_an_expired_link_says_so(client: Client, phone: Phone, ask: Ask, citizen: Citizen, realm: Realm) -> None:
    asked = ask()
    client.get(f"/handoff/{asked.token}/")
    Realm.objects.update(clock_offset=LIFETIME)
    response = client.get(f"/handoff/{asked.token}/")
    assert response.status_code == 410
    assert "期限が切れました" in html(response)
    answered = post_answer(client, asked, citizen.posted(asked.hand_off))
    assert (answered.status_code, answered.json()["code"]) == (410, "handoff_expired")


def test_an_unknown_link_says_so(client: Client, realm: Realm) -> None:
    for url in ("/handoff/unknown/", "/handoff/%00/", "/handoff/%F0%9F%93%B1/"):
        response = client.get(url)
        assert response.status_code == 404
        assert "依頼が見つかりません" in html(response)
    assert client.post("/handoff/unknown/decline").status_code == 404
    assert client.post("/handoff/unknown/answer", {}, content_type="application/json").status_code == 404


def test_every_reason_has_its_sentence() -> None:
    assert set(REFUSALS) == set(Reason)


def test_the_page_asks_the_database_little(
    client: Client, phone: Phone, ask: Ask, django_assert_max_num_queries: Any
) -> None:
    asked = ask()
    # The first time it is written down that it is shown.
    with django_assert_max_num_queries(24):
        client.get(f"/handoff/{asked.token}/")
