"""From a mail address to an account: confirmed by a code, answered alike whether it is known, bounded, enrolled."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from ca import clock
from ca.models import Realm
from portal.accounts import staff
from portal.accounts.models import Account, AccountChange, Authenticator, Passkey, Registration
from portal.providers.models import Membership
from tests.portal.accounts.people import PASSWORD, code, journal, make_staff, shown, sign_in
from tests.portal.providers.people import code_in, join, mails, make_organisation, make_person
from tests.portal.screen_lock.authenticator import Authenticator as Device

pytestmark = pytest.mark.django_db
ADDRESS = "yamada@bank.example"


def browser() -> Client:
    return Client(headers={"accept-language": "ja"})


def begin(client: Client, address: str = ADDRESS) -> Any:
    return client.post("/providers/register", {"address": address})


def confirmed(client: Client, address: str = ADDRESS) -> Client:
    """Have the client confirm an address by the code of the mail."""
    assert begin(client, address).headers.get("Location") == "/providers/register/code"
    response = client.post("/providers/register/code", {"code": code_in(mails()[-1][1])})
    assert response.headers.get("Location") == "/providers/register/method", response.content.decode()
    return client


def ask(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"/providers/passkey/{path}", body or {}, content_type="application/json")


def by_passkey(client: Client, device: Device) -> Any:
    return ask(client, "enrol", device.create(ask(client, "enrol/ask").json()))


def test_a_confirmed_address_with_password_and_authenticator_is_an_account_and_signs_in(realm: Realm) -> None:
    client = confirmed(browser(), " Yamada@Bank.example ")
    page = client.get("/staff/enrol/authenticator").content.decode()
    device = Authenticator.objects.get(confirmed=False)
    assert "サインインの方法に戻る" in page
    assert "JPKI%20providers" in device.config_url
    client.post("/staff/enrol/authenticator", {"code": shown(device)})
    response = client.post("/staff/enrol/password", {"password": PASSWORD, "again": PASSWORD})
    assert len(re.findall(r"<li>[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}</li>", response.content.decode())) == 8
    account = Account.objects.get()
    assert (account.name, account.role, account.state) == (ADDRESS, "provider", "active")
    assert client.get("/providers/organisations/").status_code == 200
    other = browser()
    answer = other.post("/providers/sign-in", {"name": ADDRESS, "password": PASSWORD, "code": code(account)})
    assert answer.headers["Location"] == "/providers/organisations/"
    assert other.get("/helpdesk/").status_code == 403
    assert [entry.subject for entry in journal("provider.address_confirmed")] == [ADDRESS]


def test_a_passkey_alone_makes_an_account_and_signs_in_from_anywhere(realm: Realm) -> None:
    device = Device()
    client = confirmed(browser())
    response = by_passkey(client, device)
    assert response.json() == {"next": "/providers/organisations/"}
    assert client.get("/providers/organisations/").status_code == 200
    other = browser()
    answer = ask(other, "sign-in", device.get(ask(other, "ask").json()))
    assert answer.json() == {"next": "/providers/organisations/"}
    assert other.get("/providers/account").status_code == 200
    assert [entry.data["by"] for entry in journal("staff.signed_in")] == ["passkey"]
    assert Passkey.objects.get().sign_count == device.count
    refused = browser().post("/providers/sign-in", {"name": ADDRESS, "password": "x", "code": "000000"})
    assert refused.status_code == 403


@pytest.mark.parametrize("wrong", ["origin", "unverified", "replayed", "counter", "stranger", "elses"])
def test_a_passkeys_answer_that_doesnt_hold_signs_nobody_in(realm: Realm, wrong: str) -> None:
    device, client = Device(), confirmed(browser())
    by_passkey(client, device)
    other = browser()
    answer = device.get(ask(other, "ask").json())
    if wrong == "replayed":
        assert ask(other, "sign-in", answer).status_code == 200
        other = browser()
    elif wrong == "stranger":
        answer = Device().get(ask(other, "ask").json())
    elif wrong == "elses":
        answer["response"]["userHandle"] = "AAAA"
    else:
        device.origin = "https://evil.example" if wrong == "origin" else device.origin
        device.verified = wrong != "unverified"
        device.count = -1 if wrong == "counter" else device.count
        Passkey.objects.update(sign_count=5 if wrong == "counter" else 0)
        answer = device.get(ask(other, "ask").json())
    response = ask(other, "sign-in", answer)
    assert response.status_code == (409 if wrong == "replayed" else 403)
    assert other.get("/providers/organisations/").status_code == 302
    assert not other.cookies.get("jpki_staff")


@pytest.mark.parametrize("body", ["", "[]", "null", "{}", '{"id": 1, "rawId": [], "type": {}, "response": "x"}'])
def test_what_is_no_answer_of_an_authenticator_is_refused_with_a_sentence(realm: Realm, body: str) -> None:
    response = Client().post("/providers/passkey/sign-in", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "passkey_refused")


def test_a_challenge_for_one_thing_is_good_for_no_other(realm: Realm) -> None:
    device, client = Device(), confirmed(browser())
    by_passkey(client, device)
    answer = device.get(ask(client, "confirm/ask").json())
    assert ask(browser(), "sign-in", answer).json()["code"] == "passkey_challenge_over"


def test_a_known_address_is_answered_alike_and_its_owner_is_told(realm: Realm) -> None:
    make_person(realm, ADDRESS)
    known, unknown = browser(), browser()
    first, second = begin(known), begin(unknown, "new@bank.example")
    assert (first.status_code, first.headers["Location"]) == (second.status_code, second.headers["Location"])
    pages = [one.get("/providers/register/code").content.decode() for one in (known, unknown)]
    assert _alike(pages[0], ADDRESS) == _alike(pages[1], "new@bank.example")
    (to, told), (_, other) = mails()
    assert to == ADDRESS
    assert "アカウントはすでにあります" in told
    assert not re.search(r"\b\d{6}\b", told)
    code_in(other)
    for number in range(5):
        answers = [one.post("/providers/register/code", {"code": "000000"}) for one in (known, unknown)]
        assert answers[0].status_code == answers[1].status_code == (403 if number < 4 else 409)
        texts = [_alike(answers[0].content.decode(), ADDRESS), _alike(answers[1].content.decode(), "new@bank.example")]
        assert texts[0] == texts[1]
    assert Account.objects.count() == 1


def _alike(page: str, address: str) -> str:
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", page).replace(address, "…")


def test_the_code_stands_nowhere_and_is_good_once_in_its_browser(realm: Realm) -> None:
    client = browser()
    begin(client)
    given = code_in(mails()[0][1])
    assert given not in str(list(Registration.objects.values()))
    assert browser().post("/providers/register/code", {"code": given}).status_code == 409, "another browser's"
    cookie = client.cookies["jpki_registering"].value
    assert client.post("/providers/register/code", {"code": f" {given[:3]} {given[3:]}"}).status_code == 302
    again = browser()
    again.cookies["jpki_registering"] = cookie
    assert again.post("/providers/register/code", {"code": given}).status_code == 409


def test_a_code_is_over_after_its_minutes_and_after_five_wrong_ones(realm: Realm) -> None:
    client = browser()
    begin(client)
    Registration.objects.update(expires_at=clock.machine())
    assert client.get("/providers/register/code").status_code == 409
    begin(client)
    for _ in range(4):
        assert client.post("/providers/register/code", {"code": "nothing"}).status_code == 403
    assert client.post("/providers/register/code", {"code": "nothing"}).status_code == 409
    assert client.post("/providers/register/code", {"code": code_in(mails()[-1][1])}).status_code == 409
    assert not Account.objects.exists()


def test_nobodys_mailbox_is_flooded_and_nobody_registers_without_end(realm: Realm, settings: Any) -> None:
    settings.PROVIDER_CODES, settings.PROVIDER_ADDRESS_CODES = 2, 4
    assert [begin(browser()).status_code for _ in range(3)] == [302, 302, 429]
    make_person(realm, "known@bank.example")
    assert [begin(browser(), "known@bank.example").status_code for _ in range(2)] == [302, 429], (
        "the address of the client"
    )
    assert len(mail.outbox) == 3


@pytest.mark.parametrize(
    "address", ["", "yamada", "a@b", "山田@bank.example", "a@bank.example\nBcc: x@y.example", "x" * 150 + "@b.example"]
)
def test_what_is_no_address_is_refused_beside_its_field_and_stays_as_typed(realm: Realm, address: str) -> None:
    response = begin(browser(), address)
    page = response.content.decode()
    assert response.status_code == 400
    assert 'aria-describedby="address-support address-error"' in page
    assert '<a href="#address">' in page
    assert not mail.outbox


def test_who_broke_off_may_begin_again_and_who_was_reset_by_an_operator_may_not(realm: Realm) -> None:
    first = confirmed(browser())
    second = confirmed(browser())
    assert first.get("/providers/register/method").headers["Location"] == "/providers/register", "the newer code counts"
    by_passkey(second, Device())
    account = Account.objects.get()
    join(account, make_organisation(realm))
    staff.reset(account.name, by="test")
    assert not Passkey.objects.exists()
    begin(browser())
    assert "アカウントはすでにあります" in mails()[-1][1]
    assert Membership.objects.count() == 1


def test_without_a_code_no_page_of_the_enrolment_opens(realm: Realm) -> None:
    client = browser()
    assert client.get("/providers/register/code").status_code == 409
    assert client.get("/providers/register/method").headers["Location"] == "/providers/register"
    assert ask(client, "enrol/ask").headers["Location"] == "/providers/register"
    confirmed(client)
    Account.objects.update(code_until=clock.machine() - timedelta(seconds=1))
    assert ask(client, "enrol/ask").headers["Location"] == "/providers/register"


def test_the_mail_server_being_away_is_said_and_leaves_nothing(realm: Realm, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert begin(browser()).status_code == 503
    assert not Registration.objects.exists()


def test_where_no_mail_goes_out_nobody_registers(realm: Realm, settings: Any) -> None:
    settings.SANDBOX, settings.EMAIL_HOST = False, ""
    response = begin(browser())
    assert response.status_code == 409
    assert "いまは、登録や招待を受け付けていません" in response.content.decode()


# --- passkeys of an account
def test_another_passkey_is_added_and_the_last_one_stays(realm: Realm) -> None:
    first, second, client = Device(), Device(), confirmed(browser())
    by_passkey(client, first)
    made = second.create(ask(client, "add/ask").json())
    body = {"name": "会社", "created": _text(made)}
    assert client.post("/providers/account/passkeys/add", body).status_code == 403, "without the second factor anew"
    confirmation = _text(first.get(ask(client, "confirm/ask").json()))
    assert client.post("/providers/account/passkeys/add", body | {"passkey": confirmation}).status_code == 302
    assert [one.name for one in Passkey.objects.all()] == ["", "会社"]
    for device, passkey, status in ((second, Passkey.objects.first(), 302), (second, Passkey.objects.last(), 409)):
        assert passkey is not None
        confirmation = _text(device.get(ask(client, "confirm/ask").json()))
        response = client.post(f"/providers/account/passkeys/{passkey.pk}/remove", {"passkey": confirmation})
        assert response.status_code == status
    assert Passkey.objects.count() == 1
    changes = AccountChange.objects.values_list("kind", "address", "told_at")
    kinds = ("enrolled", "passkey_added", "passkey_removed")
    assert list(changes) == [(kind, Account.objects.get().name, None) for kind in kinds]


def test_a_password_and_the_code_add_a_passkey_and_the_code_alone_does_not(realm: Realm) -> None:
    account = make_staff(realm, "owner@bank.example", role="provider")
    client, device = sign_in(account), Device()
    made = device.create(ask(client, "add/ask").json())
    body = {"name": "会社", "created": _text(made), "code": code(account)}
    for wrong in ({}, {"own_password": "not this one at all"}):
        refused = client.post("/providers/account/passkeys/add", body | wrong)
        assert refused.status_code == 403
        page = refused.content.decode()
        assert 'id="own_password"' in page
        assert page.count("どの端末かが分かる名前") == 1, "another field's words beside the password"
    assert client.post("/providers/account/passkeys/add", body | {"own_password": PASSWORD}).status_code == 302
    assert [one.name for one in Passkey.objects.filter(account=account)] == ["会社"]


def test_a_passkey_of_somebody_else_confirms_nothing_and_isnt_removed(realm: Realm) -> None:
    mine, theirs = Device(), Device()
    client, other = confirmed(browser()), confirmed(browser(), "other@bank.example")
    by_passkey(client, mine)
    by_passkey(other, theirs)
    foreign = Passkey.objects.get(account__user__username="other@bank.example")
    answer = theirs.get(ask(client, "confirm/ask").json())
    body = {"name": "x", "created": "{}", "passkey": _text(answer)}
    assert client.post("/providers/account/passkeys/add", body).status_code == 403
    confirmation = _text(mine.get(ask(client, "confirm/ask").json()))
    client.post(f"/providers/account/passkeys/{foreign.pk}/remove", {"passkey": confirmation})
    assert Passkey.objects.filter(pk=foreign.pk).exists()


def test_staff_has_no_passkeys(realm: Realm) -> None:
    code_ = staff.invite("sakura", role="helpdesk", realm=realm, by="test")
    client = browser()
    client.post("/staff/enrol/", {"code": code_})
    assert ask(client, "enrol/ask").json()["code"] == "passkey_refused"
    signed_in = sign_in(make_staff(realm, "momiji"))
    assert ask(signed_in, "add/ask").json()["code"] == "passkey_refused"
    for page in ("/providers/account", "/providers/account/passkeys/add"):
        assert signed_in.get(page).headers["Location"] == "/staff/account"


def _text(answer: dict[str, Any]) -> str:
    return json.dumps(answer)
