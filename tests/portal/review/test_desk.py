"""The officers' desk and a case's screens: from the desk to a decision, by two people, in both languages."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ca import ceremony, clock
from ca.models import Realm
from portal.accounts.models import Account
from portal.probes import sentences
from portal.providers.models import Membership
from tests.portal.accounts.people import code, journal, make_staff, sign_in, wrong_code
from tests.portal.review.people import officers
from tests.whitelist.review import cases
from whitelist.models import (
    Case,
    CaseMessage,
    CaseRemark,
    CheckAnswer,
    ConformanceReport,
    Organisation,
    ProbeResult,
    ProbeRun,
    Proposal,
    RelyingParty,
)
from whitelist.review import check_list, reviewing, turns

pytestmark = pytest.mark.django_db
Desk = dict[str, Client]


def account(name: str) -> Account:
    return Account.objects.get(user__username=name)


def url(page: str, case: Case, *more: object) -> str:
    return reverse(f"review:{page}", args=[case.reference, *more])


def html(response: Any, status: int = 200) -> str:
    assert response.status_code == status, (response.status_code, response.content.decode()[:2000])
    text: str = response.content.decode()
    return text


def checked(client: Client, case: Case) -> None:
    """Answer the whole check list on the screen."""
    review = turns.of(cases.fresh(case))
    assert review is not None
    form = {}
    for item in check_list.asked(review):
        form |= {f"answer-{item.code}": "met", f"evidence-{item.code}": "書面で確かめた"}
    assert client.post(url("check", case), form).status_code == 302


def newest() -> Proposal:
    found = Proposal.objects.order_by("pk").last()
    assert found is not None
    return found


def approve(client: Client, case: Case, name: str, **changes: str) -> Any:
    form = {"decision": "approve", "version": "1", "code": code(account(name))} | changes
    return client.post(url("decide", case, newest().reference), form)


def test_from_the_desk_to_the_register(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation)
    kiku, ume, matsu, take = (desk[name] for name in ("kiku", "ume", "matsu", "take"))
    assert "品川信用金庫" in html(kiku.get("/review/"))
    page = html(kiku.get(url("case", case)))
    assert "審査を始める" in page
    assert "審査を始める" not in html(matsu.get(url("case", case)))  # not their turn
    assert kiku.post(url("take-up", case)).status_code == 302
    page = html(kiku.get(url("case", case)))
    assert "確認事項が5つ残っています" in page
    checked(kiku, case)
    form = html(kiku.get(url("propose", case, "certify")))
    # As the applicant told it.
    assert 'value="認-7"' in form
    assert 'value="2030-01-04"' in form
    terms = {"number": "認-8", "granted_on": "2026-02-01", "valid_until": "2031-01-31", "conditions": "年1回の報告"}
    response = kiku.post(url("propose", case, "certify"), {"version": "1", **terms})
    assert response.headers["Location"] == url("proposal", case, newest().reference)
    assert "あなたが提案したものです" in html(kiku.get(response.headers["Location"]))
    assert "提案のとおり決める" not in html(matsu.get(response.headers["Location"]))
    assert "提案のとおり決める" in html(ume.get(response.headers["Location"]))
    assert approve(ume, case, "ume").status_code == 302
    assert cases.fresh(case).authority == "registrar"
    assert "品川信用金庫" in html(take.get("/review/")).split("ほかの機関の番")[0]
    take.post(url("take-up", case))
    checked(take, case)
    take.post(url("propose", case, "register"), {"version": "1", "valid_until": ""})
    assert approve(matsu, case, "matsu").status_code == 302
    entry = RelyingParty.objects.get()
    assert (entry.client_id, entry.state) == ("shinagawa-account", "registered")
    assert entry.ministerial_certifications.get().number == "認-8"
    page = html(matsu.get(url("case", case)))
    assert "登録を決定した" in page
    assert "承認" in page
    assert html(matsu.get(url("proposal", case, newest().reference), headers={"accept-language": "en"}))


def test_an_organisations_cases_are_told_apart_by_their_services(desk: Desk, organisation: Organisation) -> None:
    first, second = (
        cases.submitted(organisation, cases.answers("17-1-1", service={"name_ja": name}))
        for name in ("しながわ口座", "しながわ保険")
    )
    matsu, take = desk["matsu"], desk["take"]
    matsu.post(url("take-up", first))
    matsu.post(url("propose", first, "refuse"), {"version": "1", "reasons": "要件を満たさない"})
    page = html(take.get("/review/"))
    waiting, ours = page.split('id="ours"')
    assert "しながわ口座" in waiting
    assert "しながわ保険" not in waiting
    assert "しながわ口座" in ours
    assert "しながわ保険" in ours
    for address in (url("case", first), url("proposal", first, newest().reference)):
        assert "しながわ口座" in html(take.get(address)).split("</dl>")[0]
    assert "しながわ保険" in html(take.get(url("case", second))).split("</dl>")[0]


def test_a_return_names_fields_and_the_applicant_finds_the_remarks(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    matsu, take = desk["matsu"], desk["take"]
    matsu.post(url("take-up", case))
    address = url("propose", case, "return")
    assert html(matsu.get(address)).count('name="where"') == 3
    more = {"version": "1", "where": ["service|name_ja"], "text": ["紛れます"], "more": "1", "reasons": "よろしく"}
    page = html(matsu.post(address, more))
    assert page.count('name="where"') == 4
    assert "紛れます" in page
    assert "よろしく" in page
    empty = html(matsu.post(address, {"version": "1", "where": [""], "text": [""], "reasons": "よろしく"}), 400)
    assert 'href="#remarks"' in empty
    assert 'id="remarks-error"' in empty
    assert "よろしく" in empty
    assert not Proposal.objects.exists()
    form = {"version": "1", "where": ["service|name_ja", "applications|0a000001.origin"], "text": ["紛れます", "違う"]}
    matsu.post(address, form)
    assert approve(take, case, "take").status_code == 302
    assert cases.fresh(case).state == Case.State.RETURNED
    assert [(one.section, one.field, one.text, one.by) for one in CaseRemark.objects.all()] == [
        ("service", "name_ja", "紛れます", "matsu"),
        ("applications", "0a000001.origin", "違う", "matsu"),
    ]


def test_a_decision_takes_a_code_of_the_authenticator(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    first, _ = officers("registrar")
    cases.propose(reviewing.take_up(case, by=first), "refuse", first)
    page = html(approve(desk["take"], case, "take", code=wrong_code(account("take"))), 403)
    assert "確認コード" in page
    assert cases.fresh(case).state == Case.State.IN_REVIEW
    used = code(account("take"))
    assert approve(desk["take"], case, "take", code=used).status_code == 302
    assert cases.fresh(case).state == Case.State.REFUSED


def test_who_proposed_decides_nothing_even_with_a_code(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    first, _ = officers("registrar")
    cases.propose(reviewing.take_up(case, by=first), "refuse", first)
    assert "同じ機関のほかの人に頼んでください" in html(approve(desk["matsu"], case, "matsu"), 403)
    assert newest().state == "proposed"


def test_an_officer_of_the_applicant_sees_and_does_nothing(realm: Realm, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    involved = make_staff(realm, "sumire", "registrar")
    Membership.objects.create(account=involved, organisation=organisation, role="viewer", since=case.moved_at)
    client = sign_in(involved)
    assert "あなたはこの申請者の組織に属しています" in html(client.get(url("case", case)))
    assert "関係者のため担当できません" in html(client.get("/review/"))
    html(client.post(url("take-up", case)), 403)
    first, _ = officers("registrar")
    cases.propose(reviewing.take_up(case, by=first), "refuse", first)
    html(client.post(url("message", case), {"text": "通します"}), 403)
    html(approve(client, case, "sumire"), 403)
    assert "提案のとおり決める" not in html(client.get(url("proposal", case, newest().reference)))
    assert cases.fresh(case).state == Case.State.IN_REVIEW
    assert not CaseMessage.objects.exists()


def test_a_page_that_stood_open_while_others_went_on_is_refused(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    matsu, take = desk["matsu"], desk["take"]
    matsu.post(url("take-up", case))
    html(take.post(url("take-up", case)), 409)
    matsu.post(url("propose", case, "refuse"), {"version": "1", "reasons": "理由"})
    # A second proposal, from a form that was opened before.
    assert take.post(url("propose", case, "refuse"), {"version": "1", "reasons": "理由"}).status_code == 302
    assert Proposal.objects.count() == 1
    html(approve(take, case, "take", version="0"), 409)
    html(approve(take, case, "take", version="x"), 409)
    assert approve(take, case, "take").status_code == 302
    page = html(approve(take, case, "take"), 409)
    assert 'role="alert"' in page
    assert [one.kind for one in journal("case.refuse")] == ["case.refuse"]


def test_declined_with_a_reason_that_the_proposer_reads(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    first, _ = officers("registrar")
    made = cases.propose(reviewing.take_up(case, by=first), "refuse", first)
    address = url("decide", case, made.reference)
    page = html(desk["take"].post(address, {"decision": "decline", "version": "1", "reason": " "}), 400)
    assert 'aria-describedby="reason-support reason-error"' in page
    assert desk["take"].post(address, {"decision": "decline", "version": "1", "reason": "早すぎる"}).status_code == 302
    assert "早すぎる" in html(desk["matsu"].get(url("proposal", case, made.reference)))


def test_the_check_list_keeps_what_was_typed_and_says_what_is_missing(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    desk["matsu"].post(url("take-up", case))
    form = {"answer-name": "met", "evidence-name": "", "answer-texts": "met", "evidence-texts": "見本を見た"}
    page = html(desk["matsu"].post(url("check", case), form), 400)
    assert 'id="error-name"' in page
    assert "見本を見た" in page
    assert not CheckAnswer.objects.exists()
    desk["matsu"].post(url("check", case), form | {"evidence-name": "登録簿と比べた"})
    page = html(desk["take"].get(url("case", case)))
    assert page.count("matsu・") == 2
    assert "登録簿と比べた" in page


def test_a_change_shows_what_differs_and_only_that_is_open(desk: Desk, organisation: Organisation) -> None:
    entry = cases.registered(organisation, officers("ministry"), officers("registrar"))
    changed = cases.answers(service={"name_ja": "しながわ新口座", "client_id": entry.client_id})
    case = cases.submitted(organisation, changed, entry=entry)
    page = html(desk["matsu"].get(url("case", case)))
    assert "<del>しながわ口座</del>" in page
    assert re.findall(r'id="section-(\w+)" open', page) == ["service"]


def test_what_no_database_keeps_is_left_out_of_what_officers_write(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    matsu = desk["matsu"]
    matsu.post(url("take-up", case))
    matsu.post(url("check", case), {"answer-register_identity": "met", "evidence-register_identity": "登\0記"})
    assert matsu.post(url("check", case), {"answer-name": "met", "evidence-name": "\0"}).status_code == 400
    assert [one.evidence for one in CheckAnswer.objects.all()] == ["登記"]
    form = {"version": "1", "where": "service|name\0_ja", "text": "直\0して"}
    matsu.post(url("propose", case, "return"), form)
    assert newest().remarks == [{"section": "service", "field": "name_ja", "text": "直して"}]
    desk["take"].post(
        url("decide", case, newest().reference), {"decision": "decline", "version": "1", "reason": "否\0"}
    )
    assert newest().decline_reason == "否"


def test_any_two_versions_are_compared_and_the_draft_is_the_applicants(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    for name in ("しながわ新口座", "<i>しながわ口座三</i>"):
        cases.through(case, "return", officers("registrar"))
        case = cases.submit(cases.fresh(case), cases.answers("17-1-1", service={"name_ja": name}))
    page = html(desk["matsu"].get(url("versions", case)))
    assert "<del>しながわ新口座</del>" in page
    assert "<ins>&lt;i&gt;しながわ口座三&lt;/i&gt;</ins>" in page
    page = html(desk["kiku"].get(url("versions", case), {"before": "1", "after": "3"}))
    assert "<del>しながわ口座</del>" in page
    for odd in ("draft", "9", "\0", "x"):
        page = html(desk["matsu"].get(url("versions", case), {"before": odd, "after": odd}))
        assert "<del>しながわ新口座</del>" in page
    assert {one.data["by"] for one in journal("review.looked_at")} == {"matsu", "kiku"}


def test_the_whole_conformance_report_is_read_from_the_case(
    realm: Realm, desk: Desk, organisation: Organisation
) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    address = url("conformance", case, 1)
    assert desk["matsu"].get(address).status_code == 404
    report = ConformanceReport.objects.create(
        organisation=organisation, workspace=realm, at=clock.now(realm), passed=1, failed=1,
        report={"tests": [{"name": "<b>再送</b>", "outcome": "failed"}]}, signature="e30.e30.e30",
    )  # fmt: skip
    case.versions.update(conformance=report)
    assert address in html(desk["matsu"].get(url("case", case)))
    page = html(desk["matsu"].get(address))
    assert "&lt;b&gt;再送&lt;/b&gt;" in page
    assert "e30.e30.e30" in page
    assert desk["matsu"].get(url("conformance", case, 2)).status_code == 404
    assert desk["matsu"].get(f"{url('versions', case)}99999999999999999999/conformance").status_code == 404


def test_a_change_begins_with_the_last_day_that_the_entry_has(desk: Desk, organisation: Organisation) -> None:
    ministry, registrar = officers("ministry"), officers("registrar")
    entry = cases.registered(organisation, ministry, registrar, terms={"valid_until": "2031-03-31"})
    case = cases.submitted(organisation, cases.answers(service={"name_ja": "しながわ新口座"}), entry=entry)
    desk["matsu"].post(url("take-up", case))
    assert 'value="2031-03-31"' in html(desk["matsu"].get(url("propose", case, "register")))


def test_names_that_imitate_anothers_are_flagged(desk: Desk, realm: Realm, organisation: Organisation) -> None:
    other = cases.make_organisation(realm, "別の組織")
    cases.registered(other, officers("ministry"), officers("registrar"))
    imitating = cases.answers("17-1-1", service={"name_ja": "しながわロ座", "client_id": "imitator"})
    case = cases.submitted(organisation, imitating)
    page = html(desk["matsu"].get(url("case", case)))
    assert "紛らわしい" in page
    assert "shinagawa-account" in page


def test_what_was_seen_of_the_service_is_on_the_page(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    now = clock.machine()
    run = ProbeRun.objects.create(
        case=case, trigger="demand", state="done", asked_by="x", asked_at=now, due_at=now, ended_at=now
    )
    ProbeResult.objects.create(
        run=run, case=case, kind="tls", outcome="unreachable", target="https://shinagawa.example/return", at=now,
        milliseconds=5,
    )  # fmt: skip
    page = html(desk["matsu"].get(url("case", case)))
    assert "https://shinagawa.example/return</span> <span" in page
    assert str(sentences.OUTCOMES["unreachable"][0]) in page


def test_messages_go_both_ways(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation, cases.answers("17-1-1"))
    desk["matsu"].post(url("message", case), {"text": "電話番号を教えてください"})
    sent = CaseMessage.objects.get()
    assert (sent.side, sent.by) == ("officers", "matsu")
    page = html(desk["take"].post(url("message", case), {"text": "x" * 4001}), 400)
    assert "x" * 4001 in page


def test_every_look_is_in_the_journal(desk: Desk, organisation: Organisation) -> None:
    case = cases.submitted(organisation)
    desk["matsu"].get(url("case", case))
    assert [(one.subject, one.data["by"]) for one in journal("review.looked_at")] == [(str(case.reference), "matsu")]


def test_another_realms_case_and_a_draft_are_nobodys(realm: Realm, desk: Desk, organisation: Organisation) -> None:
    other = ceremony.create_realm("other")
    theirs = cases.submitted(cases.make_organisation(other), cases.answers("17-1-1"))
    draft = Case.objects.create(
        organisation=organisation, opened_by="x", opened_at=theirs.opened_at, moved_at=theirs.opened_at
    )
    own = cases.submitted(organisation, cases.answers("17-1-1"))
    first, _ = officers("registrar")
    made = cases.propose(reviewing.take_up(theirs, by=first), "refuse", first)
    for case in (theirs, draft):
        assert desk["take"].get(url("versions", case)).status_code == 404
        assert desk["take"].get(url("conformance", case, 1)).status_code == 404
        for page in ("case", "take-up", "check", "message"):
            method = desk["take"].get if page == "case" else desk["take"].post
            assert method(url(page, case)).status_code == 404, page
        assert desk["take"].post(url("propose", case, "refuse"), {"version": "1"}).status_code == 404
        assert desk["take"].get(url("file", case, uuid.uuid4())).status_code == 404
    # Another case's proposal under one's own case's address.
    for case in (theirs, own):
        for page in ("proposal", "letter"):
            assert desk["take"].get(url(page, case, made.reference)).status_code == 404
        assert desk["take"].post(url("decide", case, made.reference), {"decision": "approve"}).status_code == 404
    assert newest().state == "proposed"


def test_what_is_due_is_said_in_words(desk: Desk, realm: Realm, organisation: Organisation) -> None:
    cases.submitted(organisation, cases.answers("17-1-1"))
    assert "期限内" in html(desk["matsu"].get("/review/"))
    cases.pass_days(realm, 60)
    page = html(desk["matsu"].get("/review/"))
    assert "期限超過" in page
    assert "営業日の遅れ" in page


def test_a_hostile_name_is_text(desk: Desk, organisation: Organisation) -> None:
    nasty = "<script>alert(1)</script>"
    case = cases.submitted(organisation, cases.answers("17-1-1", service={"name_ja": nasty}))
    assert nasty not in html(desk["matsu"].get(url("case", case)))
