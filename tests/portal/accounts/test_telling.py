"""Whoever signs in is told of what changed in the way they do: at their address, once, in both languages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from ca import clock
from ca.models import Realm
from portal.accounts import authenticators, staff, telling
from portal.accounts.models import Account, AccountChange
from portal.notices import tasks
from tests.portal.accounts.people import PASSWORD, journal, make_staff, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.databases]
NEW = "a much better horse of brass"
ADDRESS = "sakura@helpdesk.example"


@pytest.fixture
def told(agent: Account) -> Account:
    agent.user.email = ADDRESS
    agent.user.save()
    return agent


@pytest.fixture
def provider(realm: Realm) -> Account:
    return make_staff(realm, "tanaka@bank.example", "provider")


def mails() -> list[Any]:
    """Send what waits; return the mails, and forget them."""
    telling.send_waiting()
    sent = list(django_mail.outbox)
    django_mail.outbox.clear()
    return sent


def test_another_password_is_told_in_both_languages_once_and_without_it(told: Account) -> None:
    staff.change_password(told, NEW)
    (sent,) = mails()
    assert sent.to == [ADDRESS]
    assert sent.subject == "【スマホ用電子証明書】パスワードが変わりました / The password was changed"
    for words in ("sakura さんのアカウント", "心当たりがないときは", "in the account of sakura", "If you didn't"):
        assert words in sent.body
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d（日本時間）", sent.body)
    assert NEW not in str(sent.message())
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    assert mails() == []


def test_a_providers_name_is_where_they_are_told(provider: Account) -> None:
    staff.change_password(provider, NEW)
    (sent,) = mails()
    assert sent.to == [provider.name]


@pytest.mark.parametrize(("act", "words"), [(staff.reset, "took password"), (staff.disable, "shut the account")])
def test_what_an_operator_does_to_an_account_is_told(told: Account, act: Any, words: str) -> None:
    code = act(told.name, by="test")
    (sent,) = mails()
    assert words in sent.body
    assert not code or code not in str(sent.message())


def test_who_enrolled_is_told_and_learns_no_code_by_it(realm: Realm) -> None:
    staff.invite("momiji", role="officer", realm=realm, by="test", address="momiji@helpdesk.example")
    account = Account.objects.select_related("user", "realm").get(user__username="momiji")
    authenticators.prepare(account)
    codes = staff.enrol(account, PASSWORD)
    (sent,) = mails()
    assert sent.to == ["momiji@helpdesk.example"]
    assert "A way to sign in was set up" in sent.body
    assert not [one for one in (*codes, PASSWORD) if one in sent.body]


@pytest.mark.parametrize("kind", AccountChange.Kind)
def test_every_change_has_its_words(told: Account, kind: AccountChange.Kind) -> None:
    telling.note(told, kind)
    (sent,) = mails()
    assert telling.WHAT[kind].ja in sent.body
    assert telling.WHAT[kind].en in sent.body


def test_another_address_is_told_at_both(told: Account, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("staff", "mail", "sakura", "new@helpdesk.example")
    assert sorted(sent.to[0] for sent in mails()) == ["new@helpdesk.example", ADDRESS]
    assert [entry.subject for entry in journal("staff.address_changed")] == ["sakura"]
    with pytest.raises(CommandError, match="no mail address"):
        call_command("staff", "mail", "sakura", "nowhere")


def test_a_providers_address_is_their_name_and_stays(provider: Account) -> None:
    with pytest.raises(ValueError, match="name is its address"):
        staff.change_address(provider.name, "other@bank.example", by="test")


def test_what_didnt_happen_is_not_told(told: Account) -> None:
    with transaction.atomic():
        staff.change_password(told, NEW)
        transaction.set_rollback(True)
    assert mails() == []


def test_without_an_address_nobody_is_told_by_mail_and_the_own_page_says_it(agent: Account) -> None:
    staff.change_password(agent, PASSWORD)
    assert mails() == []
    page = sign_in(agent).get("/staff/account").content.decode()
    assert "パスワードが変わりました" in page
    assert "ありません。管理者に登録を頼んでください。" in page


def test_a_provider_reads_it_on_their_own_page(provider: Account) -> None:
    staff.change_password(provider, PASSWORD)
    page = sign_in(provider, **{"accept-language": "en"}).get("/providers/account").content.decode()
    assert "The password was changed" in page


def test_what_one_worker_has_in_hand_another_leaves_until_its_lease_is_over(told: Account) -> None:
    staff.change_password(told, NEW)
    assert telling._take() is not None
    assert mails() == []
    AccountChange.objects.update(lease_until=clock.machine() - timedelta(seconds=1))
    assert len(mails()) == 1


def test_a_server_that_is_away_is_tried_again_and_what_is_a_day_old_is_told_by_nobody(
    told: Account, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    staff.change_password(told, NEW)
    assert telling.send_waiting() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    AccountChange.objects.update(lease_until=None)
    assert tasks.sweep_notices() == 1
    staff.change_password(told, NEW)
    AccountChange.objects.update(at=clock.machine() - timedelta(hours=settings.NOTICES_MAIL_HOURS, seconds=1))
    django_mail.outbox.clear()
    assert mails() == []


def test_in_production_an_account_of_the_staff_is_made_with_an_address(realm: Realm, settings: Any) -> None:
    settings.PRODUCTION, settings.EMAIL_HOST = True, "mail.example"
    with pytest.raises(CommandError, match="--mail ADDRESS"):
        call_command("staff", "add", "momiji", "--role", "officer", "--realm", "test")
    assert not Account.objects.exists()
    call_command("staff", "add", "momiji", "--role", "officer", "--realm", "test", "--mail", "momiji@office.example")
    assert Account.objects.get().user.email == "momiji@office.example"


def test_the_page_that_the_mail_names_is_there(told: Account) -> None:
    staff.change_password(told, PASSWORD)
    (page,) = set(re.findall(r"http://localhost:8000(\S+)", mails()[0].body))
    assert Client().get(page).headers["Location"].startswith("/staff/sign-in")
