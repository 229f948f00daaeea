"""A draft's pages without JavaScript: what is typed stays, old pages do no harm, two people lose nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.providers.models import Membership
from tests.portal.onboarding.applicant import Applicant
from tests.portal.providers.people import client, make_provider
from tests.whitelist.cases.filled import PDF, png
from tests.whitelist.relying_parties import make_bank
from whitelist.cases import drafts, scanning, submitting
from whitelist.models import Attachment, Case, CaseRemark, CaseSection

pytestmark = pytest.mark.django_db


@pytest.fixture
def midori(applicant: Applicant) -> Applicant:
    """Return a colleague at the same case."""
    colleague = make_provider(
        applicant.case.organisation.realm,
        "midori@bank.example",
        role="legal",
        organisation=applicant.member.organisation,
    )
    return Applicant(colleague, applicant.case)


def test_a_case_is_opened_and_its_tasks_lead_to_every_page(owner: Membership) -> None:
    browser = client(owner)
    response = browser.post(f"/providers/{owner.organisation.reference}/cases/open")
    case = Case.objects.get()
    assert response.headers["Location"].endswith(f"/cases/{case.reference}/")
    page = browser.get(response.headers["Location"]).content.decode()
    assert page.count("未入力") > 5
    assert "あと" in page
    assert "主務大臣認定" not in page, "not before the basis asks for it"


def test_a_page_is_saved_and_leads_to_the_next(applicant: Applicant) -> None:
    response = applicant.fill_in(
        "organisation",
        name_ja="あおぞら銀行",
        name_en="Aozora Bank",
        corporate_number="７０００－０１２０５０００２",
        kind="service_provider",
    )
    assert response.headers["Location"].endswith("/sections/organisation-address/")
    assert applicant.answers()["organisation"]["corporate_number"] == "7000012050002"


def test_what_is_wrong_is_saved_all_the_same_and_told_at_its_field(applicant: Applicant) -> None:
    response = applicant.fill_in("organisation", corporate_number="1234567890123", name_ja="")
    page = response.content.decode()
    assert response.status_code == 400
    assert 'href="#corporate-number"' in page
    assert 'aria-describedby="corporate-number-hint corporate-number-error"' in page
    assert 'value="1234567890123"' in page
    assert applicant.answers()["organisation"]["corporate_number"] == "1234567890123"


def test_it_can_be_left_for_later_with_anything_in_it(applicant: Applicant) -> None:
    response = applicant.send("service", applicant.read("service") | {"website": "not yet", "later": "1"})
    assert response.headers["Location"] == applicant.address()
    assert applicant.answers()["service"]["website"] == "not yet"


def test_an_old_page_changes_what_was_changed_in_it_and_nothing_else(applicant: Applicant, midori: Applicant) -> None:
    old = midori.read("service")
    applicant.fill_in("service", name_ja="あおぞら", website="https://bank.example/new")
    midori.send("service", old | {"name_en": "Aozora"})
    service = applicant.answers()["service"]
    assert (service["name_ja"], service["website"], service["name_en"]) == (
        "あおぞら", "https://bank.example/new", "Aozora",
    )  # fmt: skip


def test_the_same_field_comes_back_with_both_values_and_the_second_press_decides(
    applicant: Applicant, midori: Applicant
) -> None:
    old = midori.read("service")
    applicant.fill_in("service", name_ja="あおぞら")
    response = midori.send("service", old | {"name_ja": "みどり", "name_en": "Midori"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "owner@bank.example さんが、同じ欄を先に変えました" in page
    assert "<strong>あおぞら</strong>" in page
    assert 'value="みどり"' in page
    service = applicant.answers()["service"]
    assert (service["name_ja"], service["name_en"]) == ("あおぞら", "Midori"), "only the field in dispute waits"
    # Whoever opens the page sees both, until it is decided.
    assert "midori@bank.example さんは、こう入力していました" in applicant.open("sections/service/").content.decode()
    midori.send("service", midori.read("service") | {"name_ja": "みどり", "settle": "name_ja"})
    assert applicant.answers()["service"]["name_ja"] == "みどり"
    assert CaseSection.objects.get(case=applicant.case, name="service").disputed == {}


def test_applications_are_added_filled_in_and_taken_out_by_buttons(applicant: Applicant) -> None:
    add = applicant.address("applications/add")
    for kind in ("browser", "android"):
        assert applicant.browser.post(add, {"kind": kind}).status_code == 302
    browser, android = (one["id"] for one in applicant.answers()["applications"])
    form = applicant.read("applications")
    assert f"{browser}.origin" in form
    assert f"{browser}.package" not in form
    form |= {
        f"{browser}.origin": "https://bank.example",
        f"{browser}.callback_urls": "https://bank.example/a\r\nhttps://bank.example/b\r\n",
    }
    response = applicant.send("applications", form)
    assert response.status_code == 400, "the other is still empty"
    applicant.browser.post(applicant.address(f"applications/{android}/remove"))
    (left,) = applicant.answers()["applications"]
    assert left["callback_urls"] == ["https://bank.example/a", "https://bank.example/b"]
    assert applicant.browser.post(add, {"kind": "toaster"}).status_code == 400


def test_what_is_typed_into_an_old_page_of_an_application_that_was_taken_out_isnt_lost(
    applicant: Applicant, midori: Applicant
) -> None:
    block = drafts.add_application(applicant.case, "browser", "x")
    old = applicant.read("applications") | {f"{block}.origin": "https://bank.example"}
    midori.browser.post(midori.address(f"applications/{block}/remove"))
    assert applicant.answers()["applications"] == []
    applicant.send("applications", old)
    assert applicant.answers()["applications"][0]["origin"] == "https://bank.example"


def test_what_is_typed_is_saved_before_an_application_is_added_or_taken_out(applicant: Applicant) -> None:
    first, second = (drafts.add_application(applicant.case, "browser", "x") for _ in range(2))
    form = applicant.read("applications") | {f"{first}.origin": "https://one.example", "kind": "ios"}
    applicant.browser.post(applicant.address("applications/add"), form)
    form = applicant.read("applications") | {f"{first}.callback_urls": "https://one.example/back"}
    applicant.browser.post(applicant.address(f"applications/{second}/remove"), form)
    one, added = applicant.answers()["applications"]
    assert (one["origin"], one["callback_urls"]) == ("https://one.example", ["https://one.example/back"])
    assert added["kind"] == "ios"


def test_a_page_that_cant_be_saved_keeps_all_that_was_typed(applicant: Applicant) -> None:
    response = applicant.fill_in(
        "service", description="長" * 20_001, name_ja="あおぞら", website="https://bank.example"
    )
    page = response.content.decode()
    assert response.status_code == 400
    assert "長" * 20_001 in page
    assert 'value="あおぞら"' in page
    assert "入力が長すぎる" in page
    assert applicant.answers()["service"]["name_ja"] == ""


def test_a_submitted_case_is_shown_and_takes_nothing(applicant: Applicant, filled: Case) -> None:
    old = applicant.read("service")
    submitting.submit(filled, "midori@bank.example")
    response = applicant.send("service", old | {"name_ja": "遅れて打った名前"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "もう書き換えられません" in page
    assert "遅れて打った名前" in page, "it can still be copied"
    assert applicant.save("service", 99, {"name_ja": "x"}).status_code == 409
    assert "readonly" in applicant.open("sections/service/").content.decode()


def test_remarks_stand_at_their_fields(applicant: Applicant, filled: Case) -> None:
    version = submitting.submit(filled, "x")
    Case.objects.filter(pk=filled.pk).update(state=Case.State.RETURNED)
    for field, text in (("name_ja", "正式な名前で。"), ("", "この章のこと。")):
        CaseRemark.objects.create(
            case=filled, version=version, section="service", field=field, text=text, by="kuroda", at=filled.moved_at
        )
    page = applicant.open("sections/service/").content.decode()
    assert page.index("サービス名") < page.index("正式な名前で。") < page.index('id="name-ja"')
    assert "この章のこと。" in page
    assert "kuroda" not in page, "officers are an authority, not persons"
    assert "指摘があります" in applicant.open().content.decode()


def test_files_are_taken_in_handed_out_and_taken_out_again(applicant: Applicant) -> None:
    applicant.fill_in("basis", item="17-1-6", explanation="認定")
    form = applicant.read("certification") | {"document": SimpleUploadedFile("認定書.pdf", PDF)}
    applicant.send("certification", form)
    file = Attachment.objects.get()
    assert applicant.answers()["certification"]["document"] == str(file.reference)
    response = applicant.open(f"files/{file.reference}")
    assert response.content == PDF
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%E8%AA%8D" in response.headers["Content-Disposition"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    applicant.send("certification", applicant.read("certification") | {"remove:document": "1", "later": "1"})
    assert applicant.answers()["certification"]["document"] == ""


@pytest.mark.parametrize(
    ("page", "path", "content", "sentence"),
    [
        ("certification", "document", b"MZ program", "このファイルは添付できません"),
        (
            "certification",
            "document",
            PDF + b"\n%" + scanning.EICAR,
            "ひとりでに動く",
        ),
        ("logo", "logo", PDF, "このロゴは登録できません"),
    ],
)
def test_a_file_that_isnt_taken_is_told_at_its_field_and_the_rest_stays(
    applicant: Applicant, page: str, path: str, content: bytes, sentence: str
) -> None:
    applicant.fill_in("basis", item="17-1-6", explanation="認定")
    more = {"number": "2026-1"} if page == "certification" else {}
    response = applicant.send(page, applicant.read(page) | more | {path: SimpleUploadedFile("a.pdf", content)})
    text = response.content.decode()
    assert response.status_code == 400
    assert sentence in text
    assert f'id="{path}-error"' in text
    assert not more or 'value="2026-1"' in text
    assert not Attachment.objects.exists()


def test_the_preview_is_the_hand_offs_own_page_in_both_languages(applicant: Applicant, filled: Case) -> None:
    form = applicant.read("logo") | {"logo": SimpleUploadedFile("logo.png", png())}
    applicant.send("logo", form)
    page = applicant.open("sections/signature/").content.decode()
    for words in (
        "あおぞらアプリが電子署名を求めています",
        "口座開設の申込書に署名します。",
        "To sign the application for an account.",
        "求めている相手",
        "Who asks",
        "公的個人認証法第17条第1項第6号",
        "主務大臣認定 2026-6-12",
        "https://bank.example",
    ):
        assert words in page, words
    reference = applicant.answers()["service"]["logo"]
    assert page.count(f"/logos/{reference}") == 2
    assert applicant.open(f"logos/{reference}").content == png()
    document = applicant.answers()["certification"]["document"]
    assert applicant.open(f"logos/{document}").status_code == 404


def test_a_name_that_imitates_anothers_is_told_and_taken(applicant: Applicant) -> None:
    make_bank(applicant.case.organisation.realm, "imitated", name_ja="サービスカード", name_en="Service Card")
    answer = applicant.save("service", 0, {"name_ja": "サ一ビス力一ド"}).json()
    assert [one["name"] for one in answer["like"]] == ["サービスカード"]
    assert "紛らわしい名前です" in applicant.open("sections/service/").content.decode()
    assert "紛らわしい名前です" in applicant.open().content.decode()


def test_nothing_that_is_typed_is_markup(applicant: Applicant) -> None:
    evil = "<img src=x onerror=alert(1)>\"'</textarea><script>alert(1)</script>"
    applicant.send("service", applicant.read("service") | {"name_ja": evil, "description": evil, "later": "1"})
    for rest in ("", "sections/service/", "check/", "versions/"):
        page = applicant.open(rest).content.decode()
        assert "<img src=x" not in page
        assert "<script>alert" not in page
    preview = applicant.save("service", 1, {"name_en": evil}).json()["preview"]
    assert "<img src=x" not in preview["ja"] + preview["en"]
