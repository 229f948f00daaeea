"""What must be answered, and the one submission."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from ca import clock
from ca.models import JournalEntry, Realm
from tests.whitelist.cases.filled import fill
from tests.whitelist.relying_parties import make_bank
from whitelist.cases import drafts, states, submitting, versions
from whitelist.cases.errors import CaseChanged, CaseIncomplete
from whitelist.errors import ArrowGone
from whitelist.models import Case, CaseRemark, ConformanceReport, Organisation, RelyingParty

pytestmark = pytest.mark.django_db
AOI = "aoi@bank.example"


def wrong(case: Case, section: str, **changes: Any) -> dict[str, str]:
    """Return what is wrong after changes, {field: sentence}."""
    edition = case.sections.get(name=section).edition
    drafts.save(case, section, edition, {name.replace("__", "."): value for name, value in changes.items()}, AOI)
    return {one.field: one.sentence.ja for one in submitting.check(case)}


def test_an_empty_draft_misses_what_every_case_needs(draft: Case) -> None:
    missing = submitting.check(draft)
    assert {one.section for one in missing} == {
        "organisation", "basis", "service", "purposes", "applications", "handoff", "security", "contacts",
    }  # fmt: skip
    assert all(one.sentence.ja.endswith("。") and one.sentence.en.endswith(".") for one in missing)
    with pytest.raises(CaseIncomplete):
        submitting.submit(draft, AOI)
    draft.refresh_from_db()
    assert draft.state == Case.State.DRAFT
    assert not JournalEntry.objects.filter(kind="case.submit").exists()


def test_a_whole_draft_misses_nothing_and_is_submitted_as_it_is(filled: Case) -> None:
    assert submitting.check(filled) == []
    version = submitting.submit(filled, AOI)
    assert (version.number, version.submitted_by, filled.state) == (1, AOI, Case.State.SUBMITTED)
    answers = version.answers
    assert answers["purposes"]["signature"]["text_ja"] == "口座開設の申込書に署名します。"
    assert "asks" not in answers["purposes"]
    (application,) = answers["applications"]
    assert application["callback_urls"] == ["https://bank.example/return"]
    assert "package" not in application, "an app's fields aren't a browser's"


def test_what_isnt_asked_for_is_in_no_version(filled: Case) -> None:
    wrong(filled, "purposes", asks=["user_authentication"])
    wrong(filled, "basis", item="17-1-1")
    answers = submitting.submit(filled, AOI).answers
    assert answers["purposes"]["signature"] is None
    assert answers["purposes"]["attributes"] == []
    assert answers["certification"] == {}
    assert drafts.answers(filled)["purposes"]["signature"]["text_ja"], "the draft keeps it"


def test_items_5_and_6_need_a_certification_that_holds(filled: Case) -> None:
    today = clock.today(filled.organisation.realm)
    assert "number" in wrong(filled, "certification", number="")
    assert wrong(filled, "certification", number="1", valid_until=(today - timedelta(days=1)).isoformat()).keys() == {
        "valid_until"
    }
    later = (today + timedelta(days=1)).isoformat()
    assert wrong(filled, "certification", granted_on=later, valid_until=later).keys() == {"granted_on"}
    assert not wrong(filled, "basis", item="17-1-3")


def test_a_document_must_be_one_of_the_case(filled: Case, organisation: Organisation) -> None:
    other = fill(drafts.open(organisation, AOI)).attachments.get()
    assert wrong(filled, "certification", document=str(other.reference)).keys() == {"document"}
    assert wrong(filled, "certification", document="no reference").keys() == {"document"}


def test_under_an_operator_one_of_the_register_is_named(filled: Case, realm: Realm) -> None:
    assert wrong(filled, "basis", item="operator").keys() == {"operator_client_id"}
    make_bank(realm, "other-bank")
    assert wrong(filled, "basis", operator_client_id="other-bank").keys() == {"operator_client_id"}
    make_bank(realm, "platform", kind=RelyingParty.Kind.PLATFORM_OPERATOR)
    assert not wrong(filled, "basis", operator_client_id="platform")


def test_a_client_id_that_is_taken_isnt_given_again(filled: Case, realm: Realm) -> None:
    make_bank(realm, "Aozora-App")
    assert wrong(filled, "service").keys() == {"client_id"}


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("service", "website", "http://bank.example/"),
        ("service", "website", "https://user:pass@bank.example/"),
        ("service", "website", "https://bank.example:0/"),
        ("service", "website", "https://localhost/"),
        ("service", "website", "https://bank.example/<script>"),
        ("service", "name_ja", "あおぞら\u202eアプリ"),
        ("service", "name_ja", "あおぞら\u200bアプリ"),
        ("service", "name_ja", "長" * 101),
        ("service", "name_en", "two\nlines"),
        ("service", "client_id", "あおぞら"),
        ("organisation", "kind", "something"),
        ("certification", "granted_on", "2026-02-30"),
        ("contacts", "business.email", "aoi"),
        ("contacts", "business.telephone", "3"),
        ("handoff", "jwks_url", "ftp://bank.example/keys"),
    ],
)
def test_a_wrong_answer_is_told_at_its_field(filled: Case, section: str, field: str, value: str) -> None:
    assert wrong(filled, section, **{field.replace(".", "__"): value}).keys() == {field}


@pytest.mark.parametrize(
    ("kind", "right", "field", "bad"),
    [
        ("browser", {"origin": "https://b.example"}, "origin", "https://b.example/"),
        ("browser", {"origin": "https://b.example"}, "callback_urls", ["https://b.example/#x"]),
        ("android", {"package": "jp.b.app", "certificate_sha256": ["AB:" * 31 + "AB"]}, "certificate_sha256", ["AB"]),
        ("android", {"package": "jp.b.app", "certificate_sha256": ["ab" * 32]}, "package", "app"),
        ("ios", {"bundle_id": "jp.b.app", "team_id": "ABCDE12345"}, "team_id", "abc"),
    ],
)
def test_an_application_is_checked_by_its_kind(
    filled: Case, kind: str, right: dict[str, Any], field: str, bad: Any
) -> None:
    block = drafts.add_application(filled, kind, AOI)
    told = {one.field for one in submitting.check(filled)}
    assert told == {f"{block}.{name}" for name in [*right, "callback_urls"]}
    answers = {**right, "callback_urls": ["https://b.example/x"]}
    assert not wrong(filled, "applications", **{f"{block}__{name}": value for name, value in answers.items()})
    assert wrong(filled, "applications", **{f"{block}__{field}": bad}).keys() == {f"{block}.{field}"}


def test_the_same_application_twice_is_told(filled: Case) -> None:
    block = drafts.add_application(filled, "browser", AOI)
    told = wrong(
        filled, "applications",
        **{f"{block}__origin": "https://bank.example", f"{block}__callback_urls": ["https://bank.example/x"]},
    )  # fmt: skip
    assert told.keys() == {f"{block}.origin"}


def test_a_second_submission_finds_the_first(filled: Case) -> None:
    submitting.submit(filled, AOI)
    with pytest.raises(ArrowGone):
        submitting.submit(Case.objects.get(pk=filled.pk), AOI)
    assert filled.versions.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_submissions_at_once_make_one_version(organisation: Organisation) -> None:
    case = fill(drafts.open(organisation, AOI))
    done: list[str] = []

    def submit() -> None:
        try:
            submitting.submit(Case.objects.select_related("organisation__realm").get(pk=case.pk), AOI)
            done.append("submitted")
        except ArrowGone:
            done.append("gone")
        finally:
            connection.close()

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == ["gone", "gone", "gone", "submitted"]
    assert case.versions.count() == 1
    assert JournalEntry.objects.filter(kind="case.submit").count() == 1


def test_what_changed_since_it_was_checked_isnt_submitted(filled: Case) -> None:
    seen = submitting.digest(drafts.answers(filled))
    wrong(filled, "service", name_ja="別の名前")
    with pytest.raises(CaseChanged):
        submitting.submit(filled, AOI, seen=seen)
    filled.refresh_from_db()
    assert filled.state == Case.State.DRAFT
    submitting.submit(filled, AOI, seen=submitting.digest(drafts.answers(filled)))


def test_a_returned_case_goes_in_again_as_the_next_version_and_settles_its_remarks(filled: Case) -> None:
    version = submitting.submit(filled, AOI)
    states.move(filled, "take_up", by="officer")
    states.move(filled, "return", by="officer")
    remark = CaseRemark.objects.create(
        case=filled, version=version, section="service", field="name_ja", text="正式な名前で", by="officer",
        at=filled.moved_at,
    )  # fmt: skip
    wrong(filled, "service", name_ja="あおぞら銀行アプリ")
    second = submitting.submit(filled, AOI)
    remark.refresh_from_db()
    assert (second.number, remark.settled_at) == (2, filled.moved_at)
    (difference,) = versions.compare(version.answers, second.answers)
    assert (difference.section, difference.field, difference.before, difference.after) == (
        "service", "name_ja", "あおぞらアプリ", "あおぞら銀行アプリ",
    )  # fmt: skip


def test_the_newest_conformance_report_goes_with_the_submission(filled: Case, realm: Realm) -> None:
    workspace = Realm.objects.create(slug="workspace", name="workspace")
    Organisation.objects.filter(pk=filled.organisation_id).update(workspace=workspace)
    filled = Case.objects.get(pk=filled.pk)
    now = clock.now(realm)
    for days, failed in ((1, 0), (3, 2), (2, 1)):
        ConformanceReport.objects.create(
            organisation=filled.organisation,
            workspace=workspace,
            at=now - timedelta(days=days),
            passed=10,
            failed=failed,
        )
    version = submitting.submit(filled, AOI)
    assert version.conformance is not None
    assert version.conformance.failed == 0
