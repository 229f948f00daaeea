"""A case written in by two people at once, each in a tab: nothing is lost, and what the citizen will see follows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ca import clock
from ca.models import Realm
from portal.accounts.models import StaffSession
from portal.providers.models import Membership
from tests.browser.conftest import Axe
from tests.browser.test_accessibility import SIZES, faults
from tests.portal.providers.people import client, make_provider
from tests.whitelist.cases.filled import make_organisation
from whitelist.cases import drafts
from whitelist.models import Case, CaseSection

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


class Writer:
    """One person in one tab."""

    def __init__(self, page: "Page", member: Membership, case: Case) -> None:
        self.page, self.member, self.case = page, member, case

    def open(self, name: str = "service") -> None:
        there = f"/providers/{self.member.organisation.reference}/cases/{self.case.reference}/sections/{name}/"
        self.page.goto(there)
        self.page.locator("#draft").wait_for()

    def type(self, field: str, text: str) -> None:
        """Type over what is in a field, key by key, as a person does."""
        self.page.locator(f"#{field}").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def saved(self, word: str = "保存しました。") -> None:
        self.page.locator("#saved", has_text=word).wait_for()

    def stands(self, section: str, field: str, text: str) -> None:
        """Wait until the draft has an answer."""
        for _ in range(100):
            if drafts.answers(self.case)[section][field] == text:
                return
            self.page.wait_for_timeout(100)
        pytest.fail(f"{field} is {drafts.answers(self.case)[section][field]!r}")

    def has(self, field: str, text: str) -> None:
        """Wait until a field has a text, by whoever it came."""
        from playwright.sync_api import expect

        expect(self.page.locator(f"#{field}")).to_have_value(text)


@pytest.fixture
def case(realm: Realm, settings: Any) -> Case:
    settings.DEFAULT_REALM = realm.slug
    return drafts.open(make_organisation(realm), "owner@bank.example")


@pytest.fixture
def writers(live_server: Any, browser: "Browser", case: Case) -> "Iterator[tuple[Writer, Writer]]":
    """Return two colleagues, each in a browser of their own, at the same case."""
    contexts: list[BrowserContext] = []
    found = []
    for address, role in (("aoi@bank.example", "owner"), ("midori@bank.example", "legal")):
        member = make_provider(case.organisation.realm, address, role=role, organisation=case.organisation)
        context = browser.new_context(base_url=live_server.url, locale="ja-JP", timezone_id="Asia/Tokyo")
        contexts.append(context)
        for key, cookie in client(member).cookies.items():
            context.add_cookies([{"name": key, "value": cookie.value, "url": live_server.url}])
        found.append(Writer(context.new_page(), member, case))
    yield found[0], found[1]
    for context in contexts:
        context.close()


def service(case: Case) -> Any:
    return drafts.answers(case)["service"]


def test_two_people_write_in_one_section_at_once_and_nothing_is_lost(
    writers: tuple[Writer, Writer], case: Case, axe: Axe
) -> None:
    aoi, midori = writers
    aoi.open()
    midori.open()
    # Different fields: each is saved while it is typed, and comes to the other without a word.
    aoi.type("name-ja", "あおぞら")
    aoi.saved()
    midori.type("description", "口座の照会")
    midori.has("name-ja", "あおぞら")
    assert (service(case)["name_ja"], service(case)["description"]) == ("あおぞら", "口座の照会")

    # The same field: both stand, on the page and in the database, until one decides.
    aoi.type("name-ja", "あおぞらカード")
    aoi.saved()
    midori.type("name-ja", "みどりカード")
    dispute = midori.page.locator(".remark--conflict")
    dispute.wait_for()
    assert "あおぞらカード" in dispute.inner_text()
    assert "aoi@bank.example" in dispute.inner_text()
    assert midori.page.locator("#name-ja").input_value() == "みどりカード"
    assert service(case)["name_ja"] == "あおぞらカード"
    assert faults(midori.page, axe, "in dispute", "ja") == []
    midori.page.set_viewport_size({"width": SIZES["en"][0], "height": SIZES["en"][1]})
    # Whatever else is typed meanwhile doesn't decide it, and nor does a tab that is closed.
    midori.type("name-en", "Midori Card")
    midori.stands("service", "name_en", "Midori Card")
    assert service(case)["name_ja"] == "あおぞらカード"
    midori.page.reload()
    assert "あおぞらカード" in midori.page.locator("#name-ja").input_value()
    row = CaseSection.objects.get(case=case, name="service")
    assert row.disputed == {"name_ja": {"midori@bank.example": "みどりカード"}}

    # By keyboard: type once more against what aoi goes on writing, then choose with Enter.
    aoi.type("name-ja", "あおぞら銀行カード")
    aoi.stands("service", "name_ja", "あおぞら銀行カード")
    aoi.has("name-en", "Midori Card")
    midori.page.locator("#name-ja").focus()
    midori.page.keyboard.press("Control+A")
    midori.page.keyboard.type("みどりの最後の案")
    midori.page.get_by_role("button", name="自分の内容にする").wait_for()
    for _ in range(2):
        midori.page.keyboard.press("Shift+Tab")
        if midori.page.evaluate("document.activeElement.dataset.take") == "mine":
            break
    midori.page.keyboard.press("Enter")
    midori.saved()
    assert midori.page.evaluate("document.activeElement.id") == "name-ja"
    assert service(case)["name_ja"] == "みどりの最後の案"
    row.refresh_from_db()
    assert row.disputed == {}
    # And the other tab, which still has the older text untouched, takes the new one in.
    aoi.type("website", "https://bank.example/")
    aoi.has("name-ja", "みどりの最後の案")


def test_the_preview_follows_what_is_typed_in_both_languages(writers: tuple[Writer, Writer], case: Case) -> None:
    aoi, _midori = writers
    aoi.open()
    ja, en = (aoi.page.locator(f"[data-preview={language}]") for language in ("ja", "en"))
    assert "（サービス名）" in ja.inner_text()
    aoi.type("name-ja", "あおぞらアプリ")
    ja.get_by_text("あおぞらアプリが本人確認を求めています").wait_for()
    aoi.type("name-en", "Aozora App")
    en.get_by_text("Aozora App asks you to prove who you are").wait_for()
    drafts.save(case, "purposes", 0, {"asks": ["signature"]}, "x")
    aoi.open("signature")
    aoi.type("signature-text-ja", "口座開設の申込書に署名します。")
    ja.get_by_text("口座開設の申込書に署名します。").wait_for()
    aoi.saved()
    assert aoi.page.locator("h1").count() == 1


def test_a_whole_section_by_keyboard_and_what_is_typed_survives_a_lost_connection(
    writers: tuple[Writer, Writer], case: Case, axe: Axe
) -> None:
    aoi, _midori = writers
    aoi.open("organisation-address")
    page = aoi.page
    page.locator("#address").focus()
    for text in ("東京都千代田区霞が関3-1-1", "代表取締役　青葉　太郎"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    aoi.saved()
    page.context.set_offline(True)
    page.keyboard.type("https://bank.example/")
    aoi.saved("保存できていません")
    page.context.set_offline(False)
    aoi.saved()
    assert drafts.answers(case)["organisation"]["website"] == "https://bank.example/"
    page.keyboard.press("Enter")
    page.wait_for_url("**/sections/basis/")
    assert faults(page, axe, "basis", "ja") == []
    # What was typed in the last moment before the page goes is saved, too.
    aoi.open("survey")
    aoi.type("volume", "1000件")
    page.goto("about:blank")
    aoi.stands("survey", "volume", "1000件")


def test_when_the_session_ends_what_is_typed_stays_until_one_has_signed_in_again(
    writers: tuple[Writer, Writer], case: Case, live_server: Any
) -> None:
    aoi, _midori = writers
    aoi.open()
    StaffSession.objects.update(ended_at=clock.machine())
    aoi.type("name-ja", "あおぞら")
    aoi.saved("サインインが終わりました")
    assert aoi.page.locator("#name-ja").input_value() == "あおぞら"
    for key, cookie in client(aoi.member).cookies.items():
        aoi.page.context.add_cookies([{"name": key, "value": cookie.value, "url": live_server.url}])
    aoi.type("name-en", "Aozora")
    aoi.stands("service", "name_en", "Aozora")
    assert service(case)["name_ja"] == "あおぞら"
