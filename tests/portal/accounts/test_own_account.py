"""One's own account: another password, where one is signed in, and the end of sessions."""

import hashlib
import io
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from ca.models import Realm
from portal import settings as site
from portal.accounts import passwords
from portal.accounts.models import Account, StaffSession
from tests.portal.accounts.people import PASSWORD, code, journal, make_staff, sign_in, wrong_code

NEW = "a much better horse of brass"


def change(client: Client, account: Account, **fields: str) -> Any:
    given = {"current": PASSWORD, "password": NEW, "again": NEW, "code": code(account)} | fields
    return client.post("/staff/account/password", given)


@pytest.mark.django_db
def test_a_password_is_changed_by_who_knows_it_and_ends_every_other_session(agent: Account) -> None:
    here, elsewhere = sign_in(agent), sign_in(agent)
    old = here.cookies["jpki_staff"].value
    assert change(here, agent).headers["Location"] == "/staff/account"
    assert here.get("/staff/account").status_code == 200
    assert here.cookies["jpki_staff"].value != old, "a new token, too"
    assert elsewhere.get("/staff/account").status_code == 302
    said = {"name": agent.name, "code": code(agent)}
    assert Client().post("/staff/sign-in", said | {"password": PASSWORD}).status_code == 403
    assert Client().post("/staff/sign-in", said | {"password": NEW, "code": code(agent)}).status_code == 302
    assert [entry.subject for entry in journal("staff.password_changed")] == ["sakura"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"current": "wrong horse battery"}, 403),
        ({"code": ""}, 403),
        ({"again": NEW + "!"}, 400),
        ({"password": "short", "again": "short"}, 400),
        ({"password": "smartphonejpki2", "again": "smartphonejpki2"}, 400),
    ],
)
def test_what_is_wrong_changes_nothing_and_uses_up_no_code(agent: Account, fields: dict[str, str], status: int) -> None:
    client, elsewhere = sign_in(agent), sign_in(agent)
    shown = code(agent)
    assert change(client, agent, **({"code": shown} | fields)).status_code == status
    assert elsewhere.get("/staff/account").status_code == 200
    agent.user.refresh_from_db()
    assert agent.user.check_password(PASSWORD)
    # The same code is still good.
    assert change(client, agent, code=shown).status_code == 302


@pytest.mark.django_db
def test_who_guesses_the_password_of_now_is_out_after_a_few(agent: Account, settings: Any) -> None:
    client = sign_in(agent)
    for _ in range(settings.STAFF_TRIES):
        change(client, agent, current="wrong horse battery")
    assert client.get("/staff/account").status_code == 302
    assert journal("staff.locked")
    assert change(sign_in(agent), agent).status_code == 429, "nor is the right one looked at for a while"


@pytest.mark.django_db
def test_sessions_are_listed_and_all_but_this_one_end_with_a_code(agent: Account) -> None:
    here, elsewhere = sign_in(agent), sign_in(agent)
    page = here.get("/staff/account/sessions").content.decode()
    assert page.count("にサインイン、最後の操作は") == 2
    assert page.count("（このブラウザー）") == 1
    assert here.post("/staff/account/sessions", {"code": wrong_code(agent)}).status_code == 403
    assert elsewhere.get("/staff/account").status_code == 200
    assert here.post("/staff/account/sessions", {"code": code(agent)}).status_code == 302
    assert elsewhere.get("/staff/account").status_code == 302
    assert "ほかの場所でのサインインはありません。" in here.get("/staff/account/sessions").content.decode()
    (entry,) = journal("staff.sessions_ended")
    assert entry.data == {"by": "sakura", "sessions": 1}


@pytest.mark.django_db
def test_an_operator_ends_the_sessions_of_one_or_of_everybody(realm: Realm, agent: Account) -> None:
    other = make_staff(realm, "momiji")
    first, second = sign_in(agent), sign_in(other)
    call_command("staff", "sign-out", "sakura", "--by", "ume")
    assert (first.get("/staff/account").status_code, second.get("/staff/account").status_code) == (302, 200)
    call_command("staff", "sign-out-everybody", "--by", "ume")
    assert second.get("/staff/account").status_code == 302
    assert not StaffSession.objects.filter(ended_at=None).exists()
    assert [(entry.subject, entry.data["by"]) for entry in journal("staff.sessions_ended")] == [
        ("sakura", "ume"),
        ("momiji", "ume"),
    ]


@pytest.mark.django_db
def test_who_signs_out_leaves_nothing_in_the_browsers_cache(agent: Account) -> None:
    response = sign_in(agent).post("/staff/sign-out")
    assert response.headers["Clear-Site-Data"] == '"cache"'


@pytest.mark.parametrize("password", ["JpkiSmartphone1", "ＪＰＫＩマイナンバー1234", "helpdesk-officer1"])
def test_words_of_the_house_are_hardly_a_password(password: str) -> None:
    with pytest.raises(ValidationError):
        passwords.WordsOfTheHouse().validate(password)
    passwords.WordsOfTheHouse().validate(password + " walks by night")


@given(leaked=st.sets(st.text(min_size=1, max_size=12), min_size=1, max_size=40), other=st.text(max_size=12))
def test_a_leaked_password_is_found_wherever_it_stands_in_the_file(leaked: set[str], other: str) -> None:
    file = io.BytesIO("".join(f"{one}:3\r\n" for one in sorted(map(digest, leaked))).encode())
    for one in leaked:
        assert passwords.stands_in(file, digest(one))
    assert passwords.stands_in(file, digest(other)) == (other in leaked)


def test_a_leaked_password_is_refused_and_a_file_that_is_missing_lets_none_through(
    settings: Any, tmp_path: Path
) -> None:
    settings.STAFF_LEAKED_PASSWORDS = str(tmp_path / "sha1")
    with pytest.raises(ValidationError, match="いまは、パスワードを設定できません"):
        passwords.Leaked().validate(NEW)
    (tmp_path / "sha1").write_text(f"{digest(PASSWORD)}:9\n")
    with pytest.raises(ValidationError):
        passwords.Leaked().validate(PASSWORD)
    passwords.Leaked().validate(NEW)


@pytest.mark.django_db
def test_in_production_nobody_sets_a_password_that_could_not_be_looked_up(agent: Account, settings: Any) -> None:
    settings.PRODUCTION = True
    client = sign_in(agent)
    answer = change(client, agent)
    assert answer.status_code == 400
    assert "いまは、パスワードを設定できません。このサイトの運営者" in answer.content.decode()
    agent.user.refresh_from_db()
    assert agent.user.check_password(PASSWORD)
    settings.PRODUCTION = False
    assert change(client, agent).status_code == 302, "elsewhere the common ones alone are known"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (None, "is no file: nobody can set a password"),
        (["correct horse battery"] * 3000, "begin with a SHA-1"),
        (["F" * 40, "0" * 40], "isn't in the order"),
        (["0" * 40, "F" * 40], "has 2 passwords, and 3000"),
    ],
)
def test_the_check_says_what_is_wrong_with_the_file(
    settings: Any, tmp_path: Path, lines: list[str] | None, told: str
) -> None:
    settings.PRODUCTION, settings.STAFF_LEAKED_PASSWORDS = True, str(tmp_path / "sha1")
    if lines:
        (tmp_path / "sha1").write_text("".join(f"{one}\n" for one in lines))
    (found,) = passwords.leaked_passwords(None)
    assert found.id == "portal.E010"
    assert told in found.msg


def test_the_check_asks_for_the_file_in_production_alone(settings: Any) -> None:
    assert passwords.leaked_passwords(None) == []
    settings.PRODUCTION = True
    (found,) = passwords.leaked_passwords(None)
    assert "STAFF_LEAKED_PASSWORDS not set" in found.msg


def test_the_command_makes_the_file_of_any_list(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = [f"{number:05d} and too easy" for number in range(3000)] + ["short", "short", "パスワードは長いほうがよい"]
    text = io.TextIOWrapper(io.BytesIO("\r\n".join(listed).encode()))
    monkeypatch.setattr("sys.stdin", text)
    call_command("leaked_passwords")
    file = tmp_path / "sha1"
    file.write_text(capsys.readouterr().out)
    settings.PRODUCTION, settings.STAFF_LEAKED_PASSWORDS = True, str(file)
    assert passwords.leaked_passwords(None) == []
    assert len(file.read_text().splitlines()) == 3001
    for leaked in ("00042 and too easy", "パスワードは長いほうがよい"):
        with pytest.raises(ValidationError):
            passwords.Leaked().validate(leaked)
    passwords.Leaked().validate(NEW)


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.mark.django_db
def test_a_password_is_verified_as_it_was_typed(agent: Account) -> None:
    """Long, with spaces at both ends and characters that others would fold: not cut, not trimmed, not folded."""
    typed = "  Ｂrass ｶﾞ é " + "x" * 150 + "  "
    client = sign_in(agent)
    assert change(client, agent, password=typed, again=typed).status_code == 302
    said = {"name": agent.name, "code": code(agent)}
    for other in (typed.strip(), typed.lower(), unicodedata.normalize("NFKC", typed), typed[:72]):
        assert Client().post("/staff/sign-in", said | {"password": other}).status_code == 403
    agent.user.refresh_from_db()
    assert agent.user.check_password(typed)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["helpdesk", "operator", "ministry", "provider"])
def test_every_page_of_staff_has_the_way_out(realm: Realm, role: str) -> None:
    client = sign_in(make_staff(realm, "somebody", role))
    page = client.get("/staff/", follow=True).content.decode()
    assert re.search(r'<form method="post" action="/staff/sign-out">.*?<button', page, re.DOTALL)


def test_a_password_is_kept_under_a_slow_hash() -> None:
    assert not hasattr(site, "PASSWORD_HASHERS"), "Django's own order"
    assert global_settings.PASSWORD_HASHERS[0].endswith(".PBKDF2PasswordHasher")
    assert PBKDF2PasswordHasher.iterations >= 600_000, "what OWASP asks of PBKDF2 with SHA-256"
