"""What the page's script is answered: editions, conflicts, what others changed, the preview."""

from typing import Any

import pytest

from portal.providers.models import Membership
from tests.portal.onboarding.applicant import Applicant
from tests.portal.providers.people import make_provider
from whitelist.models import Case, ProbeResult, ProbeRun

pytestmark = pytest.mark.django_db


def test_saving_answers_with_the_edition_and_the_preview(applicant: Applicant) -> None:
    answer = applicant.save("service", 0, {"name_ja": "あおぞら", "name_en": "Aozora"}).json()
    assert (answer["edition"], answer["conflicts"], answer["others"]) == (1, [], {})
    assert "あおぞらが本人確認を求めています" in answer["preview"]["ja"]
    assert "Aozora asks you to prove who you are" in answer["preview"]["en"]


def test_others_fields_come_with_the_answer_and_a_conflict_with_both_values(applicant: Applicant) -> None:
    applicant.save("service", 0, {"name_ja": "あおぞら", "name_en": "Aozora"})
    answer = applicant.save("service", 0, {"name_ja": "みどり"}).json()
    (conflict,) = answer["conflicts"]
    assert (conflict["field"], conflict["theirs"], conflict["by"]) == ("name_ja", "あおぞら", "owner@bank.example")
    assert answer["others"] == {"name_en": "Aozora"}
    assert "みどりが本人確認を求めています" in answer["preview"]["ja"], "the writer's own page"
    settled = applicant.save("service", answer["edition"], {"name_ja": "みどり"}, settled=["name_ja"]).json()
    assert settled["conflicts"] == []
    assert applicant.answers()["service"]["name_ja"] == "みどり"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"edition": 1}', b'{"edition": "x", "changes": {}}', b'{"edition": 1, "changes": [1]}',
             b'{"edition": 1, "changes": {"name_ja": "\\ud800"}, "bases": []}', b"[" * 100_000],
)  # fmt: skip
def test_what_isnt_as_expected_is_a_problem_and_never_a_trace(applicant: Applicant, body: bytes) -> None:
    response = applicant.browser.post(applicant.address("sections/service/save"), body, content_type="application/json")
    assert response.status_code in (200, 400)
    if response.status_code == 400:
        assert response.json()["code"] == "case_field_unknown"
    assert applicant.answers()["service"]["name_ja"] == ""


@pytest.mark.parametrize(
    ("page", "changes", "code"),
    [
        ("service", {"nothing": "x"}, "case_field_unknown"),
        ("service", {"name_ja": 7}, "case_field_unknown"),
        ("service", {"description": "長" * 20_001}, "case_answer_too_long"),
        ("applications", {"0a1b2c3d.origin": "x"}, "case_field_unknown"),
    ],
)
def test_a_refusal_has_a_sentence_in_both_languages(
    applicant: Applicant, page: str, changes: dict[str, Any], code: str
) -> None:
    response = applicant.save(page, 0, changes)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert set(response.json()["citizen"]) == {"ja", "en"}


def test_a_page_that_isnt_there_isnt_saved(applicant: Applicant) -> None:
    assert applicant.save("nothing", 0, {}).status_code == 404
    assert applicant.open("sections/nothing/").status_code == 404


def test_who_only_reads_saves_nothing(owner: Membership, draft: Case) -> None:
    viewer = make_provider(
        draft.organisation.realm, "viewer@bank.example", role="viewer", organisation=owner.organisation
    )
    reader = Applicant(viewer, draft)
    assert reader.open("sections/service/").status_code == 200
    assert reader.save("service", 0, {"name_ja": "x"}).status_code == 403
    for rest in ("applications/add", "applications/0a1b2c3d/remove", "withdraw/"):
        assert reader.browser.post(reader.address(rest)).status_code == 403
    reader.send("service", {"edition": "0", "read": "{}", "name_ja": "x"})
    assert reader.answers()["service"]["name_ja"] == ""
    page = reader.open("sections/service/").content.decode()
    assert "見るだけです" in page
    assert "draft.js" not in page


def test_a_forged_request_from_elsewhere_is_refused(applicant: Applicant) -> None:
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.cookies = applicant.browser.cookies
    body = '{"edition": 0, "changes": {"name_ja": "x"}}'
    response = strict.post(applicant.address("sections/service/save"), body, content_type="application/json")
    assert response.status_code == 403
    assert applicant.answers()["service"]["name_ja"] == ""


def test_an_address_that_is_saved_is_looked_at_from_outside_and_a_name_is_not(applicant: Applicant) -> None:
    applicant.save("service", 0, {"name_ja": "あおぞら"})
    assert not ProbeRun.objects.exists()
    for edition in (0, 1):
        applicant.save("handoff", edition, {"jwks_url": "https://bank.example/keys.json"})
    (run,) = ProbeRun.objects.all()
    assert (run.case, run.asked_by) == (applicant.case, "owner@bank.example")
    ProbeResult.objects.create(
        run=run, case=applicant.case, kind="key_set", target="https://bank.example/keys.json", outcome="failed",
        at=run.asked_at, milliseconds=1,
    )  # fmt: skip
    ProbeRun.objects.update(state="done", ended_at=run.asked_at)
    assert "1 件中 1 件に問題" in applicant.open().content.decode()
