"""The screens of staff: enrolment, help desk, two people, console; with axe in both languages, and by keyboard."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Axe
from tests.browser.screens import PATIENCE, PHONE_PIN, Screens
from tests.browser.staff import Staff
from tests.browser.test_accessibility import SIZES, look

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def another_page(browser: "Browser", screens: Screens) -> "Iterator[Page]":
    context = browser.new_context(base_url=screens.system.web, locale="ja-JP", timezone_id="Asia/Tokyo")
    yield context.new_page()
    context.close()


def object_to_a_use(screens: Screens) -> None:
    """Sign in to the bank with the phone, and say in the history that it wasn't oneself."""
    page = screens.page
    page.goto(f"{screens.system.samples}/bank/")
    screens.button("スマホでサインイン").click()
    page.locator("#secret").fill(PHONE_PIN)
    screens.button("確認する").click()
    page.wait_for_url(f"{screens.system.samples}/**")
    page.goto("/certificates/")
    page.locator("#pin").fill(PHONE_PIN)
    screens.button("確認して見る").click()
    page.get_by_text("カードとの紐付け").wait_for(timeout=PATIENCE)
    page.goto("/certificates/history/")
    page.locator(".history a").first.click()
    screens.button("身に覚えがないと知らせる").click()
    page.get_by_text("お申し出を受け付けました").wait_for()


def test_a_lost_phone_from_the_call_to_the_release_by_two(screens: Screens, another_page: "Page", axe: Axe) -> None:
    page, system, wrong = screens.page, screens.system, []
    screens.enrol("星野", "YUI9174KLM")
    object_to_a_use(screens)
    staff = Staff(page, system, "sakura", "helpdesk")
    for address in ("/staff/sign-in", "/staff/enrol/"):
        page.goto(address)
        wrong += look(screens, axe, address)
    staff.show_code()
    wrong += look(screens, axe, "authenticator")
    staff.confirm_authenticator()
    page.locator("#password").fill("short")
    page.locator("#again").fill("short")
    page.get_by_role("button", name="登録する").click()
    wrong += [f"password, refused: {line}" for line in axe(page)]
    staff.set_password()
    wrong += [f"recovery codes: {line}" for line in axe(page)]
    page.get_by_role("link", name="控えたので、始める").click()
    wrong += look(screens, axe, "search")

    # Found, opened and asked by keyboard alone.
    page.locator("#name").focus()
    page.keyboard.type("星野結衣")
    page.keyboard.press("Tab")
    page.keyboard.type("H8.2.29")
    page.keyboard.press("Enter")
    page.get_by_text("1人が当てはまりました").wait_for()
    wrong += [f"found: {line}" for line in axe(page)]
    assert page.evaluate("document.activeElement.name") == "holder"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/helpdesk/calls/*/")
    call = page.url
    wrong += look(screens, axe, "call")
    for question in ("name", "born_on", "address", "phone", "applied"):
        page.locator(f"input[name={question}][value=right]").check()
    page.get_by_role("button", name="確認の結果を記録する").click()
    page.get_by_role("button", name="一時保留にする").click()
    page.get_by_text("一時保留にしています").wait_for()
    wrong += look(screens, axe, "call, held")
    page.locator("#ground").fill("自宅で見つかった")
    page.get_by_role("button", name="解除を申し出る").click()
    page.get_by_text("ほかの人が承認する必要があります").wait_for()
    page.goto("/helpdesk/objections/")
    wrong += look(screens, axe, "objections")
    page.locator("tbody a").last.click()  # The oldest stands first, and other tests may object, too.
    wrong += look(screens, axe, "an objection")
    page.locator("#text").fill("銀行に確かめました。ご本人のサインインでした。")
    page.get_by_role("button", name="回答を送る").click()
    page.get_by_text("ご本人のサインインでした").wait_for()
    page.goto("/helpdesk/releases/")
    wrong += look(screens, axe, "releases")
    page.locator("tbody a").click()
    page.get_by_text("ほかの人が決めます").wait_for()
    proposal = page.url

    second = Staff(another_page, system, "momiji", "helpdesk")
    second.enrol()
    another_page.goto(proposal)
    wrong += [f"proposal: {line}" for line in axe(another_page)]
    another_page.locator("#code").fill("000000")
    another_page.get_by_role("button", name="解除を承認する").click()
    assert another_page.evaluate("document.activeElement.id") == "problem"
    another_page.locator("#code").fill(second.codes.next())
    another_page.get_by_role("button", name="解除を承認する").click()
    another_page.get_by_text("承認しました").wait_for()
    # The virtual phone is online: it shows that it is unlocked, and the pair is valid again.
    for _ in range(60):
        page.goto(call)
        if page.locator(".tag--success").count() == 2:
            break
        page.wait_for_timeout(500)
    assert page.locator(".tag--success").count() == 2
    page.get_by_text("解除を承認した").wait_for()
    assert not wrong, "\n".join(wrong)


def test_the_console_shows_what_stands_and_takes_an_order_with_a_code(screens: Screens, axe: Axe) -> None:
    page, wrong = screens.page, []
    screens.enrol("白川", "TARO58264Z")
    reference = page.url.rstrip("/").rpartition("/")[2]
    staff = Staff(page, screens.system, "kaede", "operator")
    staff.enrol()
    for address in (
        "/console/",
        "/console/lists/",
        "/console/conversations/",
        "/console/enrolments/",
        "/staff/account",
    ):
        page.goto(address)
        wrong += look(screens, axe, address)
    page.goto("/console/conversations/")
    page.locator("tbody a").first.click()
    wrong += look(screens, axe, "a conversation")
    page.goto("/console/")
    page.locator("#what").fill(reference)
    page.get_by_role("button", name="開く").click()
    page.wait_for_url(f"**/console/enrolments/{reference}/")
    wrong += look(screens, axe, "an enrolment")
    page.get_by_role("radio", name="利用を停止する").check()
    page.locator("#reason").fill("試験")
    page.locator("#code").fill(staff.codes.next())
    page.get_by_role("button", name="指示を出す").click()
    page.get_by_role("cell", name="suspend").or_(page.get_by_role("rowheader", name="suspend")).first.wait_for()
    assert page.get_by_text("on_hold").count() == 2
    page.goto("/helpdesk/")
    page.get_by_role("heading", name="この役割では開けません").wait_for()
    wrong += [f"denied: {line}" for line in axe(page)]
    width, height = SIZES["ja"]
    page.set_viewport_size({"width": width, "height": height})
    page.get_by_role("button", name="サインアウト").click()
    page.wait_for_url("**/staff/sign-in")
    assert not wrong, "\n".join(wrong)
