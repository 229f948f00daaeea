"""A lost phone: its holder signs in with the card in any browser and puts the pair on hold; who may release it."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ca import causes, clock, revocation
from ca.causes import Cause, Event, Party
from ca.models import Certificate, JournalEntry, Realm
from portal.phone import card_sign_in
from sandbox.models import VirtualCard
from tests.tsm.enrolment.citizen import Citizen, card_of, sign_with_card
from tsm import enrolment as enrolments
from tsm import measures, services
from tsm.jpki import Key
from tsm.models import Enrolment, ServiceOrder

pytestmark = pytest.mark.django_db(transaction=True)

CHALLENGE = "/phone/lost/card/challenge"
MINE = "/phone/lost/mine/"


@pytest.fixture
def elsewhere() -> Client:
    """Return another browser, one that stands in for no phone."""
    return Client()


def sign_in(client: Client, card: VirtualCard, key: Key = Key.AUTHENTICATION, text: str = "") -> Any:
    given = client.get(CHALLENGE).json()["text"]
    certificate, signature = sign_with_card(card, text or given, key)
    return answer(client, certificate, signature)


def answer(client: Client, certificate: bytes, signature: bytes) -> Any:
    body = {
        name: base64.b64encode(value).decode()
        for name, value in zip(("certificate", "signature"), (certificate, signature), strict=True)
    }
    return client.post(CHALLENGE, body, content_type="application/json")


def newest(citizen: Citizen) -> Enrolment:
    found = enrolments.current(citizen.phone)
    assert found is not None
    return found


def statuses(citizen: Citizen) -> set[tuple[str, str]]:
    found = newest(citizen)
    pair = (found.signature_certificate, found.authentication_certificate)
    return {(str(one.status), str(one.cause)) for one in pair if one is not None}


HELD = {("on_hold", "loss")}
VALID = {("valid", "")}


def test_the_holder_stops_the_phone_from_any_browser(realm: Realm, citizen: Citizen, elsewhere: Client) -> None:
    card = card_of(realm)
    reference = citizen.enrol(card)
    assert "カードで本人確認" in elsewhere.get("/phone/lost/").content.decode()
    assert 'value="/sandbox/cards/hanako/session"' in elsewhere.get("/phone/lost/card/").content.decode()
    assert sign_in(elsewhere, card).json() == {"signed_in": True}
    page = elsewhere.get(MINE).content.decode()
    assert citizen.phone.name in page
    assert "一時利用停止する" in page

    response = elsewhere.post(MINE + "hold", {"enrolment": reference})
    assert response.headers["Location"] == MINE
    assert statuses(citizen) == HELD
    assert newest(citizen).orders.get().function == ServiceOrder.Function.SUSPEND
    assert "止まっています" in elsewhere.get(MINE).content.decode()
    # It is in the journal who signed in how, and what came of it.
    kinds = list(JournalEntry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds.index("holder.signed_in") < kinds.index("certificate.held")
    ordered = JournalEntry.objects.get(kind="service.suspend")
    assert ordered.data["source"] == "holder's card"
    # Signing in gave no phone to this browser.
    assert "phone" not in elsewhere.session
    assert elsewhere.get(f"/phone/enrolments/{reference}/").status_code == 404


def test_the_phone_itself_says_that_it_is_stopped_and_who_releases_it(
    client: Client, realm: Realm, citizen: Citizen
) -> None:
    citizen.enrol(card_of(realm))
    services.suspend(newest(citizen), source="test")
    home = client.get("/phone/").content.decode()
    assert "一時利用停止中です" in home
    assert "ログイン（利用者証明）と電子署名ができます" not in home
    page = client.get("/phone/found/").content.decode()
    assert "コールセンターが本人であることを確かめて" in page
    assert 'id="request"' not in page
    # Released by the help desk: under way until the phone is in contact, then valid again.
    citizen.converse()
    services.resume(newest(citizen), source="help desk")
    assert "解除の手続が進んでいます" in client.get("/phone/found/").content.decode()
    citizen.converse()
    assert statuses(citizen) == VALID
    assert client.get("/phone/found/").headers["Location"] == "/phone/"
    assert "使えます" in client.get("/phone/").content.decode()


def test_a_hold_by_a_measure_is_the_holders_to_release_with_the_phone(
    client: Client, realm: Realm, citizen: Citizen
) -> None:
    reference = citizen.enrol(card_of(realm))
    measures.report(newest(citizen), measures.Signal.FACTORY_RESET, source="test")
    assert statuses(citizen) == HELD
    page = client.get("/phone/found/").content.decode()
    path = f"enrolments/{reference}/resume"
    assert f'data-request="/api/phone/v1/{path}"' in page
    text = citizen.api("GET", path).json()["text"]
    signature = base64.b64encode(citizen.sign(text, Key.SIGNATURE)).decode()
    assert citizen.api("POST", path, {"text": text, "signature": signature}).status_code == 200
    assert statuses(citizen) == VALID


def test_found_again_is_released_by_the_holder_only_where_the_table_of_causes_lets_him(
    realm: Realm, citizen: Citizen, elsewhere: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = card_of(realm)
    reference = citizen.enrol(card)
    sign_in(elsewhere, card)
    elsewhere.post(MINE + "hold", {"enrolment": reference})
    citizen.converse()
    assert "コールセンター" in elsewhere.get(MINE).content.decode()
    assert elsewhere.post(MINE + "resume", {"enrolment": reference}).status_code == 404
    assert statuses(citizen) == HELD

    rule = causes.RULES[Cause.LOSS]
    kinder = causes.Rule(
        rule.reason, {**rule.events, Event.RELEASE: frozenset({*rule.events[Event.RELEASE], Party.HOLDER})}
    )
    monkeypatch.setitem(causes.RULES, Cause.LOSS, kinder)
    assert "一時利用停止を解除する" in elsewhere.get(MINE).content.decode()
    assert elsewhere.post(MINE + "resume", {"enrolment": reference}).status_code == 302
    assert "解除の手続が進んでいます" in elsewhere.get(MINE).content.decode()
    citizen.converse()
    assert statuses(citizen) == VALID


def test_nobody_stops_a_phone_without_signing_in(realm: Realm, citizen: Citizen, elsewhere: Client) -> None:
    reference = citizen.enrol(card_of(realm))
    assert elsewhere.get(MINE).headers["Location"] == "/phone/lost/card/"
    response = elsewhere.post(MINE + "hold", {"enrolment": reference})
    assert response.headers["Location"] == "/phone/lost/card/"
    assert statuses(citizen) == VALID


def test_a_holder_stops_only_the_own_phone(realm: Realm, citizen: Citizen, elsewhere: Client) -> None:
    reference = citizen.enrol(card_of(realm))
    sign_in(elsewhere, card_of(realm, "taro"))
    assert "止めるものはありません" in elsewhere.get(MINE).content.decode()
    response = elsewhere.post(MINE + "hold", {"enrolment": reference})
    assert response.status_code == 409
    assert "いまの状態を確かめて" in response.content.decode()
    assert statuses(citizen) == VALID


def test_a_signed_challenge_is_good_once_and_for_the_browser_that_got_it(
    realm: Realm, citizen: Citizen, elsewhere: Client
) -> None:
    card = card_of(realm)
    text = elsewhere.get(CHALLENGE).json()["text"]
    certificate, signature = sign_with_card(card, text, Key.AUTHENTICATION)
    assert answer(Client(), certificate, signature).json()["code"] == "sign_in_over"
    assert answer(elsewhere, certificate, signature).status_code == 200
    again = answer(elsewhere, certificate, signature)
    assert again.status_code == 409
    assert again.json()["citizen"]["ja"].startswith("時間が過ぎたため")


@pytest.mark.parametrize("over", ["challenge", "session"])
def test_what_is_too_old_is_good_no_more(
    realm: Realm, elsewhere: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, over: str
) -> None:
    card = card_of(realm)
    if over == "challenge":
        monkeypatch.setattr(card_sign_in, "CHALLENGE_SECONDS", -1)
        assert sign_in(elsewhere, card).json()["code"] == "sign_in_over"
    else:
        settings.CARD_SESSION_SECONDS = -1
        assert sign_in(elsewhere, card).status_code == 200
    assert elsewhere.get(MINE).headers["Location"] == "/phone/lost/card/"


def test_signing_out_ends_it(realm: Realm, elsewhere: Client) -> None:
    sign_in(elsewhere, card_of(realm))
    assert elsewhere.get(MINE).status_code == 200
    elsewhere.post("/phone/lost/leave")
    assert elsewhere.get(MINE).headers["Location"] == "/phone/lost/card/"


def test_another_text_another_key_or_a_revoked_card_signs_nobody_in(realm: Realm, elsewhere: Client) -> None:
    card = card_of(realm)
    refused = sign_in(elsewhere, card, text="another text")
    assert refused.status_code == 403
    assert refused.json()["reasons"] == ["signature_wrong"]
    refused = sign_in(elsewhere, card, key=Key.SIGNATURE)
    assert refused.json()["reasons"] == ["wrong_purpose"]
    certificate = Certificate.objects.get(holder=card.holder, purpose="user_authentication", medium="card")
    revocation.revoke(certificate, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    refused = sign_in(elsewhere, card)
    assert "連動して" in refused.json()["citizen"]["ja"]
    assert elsewhere.get(MINE).status_code == 302
    assert JournalEntry.objects.filter(kind="holder.sign_in_refused").count() == 3


def test_a_phones_certificate_signs_nobody_in(realm: Realm, citizen: Citizen, elsewhere: Client) -> None:
    citizen.enrol(card_of(realm))
    text = elsewhere.get(CHALLENGE).json()["text"]
    certificate = newest(citizen).authentication_certificate
    assert certificate is not None
    refused = answer(elsewhere, bytes(certificate.der), citizen.sign(text, Key.AUTHENTICATION))
    assert refused.json()["reasons"] == ["wrong_medium"]


@pytest.mark.parametrize("body", ['{"certificate": "%"}', "[]", '{"certificate": 1, "signature": 2}', "x"])
def test_what_is_no_answer_is_refused(client: Client, realm: Realm, body: str) -> None:
    response = client.post(CHALLENGE, body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_request"


def test_the_answer_needs_the_csrf_token(realm: Realm) -> None:
    assert Client(enforce_csrf_checks=True).post(CHALLENGE, {}, content_type="application/json").status_code == 403


def test_a_change_of_phone_ends_a_stopped_pair(
    realm: Realm, citizen: Citizen, elsewhere: Client, deliver: Callable[..., list[str]]
) -> None:
    card = card_of(realm)
    reference = citizen.enrol(card)
    sign_in(elsewhere, card)
    elsewhere.post(MINE + "hold", {"enrolment": reference})
    Citizen.with_new_phone(realm, deliver, "kaede-3").enrol(card)
    assert statuses(citizen) == {("revoked", "phone_use_ended")}


def test_the_session_is_over_after_minutes(settings: Any) -> None:
    assert timedelta(minutes=1) <= timedelta(seconds=settings.CARD_SESSION_SECONDS) <= timedelta(minutes=30)
