"""Signing in: three things in one question, one answer to whatever is wrong, bounded tries, short sessions."""

import os
import re
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django_otp.oath import hotp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from ca import journal as chain
from ca.models import Realm
from portal.accounts import attempts, authenticators, codes, signing_in, staff
from portal.accounts.errors import SignInLocked
from portal.accounts.models import Account, Attempts, Authenticator, RecoveryCode, StaffSession
from tests.portal.accounts.people import PASSWORD, CountedHasher, code, journal, make_staff, sign_in, wrong_code

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def ask(client: Client, name: str, password: str, given: str, **more: str) -> Any:
    return client.post("/staff/sign-in", {"name": name, "password": password, "code": given} | more)


def test_who_shows_all_three_is_in_and_the_journal_says_so(realm: Realm, agent: Account) -> None:
    client = Client()
    response = ask(client, "Ｓakura ", PASSWORD, code(agent))
    assert (response.status_code, response.headers["Location"]) == (302, "/helpdesk/")
    assert client.get("/helpdesk/").status_code == 200
    (entry,) = journal("staff.signed_in")
    assert (entry.subject, entry.data) == ("sakura", {"role": "helpdesk", "by": "authenticator"})
    assert chain.verify(realm) is None


def test_a_name_with_what_no_database_keeps_is_read_without_it(agent: Account) -> None:
    assert ask(Client(), "sa\0kura\0", PASSWORD, code(agent)).status_code == 302


def test_the_cookie_is_the_areas_own_and_its_token_is_not_in_the_database(agent: Account) -> None:
    client = sign_in(agent)
    cookie = client.cookies["jpki_staff"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie.value not in str(list(StaffSession.objects.values()))
    first = cookie.value
    ask(client, agent.name, PASSWORD, code(agent))
    assert client.cookies["jpki_staff"].value != first
    client.cookies["jpki_staff"] = first
    assert client.get("/helpdesk/").status_code == 302, "the token of before is worth nothing"


@pytest.mark.parametrize("what", ["name", "password", "code", "used", "disabled", "invited"])
def test_whatever_is_wrong_is_answered_alike(realm: Realm, agent: Account, what: str) -> None:
    name, password, given = agent.name, PASSWORD, code(agent)
    if what == "name":
        name = "nobody"
    elif what == "password":
        password = "wrong horse battery"
    elif what == "code":
        given = wrong_code(agent)
    elif what == "used":
        assert authenticators.verify(agent, given)
    else:
        Account.objects.update(state=what)
    client = Client()
    response = ask(client, name, password, given)
    page = response.content.decode()
    assert response.status_code == 403
    assert "名前、パスワード、確認コードのどれかが違います" in page
    assert 'aria-describedby=" problem"' in page or "problem" in page
    assert client.get("/helpdesk/").headers["Location"] == "/staff/sign-in?next=%2Fhelpdesk%2F"
    (entry,) = journal("staff.sign_in_failed")
    assert entry.subject == ("unknown" if what == "name" else "sakura")
    assert "nobody" not in str(entry.data)


def test_a_code_is_good_once(agent: Account) -> None:
    given = code(agent)
    assert ask(Client(), agent.name, PASSWORD, given).status_code == 302
    assert ask(Client(), agent.name, PASSWORD, given).status_code == 403


@pytest.mark.parametrize(("steps", "taken"), [(0, {0}), (1, {-1, 0, 1})])
def test_a_code_is_taken_so_many_steps_early_or_late_as_the_setting_says(
    agent: Account, settings: Any, steps: int, taken: set[int]
) -> None:
    settings.STAFF_CODE_STEPS = steps
    assert {offset for offset in range(-3, 4) if accepted(agent, offset)} == taken
    # What the first release may have learned of the app's clock doesn't count.
    Authenticator.objects.update(drift=2, tolerance=2)
    assert {offset for offset in range(-3, 4) if accepted(agent, offset)} == taken


def accepted(account: Account, offset: int) -> bool:
    """Show the code of a step before or after this one, wholly within this one."""
    while True:
        step = int(time.time()) // 30
        Authenticator.objects.update(last_t=-1)
        device = Authenticator.objects.get(user=account.user)
        taken = authenticators.verify(account, f"{hotp(device.bin_key, step + offset):06d}")
        if int(time.time()) // 30 == step:
            return taken


@pytest.mark.parametrize(("production", "steps"), [("1", "0"), ("0", "1")])
def test_in_production_a_code_is_good_for_its_thirty_seconds(tmp_path: Path, production: str, steps: str) -> None:
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "PRODUCTION": production}
    show = "from portal.settings import STAFF_CODE_STEPS; print(STAFF_CODE_STEPS)"
    done = subprocess.run([sys.executable, "-c", show], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == steps, done.stderr


def test_a_recovery_code_stands_in_once(agent: Account) -> None:
    first, second, *_ = authenticators.new_recovery_codes(agent)
    assert ask(Client(), agent.name, PASSWORD, first.lower()).status_code == 302
    assert ask(Client(), agent.name, PASSWORD, first).status_code == 403
    assert ask(Client(), agent.name, "wrong", second).status_code == 403
    assert authenticators.recovery_codes_left(agent) == 7, "a wrong password uses none up"
    assert [entry.data["by"] for entry in journal("staff.signed_in")] == ["recovery_code"]


def test_what_is_kept_of_second_factors_computes_no_code(agent: Account, settings: Any) -> None:
    made = authenticators.new_recovery_codes(agent)
    given = code(agent)
    settings.SECRET_KEY = "another"
    assert not authenticators.verify(agent, given)
    assert not any(authenticators.recover(agent, one) for one in made)


def test_recovery_codes_are_kept_under_the_hash_of_passwords_each_with_a_salt_of_its_own(
    agent: Account, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["tests.portal.accounts.people.CountedHasher"]
    made = authenticators.new_recovery_codes(agent)
    assert all(re.fullmatch("[A-Z2-9]{4}(-[A-Z2-9]{4}){2}", one) for one in made)
    rows = RecoveryCode.objects.filter(account=agent)
    assert len({row.hash.split("$")[2] for row in rows}) == len({row.finder for row in rows}) == 8
    assert {row.hash.split("$")[0] for row in rows} == {CountedHasher.algorithm}
    assert not any(codes.plain(one) in str(list(rows.values())) for one in made)


@pytest.mark.parametrize("what", ["name", "password", "code", "same finder", "disabled"])
def test_a_recovery_code_costs_as_many_hashes_whatever_is_wrong(agent: Account, settings: Any, what: str) -> None:
    settings.PASSWORD_HASHERS = ["tests.portal.accounts.people.CountedHasher"]
    agent.user.set_password(PASSWORD)
    agent.user.save()
    authenticators.new_recovery_codes(agent)
    wrong = codes.new(12)
    if what == "same finder":
        finder = authenticators._kept(wrong)[:2]
        if not (same := RecoveryCode.objects.filter(account=agent, finder=finder)).exists():
            RecoveryCode.objects.filter(pk=RecoveryCode.objects.all()[0].pk).update(finder=finder)
        assert same.count() == 1
    if what == "disabled":
        Account.objects.update(state="disabled")
    name, password = ("nobody" if what == "name" else agent.name), ("no" if what == "password" else PASSWORD)
    CountedHasher.computed = 0
    assert ask(Client(), name, password, wrong).status_code == 403
    assert CountedHasher.computed == 2


def test_codes_of_the_first_release_are_good_and_come_under_a_hash_at_the_next_sign_in(agent: Account) -> None:
    first, second, third = (codes.new(10) for _ in range(3))
    device = StaticDevice.objects.create(user=agent.user, name="recovery")
    for one in (first, second, third):
        StaticToken.objects.create(device=device, token=authenticators._kept(one))
    assert authenticators.recovery_codes_left(agent) == 3
    assert ask(Client(), agent.name, PASSWORD, codes.written(first)).status_code == 302
    assert not StaticToken.objects.exists()
    assert authenticators.recovery_codes_left(agent) == 2
    assert ask(Client(), agent.name, PASSWORD, second).status_code == 302
    assert ask(Client(), agent.name, PASSWORD, second).status_code == 403
    authenticators.new_recovery_codes(agent)
    assert ask(Client(), agent.name, PASSWORD, third).status_code == 403, "new ones stand in place of all"


def test_a_reset_takes_recovery_codes_of_every_kind(agent: Account) -> None:
    authenticators.new_recovery_codes(agent)
    device = StaticDevice.objects.create(user=agent.user, name="recovery")
    StaticToken.objects.create(device=device, token=authenticators._kept(codes.new(10)))
    staff.reset(agent.name, by="test")
    assert authenticators.recovery_codes_left(agent) == 0


@pytest.mark.parametrize("name", ["sakura", "nobody"])
def test_after_so_many_tries_even_the_right_answer_waits(agent: Account, settings: Any, name: str) -> None:
    settings.STAFF_TRIES = 3
    for _ in range(3):
        assert ask(Client(), name, "wrong", "000000").status_code == 403
    response = ask(Client(), name, PASSWORD, code(agent))
    assert response.status_code == 429
    assert "15分ほど待って" in response.content.decode()
    assert len(journal("staff.locked")) == 1
    Attempts.objects.update(since=Attempts.objects.first().since - timedelta(minutes=16))  # type: ignore[union-attr]
    assert ask(Client(), "sakura", PASSWORD, code(agent)).status_code == 302


def test_tries_from_one_address_are_bounded_whatever_the_names(agent: Account, settings: Any) -> None:
    settings.STAFF_ADDRESS_TRIES = 4
    settings.CLIENT_ADDRESS_HEADER = "X-Client"
    assert ask(Client(headers={"X-Client": "192.0.2.7"}), agent.name, PASSWORD, code(agent)).status_code == 302
    for number in range(4):
        assert ask(Client(headers={"X-Client": "192.0.2.7"}), f"n{number}", "wrong", "1").status_code == 403
    assert ask(Client(headers={"X-Client": "192.0.2.7"}), agent.name, PASSWORD, code(agent)).status_code == 429
    assert ask(Client(headers={"X-Client": "192.0.2.8"}), agent.name, PASSWORD, code(agent)).status_code == 302


def test_a_stranger_who_uses_up_all_tries_locks_out_no_browser_that_has_signed_in(
    realm: Realm, agent: Account, settings: Any
) -> None:
    settings.STAFF_TRIES, settings.STAFF_ADDRESS_TRIES = 2, 3
    own, others = sign_in(agent), sign_in(make_staff(realm, "momiji"))
    for _ in range(3):
        ask(Client(), agent.name, "wrong", "000000")
    for stranger in (Client(), others):
        assert ask(stranger, agent.name, PASSWORD, code(agent)).status_code == 429
    assert ask(own, agent.name, PASSWORD, code(agent)).status_code == 302
    for _ in range(2):
        assert ask(own, agent.name, "wrong", "000000").status_code == 403
    assert ask(own, agent.name, PASSWORD, code(agent)).status_code == 429, "and guesses no more than others"
    staff.unlock(agent.name, by="test")
    assert ask(own, agent.name, PASSWORD, code(agent)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_all_counted(realm: Realm) -> None:
    let_in: list[int] = []
    start = threading.Barrier(8)

    def guess() -> None:
        start.wait()
        try:
            let_in.append(attempts.take("name:sakura", limit=3))
        except SignInLocked:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(let_in) == 3


@pytest.mark.django_db(transaction=True)
def test_one_code_shown_twice_at_the_same_moment_is_good_once(realm: Realm) -> None:
    agent = make_staff(realm, "sakura")
    given, start = code(agent), threading.Barrier(2)
    accepted: list[bool] = []

    def show() -> None:
        start.wait()
        try:
            accepted.append(authenticators.verify(agent, given))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=show) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(accepted) == [False, True]


@pytest.mark.parametrize(
    ("field", "setting"), [("seen_at", "STAFF_IDLE_SECONDS"), ("began_at", "STAFF_SESSION_SECONDS")]
)
def test_a_session_ends_by_silence_and_by_time(agent: Account, settings: Any, field: str, setting: str) -> None:
    client = sign_in(agent)
    session = StaffSession.objects.get()
    before = getattr(session, field) - timedelta(seconds=getattr(settings, setting))
    StaffSession.objects.update(**{field: before + timedelta(seconds=30)})
    assert client.get("/helpdesk/").status_code == 200
    StaffSession.objects.update(**{field: before})
    assert client.get("/helpdesk/").status_code == 302
    StaffSession.objects.update(**{field: before + timedelta(hours=1)})
    assert client.get("/helpdesk/").status_code == 302, "what is over stays over"


def test_a_form_sent_after_the_end_is_told_not_to_have_been_taken(agent: Account) -> None:
    response = Client().post("/helpdesk/", {"name": "青葉花子"})
    assert response.headers["Location"] == "/staff/sign-in?over=1"
    assert (
        "送った内容は記録されていません"
        in Client(headers={"accept-language": "ja"}).get(response.headers["Location"]).content.decode()
    )


def test_signing_out_ends_the_session_at_the_server(agent: Account) -> None:
    client = sign_in(agent)
    token = client.cookies["jpki_staff"].value
    assert client.post("/staff/sign-out").headers["Location"] == "/staff/sign-in"
    client.cookies["jpki_staff"] = token
    assert client.get("/helpdesk/").status_code == 302
    assert len(journal("staff.signed_out")) == 1


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/helpdesk/releases/", "/helpdesk/releases/"),
        ("https://elsewhere.example/", "/helpdesk/"),
        ("//elsewhere.example/", "/helpdesk/"),
        ("javascript:alert(1)", "/helpdesk/"),
        ("/staff/sign-in", "/helpdesk/"),
    ],
)
def test_after_the_sign_in_one_is_led_nowhere_but_here(agent: Account, wanted: str, led_to: str) -> None:
    assert ask(Client(), agent.name, PASSWORD, code(agent), next=wanted).headers["Location"] == led_to


def test_a_dangerous_act_asks_for_a_code_again_and_guessing_ends_every_session(agent: Account, settings: Any) -> None:
    settings.STAFF_TRIES = 2
    client = sign_in(agent)
    signing_in.confirm(agent, code(agent))
    for _ in range(2):
        with pytest.raises(signing_in.CodeWrong):
            signing_in.confirm(agent, wrong_code(agent))
    assert client.get("/helpdesk/").status_code == 302
    assert [len(journal(kind)) for kind in ("staff.code_wrong", "staff.locked")] == [2, 1]
    with pytest.raises(SignInLocked):
        signing_in.confirm(agent, code(agent))


def test_a_form_without_its_csrf_token_is_refused(agent: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    assert ask(client, agent.name, PASSWORD, code(agent)).status_code == 403
    assert not StaffSession.objects.exists()


def test_pages_of_staff_are_kept_by_no_cache(agent: Account) -> None:
    for address in ("/helpdesk/", "/staff/account", "/staff/sign-in", "/staff/enrol/"):
        assert "no-store" in sign_in(agent).get(address).headers["Cache-Control"], address


def test_a_second_authenticator_isnt_made_by_looking(agent: Account) -> None:
    sign_in(agent).get("/staff/account")
    assert Authenticator.objects.count() == 1
