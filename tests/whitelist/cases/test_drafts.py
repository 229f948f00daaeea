"""Several people write in one draft: nothing is lost, and only the same field is a conflict."""

import threading
from typing import Any

import pytest
from django.db import connection

from ca.models import JournalEntry
from whitelist.cases import drafts, sections, submitting
from whitelist.cases.errors import AnswerTooLong, CaseNotEditable, FieldUnknown, TooManyApplications
from whitelist.cases.fields import LONGEST_KEPT
from whitelist.models import Case, CaseSection, Organisation

pytestmark = pytest.mark.django_db
AOI, MIDORI = "aoi@bank.example", "midori@bank.example"


def row(case: Case, section: str) -> CaseSection:
    return CaseSection.objects.get(case=case, name=section)


def test_a_new_case_has_every_section_and_what_is_known(draft: Case) -> None:
    answers = drafts.answers(draft)
    assert set(answers) == set(sections.NAMES)
    assert answers["organisation"]["corporate_number"] == draft.organisation.corporate_number
    assert answers["applications"] == []
    assert JournalEntry.objects.filter(kind="case.opened", subject=str(draft.reference)).count() == 1


def test_what_is_typed_is_kept_however_wrong_it_is(draft: Case) -> None:
    drafts.save(draft, "organisation", 0, {"website": "bank.example", "corporate_number": "12"}, AOI)
    assert drafts.answers(draft)["organisation"]["website"] == "bank.example"
    assert {one.field for one in submitting.check(draft)} >= {"website", "corporate_number"}


def test_two_people_in_different_fields_of_a_section_both_save(draft: Case) -> None:
    first = drafts.save(draft, "service", 0, {"name_ja": "あおぞら"}, AOI)
    second = drafts.save(draft, "service", 0, {"name_en": "Aozora"}, MIDORI)
    assert (first.conflicts, second.conflicts) == ((), ())
    assert second.others == {"name_ja": "あおぞら"}
    service = drafts.answers(draft)["service"]
    assert (service["name_ja"], service["name_en"], second.edition) == ("あおぞら", "Aozora", 2)


def test_the_same_field_is_a_conflict_in_which_both_values_stand(draft: Case) -> None:
    drafts.save(draft, "service", 0, {"name_ja": "あおぞら"}, AOI)
    saved = drafts.save(draft, "service", 0, {"name_ja": "みどり", "description": "説明"}, MIDORI)
    (conflict,) = saved.conflicts
    assert (conflict.field, conflict.mine, conflict.theirs, conflict.by) == ("name_ja", "みどり", "あおぞら", AOI)
    service = drafts.answers(draft)["service"]
    assert (service["name_ja"], service["description"]) == ("あおぞら", "説明")
    assert row(draft, "service").disputed == {"name_ja": {MIDORI: "みどり"}}


def test_who_has_seen_both_decides(draft: Case) -> None:
    drafts.save(draft, "service", 0, {"name_ja": "あおぞら"}, AOI)
    seen = drafts.save(draft, "service", 0, {"name_ja": "みどり"}, MIDORI).edition
    saved = drafts.save(draft, "service", seen, {"name_ja": "あおみどり"}, MIDORI, settled=["name_ja"])
    assert not saved.conflicts
    assert drafts.answers(draft)["service"]["name_ja"] == "あおみどり"
    assert row(draft, "service").disputed == {}


def test_what_another_typed_stays_until_somebody_who_has_seen_it_decides(draft: Case) -> None:
    drafts.save(draft, "service", 0, {"name_ja": "あおぞら"}, AOI)
    drafts.save(draft, "service", 0, {"name_ja": "みどり"}, MIDORI)
    drafts.save(draft, "service", 1, {"name_ja": "あおぞら銀"}, AOI)
    assert row(draft, "service").disputed == {"name_ja": {MIDORI: "みどり"}}
    drafts.save(draft, "service", 2, {"name_ja": "あおぞら銀"}, AOI, settled=["name_ja"])
    assert row(draft, "service").disputed == {}


def test_the_same_value_twice_is_no_conflict_and_no_edition(draft: Case) -> None:
    drafts.save(draft, "service", 0, {"name_ja": "あおぞら"}, AOI)
    saved = drafts.save(draft, "service", 0, {"name_ja": "あおぞら"}, MIDORI)
    assert (saved.edition, saved.conflicts) == (1, ())


def test_a_field_may_be_read_at_another_edition_than_the_rest(draft: Case) -> None:
    drafts.save(draft, "service", 0, {"name_ja": "あおぞら"}, AOI)
    drafts.save(draft, "service", 0, {"name_en": "Aozora"}, AOI)
    saved = drafts.save(draft, "service", 2, {"name_ja": "みどり", "name_en": "Midori"}, MIDORI, bases={"name_ja": 0})
    assert [one.field for one in saved.conflicts] == ["name_ja"]
    assert drafts.answers(draft)["service"]["name_en"] == "Midori"


def test_an_application_taken_out_comes_back_when_somebody_still_writes_in_it(draft: Case) -> None:
    block = drafts.add_application(draft, "browser", AOI)
    edition = drafts.save(draft, "applications", 1, {f"{block}.origin": "https://bank.example"}, AOI).edition
    drafts.remove_application(draft, block, MIDORI)
    assert drafts.answers(draft)["applications"] == []
    drafts.save(draft, "applications", edition, {f"{block}.callback_urls": "https://bank.example/a"}, AOI)
    (application,) = drafts.answers(draft)["applications"]
    assert (application["origin"], application["callback_urls"]) == ("https://bank.example", ["https://bank.example/a"])


def test_an_application_that_one_knows_is_gone_is_gone(draft: Case) -> None:
    block = drafts.add_application(draft, "browser", AOI)
    drafts.remove_application(draft, block, AOI)
    with pytest.raises(FieldUnknown):
        drafts.save(draft, "applications", 2, {f"{block}.origin": "https://bank.example"}, AOI)


def test_there_is_an_end_to_applications(draft: Case) -> None:
    for _ in range(drafts.MOST_APPLICATIONS):
        drafts.add_application(draft, "ios", AOI)
    with pytest.raises(TooManyApplications):
        drafts.add_application(draft, "ios", AOI)


def test_a_long_text_is_kept_up_to_a_bound_and_told_of(draft: Case) -> None:
    long = "長" * LONGEST_KEPT
    drafts.save(draft, "service", 0, {"description": long}, AOI)
    assert drafts.answers(draft)["service"]["description"] == long
    told = next(one for one in submitting.check(draft) if one.field == "description")
    assert "1000文字まで" in told.sentence.ja
    assert str(LONGEST_KEPT) in told.sentence.ja
    with pytest.raises(AnswerTooLong):
        drafts.save(draft, "service", 1, {"description": long + "長", "name_ja": "名"}, AOI)
    assert drafts.answers(draft)["service"]["name_ja"] == "", "nothing of what was refused is saved"


@pytest.mark.parametrize(
    ("section", "path", "value"),
    [
        ("service", "nothing", "x"),
        ("service", "name_ja", ["x"]),
        ("service", "name_ja", None),
        ("purposes", "asks", {"a": 1}),
        ("purposes", "asks", [1]),
        ("nowhere", "name_ja", "x"),
        ("applications", "name.origin", "x"),
        ("applications", "0a1b2c3d.origin", "x"),
    ],
)
def test_what_isnt_asked_isnt_taken(draft: Case, section: str, path: str, value: Any) -> None:
    with pytest.raises(FieldUnknown):
        drafts.save(draft, section, 0, {path: value}, AOI)


def test_what_no_database_keeps_is_left_out(draft: Case) -> None:
    drafts.save(draft, "service", 0, {"name_ja": "あお\0ぞら\ud800 ", "description": "一\r\n二\r三"}, AOI)
    service = drafts.answers(draft)["service"]
    assert (service["name_ja"], service["description"]) == ("あおぞら", "一\n二\n三")


def test_nothing_is_written_in_a_case_that_was_submitted(filled: Case) -> None:
    submitting.submit(filled, AOI)
    with pytest.raises(CaseNotEditable):
        drafts.save(filled, "service", 1, {"name_ja": "別の名前"}, AOI)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_lose_nothing(organisation: Organisation) -> None:
    case = drafts.open(organisation, AOI)
    fields = ["name_ja", "name_en", "website", "description", "client_id"]
    wrong: list[BaseException] = []

    def write(field: str) -> None:
        try:
            for number in range(5):
                drafts.save(case, "service", 0 if number == 0 else 10**6, {field: f"{field} {number}"}, field)
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[field]) for field in fields]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong
    assert {name: drafts.answers(case)["service"][name] for name in fields} == {name: f"{name} 4" for name in fields}
    assert row(case, "service").edition == 25
