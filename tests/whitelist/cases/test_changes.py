"""A change of an entry: it begins with what the entry has, shows the difference, and leaves the entry alone."""

import pytest

from ca.models import Realm
from tests.whitelist.cases.filled import PDF, make_organisation, png
from tests.whitelist.relying_parties import make_bank
from whitelist import logos, register
from whitelist.cases import attachments, drafts, submitting, versions
from whitelist.cases.errors import CaseOpenAlready, EntryNotChangeable
from whitelist.models import Case, RelyingParty

pytestmark = pytest.mark.django_db
AOI = "aoi@bank.example"


@pytest.fixture
def entry(realm: Realm) -> RelyingParty:
    bank = make_bank(realm, "aozora", organisation=make_organisation(realm))
    logos.put(bank, png())
    return bank


def test_a_change_begins_with_what_the_entry_has_now(entry: RelyingParty) -> None:
    case = drafts.open_change(entry, AOI)
    answers = drafts.answers(case)
    assert (answers["service"]["name_ja"], answers["service"]["client_id"]) == ("試験銀行", "aozora")
    assert answers["purposes"]["asks"] == ["user_authentication", "signature"]
    assert answers["purposes"]["signature"]["text_en"] == "Test purpose signature"
    assert answers["basis"]["item"] == "17-1-6"
    assert answers["certification"]["number"] == "T-1"
    assert answers["applications"][0]["callback_urls"][0] == "https://bank.example/return"
    logo = attachments.find(case, answers["service"]["logo"])
    assert logo is not None
    assert bytes(logo.content) == png()
    assert case.changes_entry


def test_what_differs_is_known_by_section_and_the_entry_stays_as_it_is(entry: RelyingParty) -> None:
    case = drafts.open_change(entry, AOI)
    before = register.entries(entry.realm, now=case.opened_at)
    drafts.save(case, "service", 0, {"name_ja": "あおぞら銀行"}, AOI)
    block = drafts.add_application(case, "ios", AOI)
    base = versions.baseline(case)
    assert base is not None
    now = drafts.answers(case)
    assert versions.changed_sections(base.answers, now) == {"service", "applications"}
    found = versions.compare(base.answers, now)
    name = next(one for one in found if one.section == "service")
    assert (name.field, name.before, name.after) == ("name_ja", "試験銀行", "あおぞら銀行")
    assert {one.field for one in found if one.added} == {f"{block}.kind"}
    assert register.entries(entry.realm, now=case.opened_at) == before


def test_an_entry_has_one_change_at_a_time(entry: RelyingParty) -> None:
    case = drafts.open_change(entry, AOI)
    with pytest.raises(CaseOpenAlready) as told:
        drafts.open_change(entry, AOI)
    assert told.value.data["reference"] == str(case.reference)
    Case.objects.filter(pk=case.pk).update(state=Case.State.WITHDRAWN)
    drafts.open_change(entry, AOI)


@pytest.mark.parametrize("state", ["draft", "removed"])
def test_what_isnt_in_the_register_isnt_changed(entry: RelyingParty, state: str) -> None:
    RelyingParty.objects.filter(pk=entry.pk).update(state=state)
    with pytest.raises(EntryNotChangeable):
        drafts.open_change(RelyingParty.objects.get(pk=entry.pk), AOI)


def test_the_client_id_stays(entry: RelyingParty) -> None:
    case = drafts.open_change(entry, AOI)
    assert "client_id" not in {one.field for one in submitting.check(case)}
    drafts.save(case, "service", 0, {"client_id": "another"}, AOI)
    assert "client_id" in {one.field for one in submitting.check(case)}


def test_what_the_register_doesnt_keep_comes_from_the_approved_version(filled: Case, realm: Realm) -> None:
    version = submitting.submit(filled, AOI)
    bank = make_bank(realm, "aozora-app", organisation=filled.organisation, name_ja="名前が変わった")
    Case.objects.filter(pk=filled.pk).update(state=Case.State.APPROVED, relying_party=bank)
    change = drafts.open_change(bank, AOI)
    answers = drafts.answers(change)
    assert answers["contacts"] == version.answers["contacts"]
    assert answers["service"]["name_ja"] == "名前が変わった"
    document = attachments.find(change, answers["certification"]["document"])
    assert document is not None
    assert bytes(document.content) == PDF


def test_apps_begin_with_what_they_are_known_by_and_an_operators_services_with_the_operator(
    entry: RelyingParty, realm: Realm
) -> None:
    operator = make_bank(realm, "platform", kind=RelyingParty.Kind.PLATFORM_OPERATOR)
    RelyingParty.objects.filter(pk=entry.pk).update(basis="operator", operator=operator)
    prints = {"certificate_sha256": ["ab" * 32]}
    entry.applications.create(
        kind="android", origin="jp.bank.app", callback_urls=["https://b.example/x"], proofs=prints
    )
    entry.applications.create(
        kind="ios", origin="jp.bank", callback_urls=["https://b.example/x"], proofs={"team_id": "A1"}
    )
    answers = drafts.answers(drafts.open_change(RelyingParty.objects.get(pk=entry.pk), AOI))
    assert (answers["basis"]["item"], answers["basis"]["operator_client_id"]) == ("operator", "platform")
    _browser, android, ios = answers["applications"]
    assert (android["package"], android["certificate_sha256"]) == ("jp.bank.app", ["ab" * 32])
    assert (ios["bundle_id"], ios["team_id"]) == ("jp.bank", "A1")
