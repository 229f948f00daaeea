"""Checking, submitting with the authenticator's code, comparing, writing to the officers, taking back."""

from typing import Any

import pytest

from ca.models import JournalEntry
from portal.onboarding import notices
from portal.providers.models import Membership
from tests.portal.accounts.people import code, wrong_code
from tests.portal.onboarding.applicant import Applicant
from tests.portal.providers.people import client, make_provider, make_workspace
from tests.whitelist.relying_parties import make_bank
from whitelist.cases import drafts, messages, states
from whitelist.models import Case, CaseMessage, RelyingParty

pytestmark = pytest.mark.django_db


def test_the_check_page_says_what_is_missing_and_leads_there(applicant: Applicant) -> None:
    page = applicant.open("check/").content.decode()
    assert f"{applicant.address('sections/organisation-address/')}?check" in page
    assert "この内容で提出する" not in page
    assert "エラー：" in applicant.open("sections/organisation-address/?check").content.decode()


def test_a_whole_case_is_submitted_with_the_authenticators_code(applicant: Applicant, filled: Case) -> None:
    response = applicant.submit()
    assert response.headers["Location"] == f"{applicant.address()}?submitted"
    page = applicant.browser.get(response.headers["Location"]).content.decode()
    assert "申請を提出しました" in page
    assert "審査の期限" in page
    filled.refresh_from_db()
    assert filled.state == Case.State.SUBMITTED
    (entry,) = JournalEntry.objects.filter(kind="case.submit")
    assert entry.data["by"] == "owner@bank.example"


def test_a_form_that_is_sent_twice_makes_one_version(applicant: Applicant, filled: Case) -> None:
    first = applicant.submit()
    again = applicant.browser.post(applicant.address("check/"), {"seen": "x", "code": code(applicant.member.account)})
    assert (first.status_code, again.status_code) == (302, 302)
    assert again.headers["Location"] == applicant.address()
    assert filled.versions.count() == 1


def test_without_the_right_code_nothing_is_submitted(applicant: Applicant, filled: Case) -> None:
    for given in ("", wrong_code(applicant.member.account)):
        response = applicant.submit(code=given)
        assert response.status_code == 403
        assert "確認コード" in response.content.decode()
    used = code(applicant.member.account)
    applicant.submit(seen="old page", code=used)
    filled.refresh_from_db()
    assert filled.state == Case.State.DRAFT
    assert applicant.submit(code=code(applicant.member.account, used=True)).status_code == 403, "a code is good once"


def test_what_somebody_wrote_after_the_check_page_was_opened_isnt_submitted_unseen(
    applicant: Applicant, filled: Case
) -> None:
    import re

    seen = re.search(r'name="seen" value="([0-9a-f]+)"', applicant.open("check/").content.decode())
    assert seen
    drafts.save(filled, "service", 1, {"name_ja": "すり替えた名前"}, "midori@bank.example")
    response = applicant.submit(seen=seen[1])
    page = response.content.decode()
    assert response.status_code == 409
    assert "ほかの人が内容を変えました" in page
    assert "すり替えた名前" in page
    filled.refresh_from_db()
    assert filled.state == Case.State.DRAFT


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("legal", True), ("developer", False), ("viewer", False)])
def test_owner_and_legal_submit_and_withdraw(owner: Membership, filled: Case, role: str, may: bool) -> None:
    other = make_provider(filled.organisation.realm, f"{role}@x.example", role=role, organisation=owner.organisation)
    person = Applicant(other, filled)
    assert ("この内容で提出する" in person.open("check/").content.decode()) == may
    person.submit()
    filled.refresh_from_db()
    assert (filled.state == Case.State.SUBMITTED) == may
    assert (person.browser.post(person.address("withdraw/")).status_code == 302) == may
    filled.refresh_from_db()
    assert (filled.state == Case.State.WITHDRAWN) == may


def test_a_returned_case_goes_in_again_and_any_two_versions_are_compared(applicant: Applicant, filled: Case) -> None:
    applicant.submit()
    filled.refresh_from_db()
    states.move(filled, "take_up", by="kuroda")
    states.move(filled, "return", by="kuroda")
    applicant.fill_in("service", name_ja="あおぞら銀行アプリ")
    applicant.submit()
    page = applicant.open("versions/?before=1&after=2").content.decode()
    assert "<del>あおぞらアプリ</del>" in page
    assert "<ins>あおぞら銀行アプリ</ins>" in page
    assert "<ins>あおぞらアプリ</ins>" in applicant.open("versions/?before=2&after=1").content.decode()
    assert "違いはありません" in applicant.open("versions/?before=2&after=2").content.decode()
    assert "違い" in applicant.open("versions/?before=9&after=nothing").content.decode()
    assert "あおぞらアプリ" in applicant.open("versions/1/").content.decode()
    assert applicant.open("versions/3/").status_code == 404


def test_a_change_of_an_entry_begins_with_what_it_has_and_shows_the_difference(owner: Membership) -> None:
    entry = make_bank(owner.organisation.realm, "aozora", organisation=owner.organisation)
    browser, base = client(owner), f"/providers/{owner.organisation.reference}/cases/"
    assert "試験銀行の登録を変更する" in browser.get(base).content.decode()
    response = browser.post(f"{base}open", {"entry": "aozora"})
    case = Case.objects.get()
    again = browser.post(f"{base}open", {"entry": "aozora"})
    assert again.headers["Location"] == response.headers["Location"], "one change at a time: on to the one there is"
    person = Applicant(owner, case)
    person.fill_in("service", name_ja="新しい名前")
    page = person.open("check/").content.decode()
    assert "<del>試験銀行</del>" in page
    assert "<ins>新しい名前</ins>" in page
    entry.refresh_from_db()
    assert entry.name_ja == "試験銀行"
    make_bank(owner.organisation.realm, "theirs")
    for other in ("theirs", "nobodys", "\0"):
        assert browser.post(f"{base}open", {"entry": other}).status_code in (409, 302)
    assert Case.objects.filter(changes_entry=True).count() == 1


def test_what_stands_in_the_workspace_is_no_registered_service_to_be_changed(owner: Membership) -> None:
    make_workspace(owner)
    own = RelyingParty.objects.get(organisation=owner.organisation)
    browser, base = client(owner), f"/providers/{owner.organisation.reference}/cases/"
    page = browser.get(base).content.decode()
    assert own.client_id not in page
    assert "登録されているサービス" not in page
    assert browser.post(f"{base}open", {"entry": own.client_id}).status_code == 409
    assert not Case.objects.exists()


def test_messages_go_both_ways_and_the_mail_about_one_says_nothing_of_it(
    applicant: Applicant, settings: Any, mailoutbox: Any
) -> None:
    settings.CASE_OFFICERS_MAIL = {"ministry": "", "registrar": "office@j-lis.example"}
    case = applicant.case
    make_provider(case.organisation.realm, "viewer@bank.example", role="viewer", organisation=case.organisation)
    secret = "認定番号は2026-1です。"
    response = applicant.browser.post(applicant.address("messages/"), {"text": secret})
    assert "#message-" in response.headers["Location"]
    messages.send(case, CaseMessage.Side.OFFICERS, "お答えします。", "kuroda")
    assert "未読 1 件" in applicant.open().content.decode()
    page = applicant.open("messages/").content.decode()
    assert page.index(secret) < page.index("ここから未読") < page.index("お答えします。")
    assert "kuroda" not in page
    assert "未読" not in applicant.open().content.decode()
    assert notices.tell_waiting() == 2
    assert notices.tell_waiting() == 0
    mails = {one.to[0]: one.subject + one.body for one in mailoutbox}
    assert mails.keys() == {"office@j-lis.example", "owner@bank.example"}
    for text in mails.values():
        assert secret not in text
        assert "お答え" not in text
        assert "あおぞら" not in text
    assert applicant.address("messages/") in mails["owner@bank.example"]


def test_a_message_that_cant_be_mailed_waits(applicant: Applicant, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens
    messages.send(applicant.case, CaseMessage.Side.OFFICERS, "お答えします。", "kuroda")
    assert notices.tell_waiting() == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notices.tell_waiting() == 1


def test_an_empty_message_is_refused_and_kept(applicant: Applicant) -> None:
    response = applicant.browser.post(applicant.address("messages/"), {"text": "長" * 4001})
    assert response.status_code == 400
    assert "長" * 4001 in response.content.decode()
    assert not CaseMessage.objects.exists()


def test_a_withdrawn_case_is_over(applicant: Applicant, filled: Case) -> None:
    assert "取り下げますか" in applicant.open("withdraw/").content.decode()
    applicant.browser.post(applicant.address("withdraw/"))
    assert "取り下げました" in applicant.open().content.decode()
    assert applicant.open("withdraw/").status_code == 302
    assert applicant.submit().status_code == 302
    filled.refresh_from_db()
    assert filled.state == Case.State.WITHDRAWN
