"""The life of an account: invited by command, enrolled by the person once, reset, disabled; never self-made."""

import re
import urllib.parse
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client, RequestFactory

from ca import clock
from ca.models import Realm
from portal.accounts import authenticators, sessions, staff
from portal.accounts.errors import EnrolmentCodeWrong
from portal.accounts.models import Account, Authenticator, StaffSession
from tests.browser.qr_reader import read
from tests.portal.accounts.people import PASSWORD, code, journal, make_staff, shown, sign_in

pytestmark = pytest.mark.django_db
ADD = ("staff", "add", "sakura", "--role", "helpdesk", "--realm", "test", "--by", "佐藤")


def invited(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """Run a command that prints an enrolment code; return the code."""
    call_command(*command)
    found = re.search(r"types in +([A-Z0-9-]{35})$", capsys.readouterr().out, re.MULTILINE)
    assert found is not None
    return found[1]


def enrol(client: Client, given: str, password: str = PASSWORD) -> Any:
    """Go through the three pages; return the last response."""
    response = client.post("/staff/enrol/", {"code": given})
    assert response.headers.get("Location") == "/staff/enrol/authenticator", response.content.decode()
    device = Authenticator.objects.get(confirmed=False)
    response = client.post("/staff/enrol/authenticator", {"code": shown(device)})
    assert response.headers.get("Location") == "/staff/enrol/password", response.content.decode()
    return client.post("/staff/enrol/password", {"password": password, "again": password})


def test_a_person_enrols_by_the_code_that_the_command_prints_and_is_in(
    realm: Realm, capsys: pytest.CaptureFixture[str]
) -> None:
    given = invited(capsys, *ADD)
    client = Client(headers={"accept-language": "ja"})
    full_width = "".join(chr(ord(one) + 0xFEE0) if one.isalnum() else " " for one in given.lower())
    response = enrol(client, full_width)
    page = response.content.decode()
    assert "回復コードを控えてください" in page
    assert len(re.findall(r"<li>[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}</li>", page)) == 8
    assert client.get("/helpdesk/").status_code == 200
    account = Account.objects.get()
    assert (account.state, account.code_digest, account.role) == ("active", "", "helpdesk")
    assert [entry.data for entry in journal("staff.added")] == [{"role": "helpdesk", "by": "佐藤"}]
    assert len(journal("staff.enrolled")) == 1
    assert sign_in(account).get("/staff/").headers["Location"] == "/helpdesk/"


def test_the_code_stands_nowhere_and_is_good_once_for_an_hour(realm: Realm, capsys: pytest.CaptureFixture[str]) -> None:
    given = invited(capsys, *ADD)
    row = str(Account.objects.values().get())
    assert given not in row
    assert given.replace("-", "") not in row
    Account.objects.update(code_until=clock.machine())
    assert Client().post("/staff/enrol/", {"code": given}).status_code == 403
    Account.objects.update(code_until=clock.machine() + timedelta(minutes=1))
    first, second = Client(), Client()
    assert second.post("/staff/enrol/", {"code": given}).status_code == 302
    assert enrol(first, given).status_code == 200
    assert second.get("/staff/enrol/password").headers["Location"] == "/staff/enrol/"
    assert Client().post("/staff/enrol/", {"code": given}).status_code == 403


def test_codes_are_not_guessed_without_end(realm: Realm, settings: Any) -> None:
    settings.STAFF_ADDRESS_TRIES = 3
    given = staff.invite("sakura", role="helpdesk", realm=realm, by="test")
    client = Client()
    assert client.post("/staff/enrol/", {"code": given}).status_code == 302
    assert [client.post("/staff/enrol/", {"code": "wrong"}).status_code for _ in range(4)] == [403, 403, 403, 429]
    assert client.post("/staff/enrol/", {"code": given}).status_code == 429, "the right one waits, too"
    assert client.post("/staff/enrol/", {"code": given}, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_of_two_who_use_the_code_at_once_one_is_enrolled(realm: Realm) -> None:
    staff.invite("sakura", role="helpdesk", realm=realm, by="test")
    account = Account.objects.get()
    authenticators.prepare(account)
    again = Account.objects.get()
    staff.enrol(account, PASSWORD)
    with pytest.raises(EnrolmentCodeWrong):
        staff.enrol(again, "another password")
    account.user.refresh_from_db()
    assert account.user.check_password(PASSWORD)


def test_no_page_of_the_enrolment_opens_without_what_comes_before(realm: Realm) -> None:
    code_ = staff.invite("sakura", role="helpdesk", realm=realm, by="test")
    client = Client()
    for page in ("authenticator", "password"):
        assert client.get(f"/staff/enrol/{page}").headers["Location"] == "/staff/enrol/"
    client.post("/staff/enrol/", {"code": code_})
    assert client.get("/staff/enrol/password").headers["Location"] == "/staff/enrol/authenticator"
    assert client.post("/staff/enrol/authenticator", {"code": "000000"}).status_code == 403
    page = client.get("/staff/enrol/authenticator").content.decode()
    secret = authenticators.secret(Authenticator.objects.get())
    assert secret in page
    (picture,) = re.findall(r'src="(data:[^"]+)"', page)
    told = urllib.parse.urlsplit(read(picture))
    assert (told.scheme, told.netloc) == ("otpauth", "totp")
    assert urllib.parse.unquote(told.path) == "/JPKI staff:sakura"
    assert urllib.parse.parse_qs(told.query)["secret"] == [secret.replace(" ", "")]


def test_who_copies_the_database_during_an_enrolment_goes_on_with_none(realm: Realm) -> None:
    code_ = staff.invite("sakura", role="helpdesk", realm=realm, by="test")
    Client().post("/staff/enrol/", {"code": code_})
    thief = Client()
    for key in [*Session.objects.values_list("session_key", flat=True), "none"]:
        thief.cookies["jpki_session"] = key
        thief.cookies["jpki_staff_enrolling"] = Account.objects.get().code_digest
        assert thief.get("/staff/enrol/authenticator").headers["Location"] == "/staff/enrol/"


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [
        ("short", "short", "12 文字以上"),
        ("password1234", "password1234", "一般的"),
        ("736519283746", "736519283746", "数字"),
        ("a good password", "another password", "2つのパスワードが違います"),
    ],
)
def test_a_password_that_is_too_easy_is_refused_with_the_reason(
    realm: Realm, password: str, again: str, says: str
) -> None:
    code_ = staff.invite("sakura", role="helpdesk", realm=realm, by="test")
    client = Client(headers={"accept-language": "ja"})
    client.post("/staff/enrol/", {"code": code_})
    client.post("/staff/enrol/authenticator", {"code": shown(Authenticator.objects.get())})
    response = client.post("/staff/enrol/password", {"password": password, "again": again})
    assert response.status_code == 400
    assert says in response.content.decode()
    assert Account.objects.get().state == "invited"


def test_disabled_means_out_at_once_and_reset_means_to_enrol_anew(
    realm: Realm, agent: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    client = sign_in(agent)
    call_command("staff", "disable", "sakura", "--by", "佐藤")
    assert client.get("/helpdesk/").status_code == 302
    assert not StaffSession.objects.filter(ended_at=None).exists()
    given = invited(capsys, "staff", "reset", "sakura")
    assert not Authenticator.objects.exists()
    assert enrol(Client(), given, "quite another password").status_code == 200
    assert [entry.data["by"] for entry in journal("staff.disabled")] == ["佐藤"]
    assert len(journal("staff.reset")) == 1


def test_a_sign_in_that_crossed_the_reset_is_over_when_the_account_opens_again(agent: Account) -> None:
    given = staff.reset("sakura", by="test")
    late, response = Client(), HttpResponse()
    sessions.begin(RequestFactory().post("/staff/sign-in"), response, agent)
    late.cookies["jpki_staff"] = response.cookies["jpki_staff"].value
    assert late.get("/helpdesk/").status_code == 302
    assert enrol(Client(), given).status_code == 200
    assert late.get("/helpdesk/").status_code == 302


def test_another_role_is_journaled_and_ends_the_session(agent: Account) -> None:
    client = sign_in(agent)
    call_command("staff", "role", "sakura", "operator", "--by", "佐藤")
    assert client.get("/helpdesk/").status_code == 302
    assert sign_in(agent).get("/console/").status_code == 200
    (entry,) = journal("staff.role_changed")
    assert entry.data == {"before": "helpdesk", "after": "operator", "by": "佐藤"}


def test_the_list_shows_realm_name_role_and_state(
    realm: Realm, agent: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    staff.invite("kaede", role="operator", realm=realm, by="test")
    call_command("staff", "list", "--realm", "test")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["test", "kaede", "operator", "invited"], ["test", "sakura", "helpdesk", "active"]]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("staff", "add", "sakura", "--role", "helpdesk", "--realm", "test"), "account_exists"),
        (("staff", "add", "Sa kura", "--role", "helpdesk", "--realm", "test"), "a name is"),
        (("staff", "add", "kaede", "--role", "helpdesk", "--realm", "nowhere"), "no realm"),
        (("staff", "reset", "nobody"), "account_unknown"),
    ],
)
def test_what_a_command_refuses_is_said_in_a_line(agent: Account, command: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        call_command(*command)


def test_unlocking_lets_a_person_try_again(realm: Realm, settings: Any) -> None:
    settings.STAFF_TRIES = 1
    agent = make_staff(realm, "sakura")
    Client().post("/staff/sign-in", {"name": "sakura", "password": "wrong", "code": "1"})
    body = {"name": "sakura", "password": PASSWORD, "code": code(agent)}
    assert Client().post("/staff/sign-in", body).status_code == 429
    call_command("staff", "unlock", "sakura")
    assert Client().post("/staff/sign-in", body).status_code == 302
