"""The probes' pages: what was seen, in words, and looking again."""

import re
from pathlib import Path
from typing import Any

import pytest

from ca import clock
from ca.models import Realm
from portal.probes import sentences
from portal.providers.models import Membership
from tests.portal.providers.people import address, client, make_provider
from tests.whitelist.probes.servers import World, document
from tests.whitelist.relying_parties import make_bank
from whitelist import probes
from whitelist.models import Case, CaseSection, ProbeResult, ProbeRun
from whitelist.probes import running

HOST = "bank.example"
SOURCES = Path(probes.__file__).parent


@pytest.fixture
def owner(realm: Realm) -> Membership:
    return make_provider(realm)


@pytest.fixture
def case(owner: Membership) -> Case:
    now = clock.now(owner.organisation.realm)
    made = Case.objects.create(
        organisation=owner.organisation, opened_by=owner.account.name, opened_at=now, moved_at=now
    )
    answers = {"applications": [{"kind": "browser", "origin": f"https://{HOST}", "callback_urls": []}]}
    CaseSection.objects.create(case=made, name="applications", answers=answers)
    CaseSection.objects.create(case=made, name="handoff", answers={"jwks_url": f"https://{HOST}/keys"})
    return made


def page_of(owner: Membership, case: Case) -> str:
    return address(owner, f"probes/cases/{case.reference}/")


def test_every_finding_and_kind_is_worded() -> None:
    raised = set()
    for file in SOURCES.glob("*.py"):
        raised |= set(re.findall(r'(?:Wrong|Refused|Unreachable)\(\s*"(\w+)"', file.read_text()))
        raised |= set(re.findall(r'"(certificate_(?!sha256)\w+)"', file.read_text()))
    assert raised == set(sentences.FINDINGS)
    assert set(sentences.KINDS) == set(ProbeResult.Kind.values)
    assert set(sentences.OUTCOMES) == set(ProbeResult.Outcome.values)


def test_each_failure_says_what_to_do_and_what_was_seen(owner: Membership, case: Case, outside: World) -> None:
    outside.serve(HOST, {"/keys": document({"keys": []})}, days=20)
    probes.run(case, "x", fetcher=outside.fetcher())
    page = client(owner).get(page_of(owner, case)).content.decode()
    assert "使える鍵がありません" in page
    assert "kid のついた" in page
    assert "証明書の期限が近づいています" in page
    assert page.index("公開鍵セット") < page.index("名前解決"), "what is to be done comes first"
    english = client(owner, **{"accept-language": "en"}).get(page_of(owner, case)).content.decode()
    assert "There is no key that can be used." in english


def test_looking_now_makes_one_run_and_says_that_it_comes(
    owner: Membership, case: Case, deliver: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.PROBES_AN_HOUR, settings.PROBES_MOST_TARGETS = 2, 0
    browser = client(owner)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):  # a double tap
            assert browser.post(page_of(owner, case)).status_code == 302
    assert ProbeRun.objects.count() == 1
    assert "確認を始めます" in browser.get(page_of(owner, case)).content.decode()
    assert deliver("probes") == ["whitelist.run_probes"]
    assert "確認を始めます" not in browser.get(page_of(owner, case)).content.decode()
    browser.post(page_of(owner, case))
    running.carry_out(ProbeRun.objects.get(state="waiting").pk)
    refused = browser.post(page_of(owner, case))
    assert refused.status_code == 429
    assert "1時間の上限" in refused.content.decode()


@pytest.mark.parametrize(("role", "status"), [("owner", 302), ("developer", 302), ("legal", 403), ("viewer", 403)])
def test_who_looks_now_is_owner_or_developer(owner: Membership, case: Case, role: str, status: int) -> None:
    member = make_provider(owner.organisation.realm, f"{role}@two.example", role=role, organisation=owner.organisation)
    browser = client(member)
    assert browser.get(page_of(owner, case)).status_code == 200
    assert ("いま確認する" in browser.get(page_of(owner, case)).content.decode()) == (status == 302)
    assert browser.post(page_of(owner, case)).status_code == status
    assert ProbeRun.objects.exists() == (status == 302)


def test_the_overview_counts_cases_and_services_with_few_questions(
    owner: Membership, case: Case, outside: World, django_assert_num_queries: Any
) -> None:
    outside.serve(HOST, {"/keys": document({"keys": []})})
    probes.run(case, "x", fetcher=outside.fetcher())
    bank = make_bank(owner.organisation.realm, "own-bank", organisation=owner.organisation)
    running.carry_out(probes.request(bank, "x", trigger=ProbeRun.Trigger.DEMAND).pk, fetcher=outside.fetcher())
    page = client(owner).get(address(owner, "probes/")).content.decode()
    assert "確かめるもの 1" in page
    assert "問題なし 2" in page
    assert f"probes/services/{bank.client_id}/" in page
    assert client(owner).get(address(owner, f"probes/services/{bank.client_id}/")).status_code == 200
