"""The way back: one code, once, by the browser that began; and nothing for anybody else."""

import base64
import hashlib
import urllib.parse
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ca.models import JournalEntry, Realm
from ca.profiles import Medium, Purpose
from portal.handoff import asking, delivery, hand_offs, results
from portal.handoff.asking import Asked
from portal.handoff.errors import (
    AlreadyReturned,
    CodeInvalid,
    HandOffUnknown,
    HandOffWrongBrowser,
    NotOver,
    RequestInvalid,
)
from portal.handoff.models import HandOff
from portal.handoff.states import State
from portal.handoff.ways import Way
from tests.portal.handoff.citizens import Citizen
from tests.portal.handoff.test_handoff_api import post, token_request
from tests.whitelist.relying_parties import CALLBACK, VERIFIER, assertion, make_bank, make_credential
from tsm.models import Phone
from whitelist.models import Credential, MinisterialCertification, RelyingParty

pytestmark = pytest.mark.databases

Ask = Callable[..., Asked]
HERE, ELSEWHERE = "a" * 64, "b" * 64


def again(asked: Asked) -> HandOff:
    return hand_offs.found(pk=asked.hand_off.pk)


def answered(asked: Asked, citizen: Citizen) -> HandOff:
    hand_off = hand_offs.show(asked.hand_off, HERE)
    hand_offs.answer(hand_off, **citizen.answer(hand_off))
    return again(asked)


def query(address: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


def redeem(asked: Asked, code: str, **more: str) -> HandOff:
    return delivery.redeem(asked.hand_off.credential, reference=asked.hand_off.pk, code=code, **more)


def test_the_address_is_the_registered_one_with_what_the_service_needs(ask: Ask, citizen: Citizen) -> None:
    asked = ask(return_url=f"{CALLBACK}?from=app", state="s p&c=1")
    address = delivery.leave(answered(asked, citizen), HERE)
    given = query(address)
    assert address.startswith(f"{CALLBACK}?from=app&handoff=")
    assert given.pop("code")
    assert given == {
        "from": "app",
        "handoff": str(asked.hand_off.pk),
        "state": "s p&c=1",
        "iss": "http://localhost:8000",
    }


def test_the_result_is_the_services_once_the_code_is_redeemed_and_the_code_is_dead(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    hand_off = answered(asked, citizen)
    assert results.of(hand_off) is None, "who only asks how it stands gets the state and no more"
    code = query(delivery.leave(hand_off, HERE))["code"]
    redeemed = redeem(asked, code)
    assert results.of(redeemed) is not None
    assert results.of(again(asked)) is not None, "from then on it can be fetched again"
    with pytest.raises(CodeInvalid):
        redeem(asked, code)
    with pytest.raises(AlreadyReturned):
        delivery.leave(again(asked), HERE)
    assert JournalEntry.objects.filter(kind="handoff.delivered").count() == 1


def test_a_code_is_not_kept_as_it_is(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    code = query(delivery.leave(answered(asked, citizen), HERE))["code"]
    assert code not in str(HandOff.objects.filter(pk=asked.hand_off.pk).values())


def test_until_it_is_redeemed_the_browser_may_go_again_and_the_last_code_counts(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    hand_off = answered(asked, citizen)
    first, second = (query(delivery.leave(hand_off, HERE))["code"] for _ in range(2))
    with pytest.raises(CodeInvalid):
        redeem(asked, first)
    assert redeem(asked, second).state == State.ANSWERED


def test_a_code_comes_too_late(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    code = query(delivery.leave(answered(asked, citizen), HERE))["code"]
    Realm.objects.update(clock_offset=delivery.CODE_LIFETIME)
    with pytest.raises(CodeInvalid):
        redeem(asked, code)


@pytest.mark.parametrize("code", ["", "x", "\udcff", "0" * 64])
def test_what_is_no_code_is_refused(ask: Ask, citizen: Citizen, code: str) -> None:
    asked = ask()
    answered(asked, citizen)
    with pytest.raises(CodeInvalid):
        redeem(asked, code)


def test_a_code_is_good_for_its_own_hand_off_and_service(ask: Ask, citizen: Citizen, credential: Credential) -> None:
    asked, other = ask(), ask()
    code = query(delivery.leave(answered(asked, citizen), HERE))["code"]
    answered(other, citizen)
    with pytest.raises(CodeInvalid):
        redeem(other, code)
    stranger = make_credential(make_bank(credential.relying_party.realm, "other-bank"), number=1)
    with pytest.raises(HandOffUnknown):
        delivery.redeem(stranger, reference=asked.hand_off.pk, code=code)


def test_in_another_browser_the_answer_is_thrown_away_and_the_service_told(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    hand_off = answered(asked, citizen)
    with pytest.raises(HandOffWrongBrowser):
        delivery.leave(hand_off, ELSEWHERE)
    kept = again(asked)
    assert (kept.state, kept.certificate, kept.signature, kept.medium) == (State.WRONG_BROWSER, None, None, "")
    assert JournalEntry.objects.filter(kind="handoff.strayed").exists()
    # The right browser takes it there, in words of its own, and the code that was out before is dead.
    code = query(delivery.leave(kept, HERE))["code"]
    redeemed = redeem(asked, code)
    assert (redeemed.state, results.of(redeemed)) == (State.WRONG_BROWSER, None)


def test_another_browser_can_not_undo_what_the_service_has(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    redeem(asked, query(delivery.leave(answered(asked, citizen), HERE))["code"])
    with pytest.raises(AlreadyReturned):
        delivery.leave(again(asked), ELSEWHERE)
    assert again(asked).state == State.ANSWERED


def test_nor_when_it_comes_back_at_the_moment_of_the_redemption(ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    hand_off = answered(asked, citizen)
    code = query(delivery.leave(hand_off, HERE))["code"]
    as_read_before = again(asked)
    redeem(asked, code)
    with pytest.raises(HandOffWrongBrowser):
        delivery.leave(as_read_before, ELSEWHERE)
    assert results.of(again(asked)) is not None
    assert not JournalEntry.objects.filter(kind="handoff.strayed").exists()


@pytest.mark.parametrize("end", [State.DECLINED, State.EXPIRED])
def test_every_outcome_goes_back_by_its_name(ask: Ask, end: State) -> None:
    asked = ask()
    hand_off = hand_offs.show(asked.hand_off, HERE)
    with pytest.raises(NotOver):
        delivery.leave(hand_off, HERE)
    if end == State.DECLINED:
        hand_offs.decline(hand_off)
    else:
        Realm.objects.update(clock_offset=asking.LIFETIME)
    code = query(delivery.leave(again(asked), HERE))["code"]
    redeemed = redeem(asked, code)
    assert (redeemed.state, results.of(redeemed)) == (end, None)


# --- an app binds the code to its secret (RFC 7636)


def test_an_apps_code_needs_the_verifier(ask: Ask, citizen: Citizen) -> None:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = ask(way=Way.APP, code_challenge=challenge)
    code = query(delivery.leave(answered(asked, citizen), HERE))["code"]
    for wrong in ("", "w" * 43, challenge):
        with pytest.raises(CodeInvalid):
            redeem(asked, code, code_verifier=wrong)
    assert redeem(asked, code, code_verifier=verifier).state == State.ANSWERED


@pytest.mark.parametrize(
    "changes",
    [
        {"way": Way.APP},
        {"code_challenge": "short"},
        {"state": "é"},
        {"state": "x" * 256},
        {"state": "a\nb"},
        {"media": [Medium.CARD]},
        {"media": []},
    ],
)
def test_a_request_that_does_not_go_together_is_refused(ask: Ask, changes: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid):
        ask(**changes)
    assert not HandOff.objects.exists()


# --- in browsers, and over the API


@pytest.fixture
def bearer(client: Client, credential: Credential) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_request(client).json()['access_token']}"}


def by_api(client: Client, bearer: dict[str, str], reference: str, **body: Any) -> Any:
    url = f"/api/v1/handoffs/{reference}/redeem"
    return client.post(url, body, content_type="application/json", headers=bearer)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_from_the_request_to_the_result_over_the_api(
    client: Client, phone: Phone, bearer: dict[str, str], citizen: Citizen, purpose: Purpose
) -> None:
    more = {"document": "契約書\n", "document_name": "契約書"} if purpose == Purpose.SIGNATURE else {}
    made = post(client, bearer, purpose=purpose.value, state="xyz", **more).json()
    link = urllib.parse.urlsplit(made["link"]).path
    client.get(link)
    hand_off = HandOff.objects.get(pk=made["id"])
    body = citizen.posted(hand_off)
    door = client.post(f"{link}answer", body, content_type="application/json").json()["return_url"]
    poll = client.get(f"/api/v1/handoffs/{made['id']}", headers=bearer).json()
    assert (poll["state"], poll["result"], poll["redeemed_at"]) == ("answered", None, None)
    back = query(client.get(door)["Location"])
    assert back["state"] == "xyz"
    assert by_api(client, bearer, made["id"], code=back["code"]).status_code == 400, "the code alone is worth nothing"
    got = by_api(client, bearer, made["id"], code=back["code"], code_verifier=VERIFIER)
    assert got["Cache-Control"] == "no-store"
    result = got.json()["result"]
    assert {name: result[name] for name in ("certificate", "signature")} == {
        name: body[name] for name in ("certificate", "signature")
    }
    assert (result["medium"], result["purpose"], result["nonce"]) == ("phone", purpose, made["nonce"])
    assert result["signed_text"] == hand_off.signed_text
    assert (result["cms"] is not None) == (purpose == Purpose.SIGNATURE)
    assert client.get(f"/api/v1/handoffs/{made['id']}", headers=bearer).json()["result"] == result
    twice = by_api(client, bearer, made["id"], code=back["code"], code_verifier=VERIFIER)
    assert (twice.status_code, twice.json()["code"]) == (400, "handoff_code_invalid")
    assert client.get(door).status_code == 200, "a page that says the service has it"


def test_another_service_redeems_nothing(client: Client, bearer: dict[str, str], ask: Ask, citizen: Citizen) -> None:
    asked = ask()
    code = query(delivery.leave(answered(asked, citizen), HERE))["code"]
    make_credential(make_bank(asked.hand_off.realm, "other-bank"), number=1)
    other = token_request(
        client, client_assertion=assertion("other-bank", "http://localhost:8000/api/v1/token", number=1)
    )
    header = {"Authorization": f"Bearer {other.json()['access_token']}"}
    assert by_api(client, header, str(asked.hand_off.pk), code=code).json()["code"] == "handoff_unknown"
    assert by_api(client, {}, str(asked.hand_off.pk), code=code).json()["code"] == "token_invalid"
    assert by_api(client, bearer, str(asked.hand_off.pk), code=code).status_code == 200


def test_the_first_browser_keeps_the_link(client: Client, phone: Phone, ask: Ask, citizen: Citizen) -> None:
    asked, other = ask(), Client()
    path = f"/handoff/{asked.token}/"
    assert client.get(path).status_code == 200
    page = other.get(path)
    assert page.status_code == 403
    assert "別のブラウザで始めた依頼です" in page.content.decode()
    assert "試験銀行" not in page.content.decode()
    body = citizen.posted(asked.hand_off)
    refused = other.post(f"{path}answer", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "handoff_wrong_browser")
    assert other.post(f"{path}decline").status_code == 403
    assert again(asked).state == State.SHOWN
    assert client.post(f"{path}answer", body, content_type="application/json").status_code == 200
    strayed = other.get(f"{path}return")
    assert strayed.status_code == 403
    assert again(asked).state == State.WRONG_BROWSER
    assert "別のブラウザで戻ったため、止めました" in client.get(path).content.decode()


def test_the_cookie_is_the_hand_offs_alone_and_says_nothing(client: Client, phone: Phone, ask: Ask) -> None:
    first, second = ask(), ask()
    for asked in (first, second):
        client.get(f"/handoff/{asked.token}/")
    cookie = client.cookies["jpki_handoff"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/handoff/", True, "Lax")
    marks = {again(one).answers_in for one in (first, second)}
    assert len(marks) == 2, "who reads the table can't tell that both were opened in one browser"
    assert cookie.value not in marks


@pytest.mark.parametrize(
    ("values", "member"),
    [
        ({"way": "pigeon"}, "way"),
        ({"code_challenge": ""}, "code_challenge"),
        ({"way": "app", "code_challenge": ""}, "code_challenge"),
        ({"code_challenge": "plain"}, "code_challenge"),
        ({"format": "xades"}, "format"),
        ({"media": "phone"}, "media"),
        ({"media": ["watch"]}, "media"),
        ({"media": ["card"]}, "media"),
        ({"state": 7}, "state"),
        ({"state": "é"}, "state"),
        ({"purpose": "signature", "pdf": "??", "document_name": "x"}, "pdf"),
        ({"purpose": "signature", "pdf": "AAAA", "document_name": "x"}, "pdf"),
        ({"purpose": "signature", "pdf": "JVBERi0=", "document": "x", "document_name": "x"}, "pdf"),
    ],
)
def test_a_wrong_member_is_named(client: Client, bearer: dict[str, str], values: dict[str, Any], member: str) -> None:
    response = post(client, bearer, **values)
    assert (response.status_code, response.json()["member"]) == (400, member)
    assert not HandOff.objects.exists()


# --- article 17: who gets no signature certificate


@pytest.mark.parametrize("basis", [each for each in RelyingParty.Basis if each != RelyingParty.Basis.OPERATOR])
def test_without_ministerial_certification_only_the_exempt_get_a_signature(
    client: Client, bearer: dict[str, str], basis: RelyingParty.Basis
) -> None:
    MinisterialCertification.objects.all().delete()
    RelyingParty.objects.update(basis=basis)
    document = {"document": "契約書\n", "document_name": "契約書"}
    signature = post(client, bearer, purpose="signature", **document).json()
    authentication = post(client, bearer, purpose="user_authentication").json()
    assert authentication["state"] == "waiting"
    if basis in {RelyingParty.Basis.ITEM_5, RelyingParty.Basis.ITEM_6}:
        assert (signature["state"], signature["reason"]) == ("refused", "ministerial_certification_missing")
        assert client.get(urllib.parse.urlsplit(signature["link"]).path).status_code == 403
    else:
        assert signature["state"] == "waiting"


def test_under_a_platform_operator_all_ends_with_the_operators_entry(
    client: Client, bearer: dict[str, str], realm: Realm
) -> None:
    MinisterialCertification.objects.all().delete()
    operator = make_bank(realm, "test-operator", kind=RelyingParty.Kind.PLATFORM_OPERATOR)
    RelyingParty.objects.exclude(pk=operator.pk).update(basis=RelyingParty.Basis.OPERATOR, operator=operator)
    made = post(client, bearer, purpose="user_authentication").json()
    assert made["state"] == "waiting"
    RelyingParty.objects.filter(pk=operator.pk).update(state=RelyingParty.State.SUSPENDED)
    page = client.get(urllib.parse.urlsplit(made["link"]).path)
    assert page.status_code == 403
    assert "プラットフォーム事業者の登録が有効でない" in page.content.decode()


def test_a_certification_that_is_withdrawn_while_it_is_open_gives_nothing(
    client: Client, phone: Phone, bearer: dict[str, str], citizen: Citizen, realm: Realm
) -> None:
    document = {"document": "契約書\n", "document_name": "契約書"}
    made = post(client, bearer, purpose="signature", **document).json()
    link = urllib.parse.urlsplit(made["link"]).path
    client.get(link)
    MinisterialCertification.objects.update(withdrawn_at=HandOff.objects.get().created_at - timedelta(days=1))
    body = citizen.posted(HandOff.objects.get())
    answer = client.post(f"{link}answer", body, content_type="application/json")
    assert (answer.status_code, answer.json()["reason"]) == (403, "ministerial_certification_withdrawn")
    kept = HandOff.objects.get()
    assert (kept.state, kept.certificate) == (State.REFUSED, None)
