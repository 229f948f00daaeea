"""A lost phone, and a long wait: what a citizen sees in whatever browser is at hand."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.screens import PATIENCE, Screens

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_lost_phone_is_stopped_from_another_browser_and_the_phone_says_so(
    screens: Screens, browser: "Browser"
) -> None:
    page = screens.page
    screens.enrol("星野", "YUI9174KLM")
    context = browser.new_context(base_url=screens.system.web, locale="ja-JP")
    elsewhere = Screens(context.new_page(), screens.system)
    elsewhere.page.goto("/phone/")
    elsewhere.link("スマートフォンをなくしたとき").click()
    elsewhere.link("カードで本人確認をして止める").click()

    elsewhere.page.get_by_role("radio", name="星野").check()
    elsewhere.button("カードを読み取って本人確認").click()
    assert elsewhere.page.locator("#pin-error").inner_text() == "暗証番号を入力してください。"
    elsewhere.page.locator("#pin").fill("0000")
    elsewhere.button("カードを読み取って本人確認").click()
    elsewhere.page.locator("#problem", has_text="あと2回").wait_for()
    elsewhere.sign_in_with_card("星野", "9174")
    elsewhere.page.get_by_text("さくらフォン 8").wait_for()
    elsewhere.button("一時利用停止する").click()
    elsewhere.page.get_by_text("止まっています").wait_for()

    page.goto("/phone/")
    page.get_by_text("一時利用停止中です").wait_for()
    screens.link("また使えるようにするには").click()
    page.get_by_text("コールセンターが本人であることを確かめてから").first.wait_for()

    with elsewhere.page.expect_navigation():
        elsewhere.button("本人確認を終える").click()
    elsewhere.page.goto("/phone/lost/mine/")
    assert elsewhere.page.url.endswith("/phone/lost/card/")
    context.close()


@pytest.mark.whole_browser
def test_a_long_wait_offers_a_notification_which_comes_when_it_is_ready(screens: Screens) -> None:
    page = screens.page
    page.context.grant_permissions(["notifications"], origin=screens.system.web)
    page.clock.install()
    for address in ("**/steps?*", "**/events?*"):
        page.route(address, lambda route: route.abort())
    screens.choose()
    screens.consent()
    screens.sign_with_card("白川", "TARO58264Z")
    page.wait_for_url("**/phone/enrolments/**")
    button = screens.button("準備ができたら通知を受け取る")
    assert not button.is_visible()
    page.clock.fast_forward(11_000)
    button.click()
    page.get_by_text("準備ができたら通知します。").wait_for()
    for address in ("**/steps?*", "**/events?*"):
        page.unroute(address)
    page.locator("#next:not([hidden])").wait_for(timeout=PATIENCE)
    assert page.title().startswith("準備ができました")
    told = """navigator.serviceWorker.getRegistration("/static/phone/").then((one) => one.getNotifications())
        .then((shown) => shown.map((one) => [one.title, one.body]))"""
    assert page.evaluate(told) == [["準備ができました", "電子証明書を書き込みました。パスワードを設定してください。"]]


def test_a_card_whose_pin_is_blocked_is_sent_to_the_help_desk(screens: Screens) -> None:
    page = screens.page
    page.goto("/phone/lost/card/")
    page.get_by_role("radio", name="山根").check()
    for left in ("あと2回", "あと1回", "コールセンターへ連絡してください"):
        page.locator("#pin").fill("0000")
        screens.button("カードを読み取って本人確認").click()
        page.locator("#problem", has_text=left).wait_for()
