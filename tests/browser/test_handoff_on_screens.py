"""The hand-off in real browsers: a desk's screen and a phone, a PDF that is signed, and the ways it can go wrong."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from jpki_client import Client

from portal.supervision.system import System
from tests.browser.conftest import Axe
from tests.browser.qr_reader import read
from tests.browser.screens import PATIENCE, PHONE_PASSWORD, PHONE_PIN, Screens

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PORTRAIT = {"width": 390, "height": 844}


@pytest.fixture
def desk(browser: "Browser", system: System) -> "Iterator[Page]":
    """Open a browser at the bank, on a desk's screen: other cookies than the phone's."""
    context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.goto(f"{system.samples}/bank/")
    yield opened
    context.close()


def read_code(desk: "Page", phone: "Page") -> None:
    """Let the phone's camera read what the desk's screen shows now."""
    phone.goto(read(desk.locator("#code").get_attribute("src") or ""))


def sound(page: "Page", axe: Axe, name: str) -> list[str]:
    """Return what is wrong with a page for those who can't see it, or see little of it."""
    wrong = [f"{name}: {line}" for line in axe(page)]
    before = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 640})
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append(f"{name}: wider than a small screen")
    page.set_viewport_size(before or PORTRAIT)
    return wrong


def picture(page: "Page", name: str) -> None:
    """Keep a picture of the page for those who want to look at it: SCREENSHOTS names the folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_from_the_desks_code_to_the_signed_pdf(screens: Screens, desk: "Page", axe: Axe) -> None:
    phone, wrong = screens.page, []
    phone.set_default_timeout(PATIENCE)
    phone.set_viewport_size(PORTRAIT)
    screens.enrol("青葉", "HANAKO7391")

    # Sign in: the code changes by itself, the phone reads it, both show the number.
    desk.get_by_role("button", name="QRコード").click()
    desk.get_by_role("heading", name="みらい銀行への本人確認").wait_for()
    first = desk.locator("#code").get_attribute("src")
    desk.locator(f'#code:not([src="{first}"])').wait_for()
    wrong += sound(desk, axe, "the code")
    picture(desk, "desk-code")
    read_code(desk, phone)
    phone.get_by_role("heading", name="画面に出ている番号").wait_for()
    number = desk.locator(".handoff-screen__number").inner_text()
    wrong += sound(phone, axe, "the numbers") + sound(desk, axe, "the number")
    picture(phone, "phone-numbers")
    picture(desk, "desk-number")
    phone.get_by_role("button", name=number, exact=True).click()
    phone.locator("#secret").wait_for()
    picture(phone, "phone-authentication")
    phone.locator("#secret").fill(PHONE_PIN)
    screens.button("確認する").click()
    phone.get_by_text("コードを表示していた画面に戻って").wait_for()
    wrong += sound(phone, axe, "done on the phone")
    picture(phone, "phone-done")
    # The desk goes back to the bank by itself.
    desk.get_by_role("heading", name="本人確認ができました").wait_for()

    # The contract: a PDF, shown as it is, and with its text beside it.
    desk.get_by_role("link", name="契約書へ進む").click()
    desk.get_by_role("button", name="スマホで署名する").click()
    desk.locator("#code").wait_for()
    read_code(desk, phone)
    phone.get_by_role("heading", name="画面に出ている番号").wait_for()
    phone.get_by_role("button", name=desk.locator(".handoff-screen__number").inner_text(), exact=True).click()
    page_picture = phone.locator(".sheets__page").first
    page_picture.wait_for()
    assert page_picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 500
    phone.get_by_text("文字で読む").last.click()
    assert "普通預金口座開設契約書" in phone.locator(".sheets__text").first.inner_text()
    wrong += sound(phone, axe, "a PDF to be signed")
    picture(phone, "phone-pdf")
    with phone.expect_download() as saved:
        screens.link("PDFファイルを保存する").click()
    assert saved.value.suggested_filename.endswith(".pdf")
    phone.locator("#secret").fill(PHONE_PASSWORD)
    screens.button("署名する").click()
    phone.get_by_text("コードを表示していた画面に戻って").wait_for()
    desk.get_by_role("heading", name="口座を開設しました").wait_for()
    assert desk.locator(".line[data-outcome=holds]").count() == 4
    picture(desk, "desk-opened")
    assert not wrong, "\n".join(wrong)


def test_a_code_that_was_read_is_nobody_elses_and_a_wrong_number_ends_it(
    screens: Screens, desk: "Page", browser: "Browser"
) -> None:
    phone = screens.page
    desk.get_by_role("button", name="QRコード").click()
    desk.locator("#code").wait_for()
    link = read(desk.locator("#code").get_attribute("src") or "")
    phone.goto(link)
    phone.get_by_role("heading", name="画面に出ている番号").wait_for()
    with browser.new_context(locale="ja-JP") as another:
        late = another.new_page()
        late.goto(link)
        late.get_by_role("heading", name="このコードは読み取り済みです").wait_for()
    number = desk.locator(".handoff-screen__number").inner_text()
    wrong = next(one for one in phone.locator(".numbers__one").all_inner_texts() if one != number)
    phone.get_by_role("button", name=wrong, exact=True).click()
    phone.get_by_role("heading", name="番号が違うため、止めました").wait_for()
    desk.get_by_role("heading", name="番号が違うため、止めました").wait_for()
    picture(desk, "desk-wrong-number")
    desk.get_by_role("link", name="みらい銀行に戻る").click()
    desk.get_by_role("heading", name="番号が違ったため").wait_for()


def test_a_no_reaches_the_bank(screens: Screens) -> None:
    page = screens.page
    screens.choose()
    page.goto(f"{screens.system.samples}/bank/")
    screens.button("スマホでサインイン").click()
    screens.button("断る").click()
    page.get_by_role("heading", name="依頼を断りました").wait_for()
    screens.link("みらい銀行に戻る").click()
    page.get_by_role("heading", name="スマホで断られました").wait_for()


def test_a_link_belongs_to_the_browser_that_opened_it(screens: Screens, desk: "Page") -> None:
    page = screens.page
    page.goto(f"{screens.system.samples}/bank/")
    screens.button("スマホでサインイン").click()
    page.get_by_role("heading", name="みらい銀行が本人確認を求めています").wait_for()
    desk.goto(page.url)
    desk.get_by_role("heading", name="別のブラウザで始めた依頼です").wait_for()
    assert desk.locator("#secret").count() == 0
    picture(desk, "desk-wrong-browser")


def test_the_desks_code_works_without_scripts(browser: "Browser", system: System, screens: Screens) -> None:
    with browser.new_context(locale="ja-JP", java_script_enabled=False) as context:
        desk = context.new_page()
        desk.goto(f"{system.samples}/bank/")
        desk.get_by_role("button", name="QRコード").click()
        first = desk.locator("#code").get_attribute("src")
        # The page loads itself again.
        desk.locator(f'#code:not([src="{first}"])').wait_for(timeout=PATIENCE)
        read_code(desk, screens.page)
        screens.page.get_by_role("heading", name="画面に出ている番号").wait_for()
        desk.locator(".handoff-screen__number").wait_for(timeout=PATIENCE)
        desk.get_by_role("button", name="やめる").click()
        desk.get_by_role("heading", name="依頼を断りました").wait_for()


def test_the_card_answers_beside_the_phone_and_a_text_comes_back_as_cms(
    screens: Screens, system: System, axe: Axe
) -> None:
    page = screens.page
    service = Client(system.web, "mirai-bank", system.var / "samples" / "mirai-bank.pem")
    back = f"{system.samples}/bank/return"
    asked = service.ask("signature", return_url=back, document="覚書\n", document_name="覚書", format="cades")
    page.goto(asked.link)
    page.get_by_role("heading", name="マイナンバーカードで答える").wait_for()
    wrong = sound(page, axe, "the card")
    picture(page, "card")
    screens.button("署名する").click()
    page.get_by_text("読み取るカードを選んでください").wait_for()
    page.get_by_role("radio", name="星野").check()
    page.locator("#secret").fill("WRONG999")
    screens.button("署名する").click()
    page.locator("#problem", has_text="パスワードが違います").wait_for()
    page.locator("#secret").fill("YUI9174KLM")
    with page.expect_request(f"{back}?*") as returned:
        screens.button("署名する").click()
    code = parse_qs(urlsplit(returned.value.url).query)["code"][0]
    result = service.redeem(asked.pending, code).result
    assert result is not None
    assert (result["medium"], result["format"]) == ("card", "cades")
    assert result["cms"]
    assert not wrong, "\n".join(wrong)


def test_time_that_runs_out_is_told_on_the_desks_screen_and_to_the_bank(desk: "Page", system: System) -> None:
    desk.get_by_role("button", name="QRコード").click()
    desk.locator("#code").wait_for()
    # Its time is taken away instead of waited for.
    system.manage(
        "shell", "-c",
        "from portal.handoff.models import HandOff; "
        "HandOff.objects.filter(state='waiting').update(expires_at='2000-01-01T00:00Z')",
    )  # fmt: skip
    desk.get_by_role("heading", name="この依頼は期限が切れました").wait_for()
    picture(desk, "desk-expired")
    desk.get_by_role("link", name="みらい銀行に戻る").click()
    desk.get_by_role("heading", name="時間切れです").wait_for()
