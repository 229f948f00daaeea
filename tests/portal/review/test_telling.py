"""The sweep, and notices of endings by mail: to every member, once each, whoever runs it and however often."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connections

from ca import clock
from ca.models import Realm
from portal.accounts.models import Account
from portal.notices.models import KeptMail
from portal.providers.models import Membership
from portal.review import telling
from portal.review.tasks import sweep_review
from tests.portal.accounts.people import make_staff
from tests.portal.review.people import officers
from tests.whitelist.relying_parties import make_bank
from tests.whitelist.review import cases
from whitelist.models import EndingNotice, MinisterialCertification, Organisation, RelyingParty, Suspension
from whitelist.review import endings, suspensions

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture(autouse=True)
def _kept(settings: Any) -> None:
    settings.EMAIL_BACKEND = "portal.notices.kept.EmailBackend"


class Away(BaseEmailBackend):
    """A mail server that can't be reached."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("away")


def member(realm: Realm, organisation: Organisation, name: str, role: str = "provider") -> Account:
    account = make_staff(realm, name, role)
    Membership.objects.create(account=account, organisation=organisation, role="viewer", since=clock.machine())
    return account


@pytest.fixture
def entry(realm: Realm, organisation: Organisation) -> RelyingParty:
    """Return an entry whose certification ends in fifty days, and whose organisation has two members."""
    bank = make_bank(realm, organisation=organisation)
    today = clock.today(realm)
    MinisterialCertification.objects.update(valid_until=today + timedelta(days=50))
    for name in ("hana@bank.example", "taro@bank.example"):
        member(realm, organisation, name)
    return bank


def recipients() -> list[str]:
    return sorted(KeptMail.objects.values_list("recipient", flat=True))


def test_every_member_is_told_once_in_both_languages(realm: Realm, entry: RelyingParty) -> None:
    assert sweep_review() == 1
    assert sweep_review() == 0
    assert recipients() == ["hana@bank.example", "taro@bank.example"]
    mail = KeptMail.objects.first()
    assert mail is not None
    assert "主務大臣認定" in mail.subject
    assert "60日前のお知らせ" in mail.body
    assert "notice 60 days ahead" in mail.body
    assert EndingNotice.objects.get().told_at is not None
    cases.pass_days(realm, 25)
    sweep_review()
    assert len(recipients()) == 4


def test_only_the_organisations_own_people_who_can_sign_in_are_told(
    realm: Realm, organisation: Organisation, entry: RelyingParty
) -> None:
    member(realm, organisation, "officer", "registrar")
    gone = member(realm, organisation, "gone@bank.example")
    Account.objects.filter(pk=gone.pk).update(state=Account.State.DISABLED)
    member(realm, cases.make_organisation(realm, "別の組織"), "other@else.example")
    sweep_review()
    assert recipients() == ["hana@bank.example", "taro@bank.example"]


def test_a_server_that_is_away_loses_nothing(realm: Realm, entry: RelyingParty, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    assert sweep_review() == 0
    assert EndingNotice.objects.get().told_at is None
    settings.EMAIL_BACKEND = "portal.notices.kept.EmailBackend"
    assert telling.send_waiting() == 0  # it has a lease
    EndingNotice.objects.update(lease_until=clock.machine())
    assert telling.send_waiting() == 1
    assert recipients() == ["hana@bank.example", "taro@bank.example"]


def test_who_dies_between_mail_and_note_sends_again_under_the_same_id(realm: Realm, entry: RelyingParty) -> None:
    sweep_review()
    EndingNotice.objects.update(told_at=None, lease_until=None)
    sweep_review()
    assert len(recipients()) == 2  # mail programs, and this one, know them by their Message-ID


@pytest.mark.parametrize(("kind", "said"), [("return", "差し戻されました"), ("refuse", "承認されませんでした")])
def test_a_decision_is_told_with_the_page_that_says_why(
    realm: Realm, organisation: Organisation, kind: str, said: str
) -> None:
    member(realm, organisation, "hana@bank.example")
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    cases.through(case, kind, officers("registrar"))
    assert (sweep_review(), sweep_review()) == (1, 0)
    mail = KeptMail.objects.get()
    assert said in mail.subject
    assert f"/cases/{case.reference}/letters/" in mail.body
    # Reasons, and who decided, are behind the sign-in.
    for unsaid in ("紛れます", "確認ではありません", "matsu", "take"):
        assert unsaid not in mail.body


def test_a_suspension_and_its_end_are_told(realm: Realm, organisation: Organisation) -> None:
    first, second = officers("registrar")
    bank = make_bank(realm, organisation=organisation)
    make_bank(realm, "sample")  # nobody's
    member(realm, organisation, "hana@bank.example")
    suspensions.suspend(bank, by=first, reason="鍵が漏れたため")
    suspensions.suspend(RelyingParty.objects.get(client_id="sample"), by=first, reason="理由")
    assert sweep_review() == 1
    asked = suspensions.propose(bank, "lift", by=first, reason="鍵を替えたため")
    assert sweep_review() == 0
    suspensions.approve(asked, by=second)
    assert (sweep_review(), sweep_review()) == (1, 0)
    subjects = list(KeptMail.objects.order_by("pk").values_list("subject", flat=True))
    assert ["停止されました" in subjects[0], "停止が解かれました" in subjects[1]] == [True, True]


def test_what_time_does_to_an_entry_is_told_once(realm: Realm, organisation: Organisation) -> None:
    first, _ = officers("registrar")
    bank = make_bank(realm, organisation=organisation)
    RelyingParty.objects.update(valid_until=clock.today(realm) + timedelta(days=400))
    MinisterialCertification.objects.update(valid_until=clock.today(realm) + timedelta(days=400))
    make_bank(realm, "sample")  # nobody's
    member(realm, organisation, "hana@bank.example")
    suspensions.suspend(bank, by=first, reason="鍵が漏れたため")
    suspensions.suspend(RelyingParty.objects.get(client_id="sample"), by=first, reason="理由")
    cases.pass_days(realm, 1.1)
    assert (sweep_review(), sweep_review()) == (2, 0)  # suspended, and lapsed
    mails = KeptMail.objects.order_by("pk")
    assert "停止が解かれました" in mails[1].subject
    assert "not confirmed in time" in mails[1].body
    cases.pass_days(realm, 500)
    assert (sweep_review(), sweep_review()) == (1, 0)
    assert "期限が切れました" in mails[2].subject
    assert f"/providers/{organisation.reference}/" in mails[2].body


def test_the_sweep_does_all_that_time_does(realm: Realm, entry: RelyingParty, organisation: Organisation) -> None:
    first, _ = officers("registrar")
    made = suspensions.suspend(entry, by=first, reason="理由")
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    type(case).objects.update(due_on=None)
    cases.pass_days(realm, 1)
    sweep_review()
    assert Suspension.objects.get(pk=made.pk).state == "lapsed"
    assert cases.fresh(case).due_on is not None
    cases.pass_days(realm, 60)
    sweep_review()
    assert RelyingParty.objects.get().state == "expired"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_once(realm: Realm, entry: RelyingParty) -> None:
    wrong: list[BaseException] = []

    def work() -> None:
        try:
            sweep_review()
        except BaseException as error:
            wrong.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert not wrong
    assert EndingNotice.objects.count() == 1
    assert recipients() == ["hana@bank.example", "taro@bank.example"]
    assert endings.notice(realm) == 0
