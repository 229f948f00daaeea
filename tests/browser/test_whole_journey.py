"""The path of the start page, in a browser: from the choice of a phone to the end of its use."""

from urllib.parse import unquote

import pytest

from tests.browser.screens import PATIENCE, PHONE_PASSWORD, PHONE_PIN, Screens

CARD_PASSWORD = "HANAKO7391"


def test_a_newcomer_goes_from_the_start_page_to_the_end_of_use(screens: Screens) -> None:
    page = screens.page
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))

    page.goto("/")
    screens.link("スマートフォンを選ぶ").click()
    page.get_by_role("radio", name="さくらフォン 8").check()
    screens.button("このスマートフォンにする").click()
    screens.link("申請する").click()
    screens.read_on()
    for box in page.get_by_role("checkbox").all():
        box.check()
    screens.button("次へ").click()

    # What is signed is shown before the card is asked for anything.
    page.locator("#application[aria-busy=false]").wait_for()
    assert "移動端末設備用電子証明書発行申請" in page.locator("#application").inner_text()
    screens.sign_with_card("青葉", CARD_PASSWORD)

    screens.watch()
    screens.set_passwords()
    page.get_by_text("使えるようになりました").wait_for(timeout=PATIENCE)
    assert page.get_by_text("有効", exact=True).count() == 2
    page.get_by_text("くわしい内容").first.click()
    page.get_by_text("CN=Kusanagi-shi Mobile CRLDP").first.wait_for()

    # The bank asks, the phone answers; the PIN is the element's affair.
    screens.link("サービスで使ってみる").click()
    page.locator("main").get_by_role("button").or_(page.locator("main a.button")).first.click()
    page.locator("#secret").fill(PHONE_PIN)
    screens.button("確認する").click()
    page.wait_for_url(f"{screens.system.samples}/**")
    assert "本人確認ができました" in page.locator("main").inner_text()

    page.goto("/")
    assert page.locator(".journey > li[data-state=done]").count() == 4
    screens.link("利用をやめる").click()
    page.locator("#application[aria-busy=false]").wait_for()
    page.locator("#password").fill(PHONE_PASSWORD)
    screens.button("失効させて利用をやめる").click()
    page.wait_for_url("**/phone/enrolments/**")
    page.get_by_text("セキュアエレメントから削除されました").wait_for(timeout=PATIENCE)
    assert page.get_by_text("失効", exact=True).count() == 2

    _assert_only_the_chip_saw(sent, CARD_PASSWORD, PHONE_PASSWORD, PHONE_PIN)


def _assert_only_the_chip_saw(sent: list[tuple[str, str]], *secrets: str) -> None:
    seen = set()
    for url, body in sent:
        for secret in secrets:
            assert secret not in unquote(url)
            if len(secret) > 4:  # four digits turn up by chance
                assert secret not in body, url
            if secret.encode().hex().upper() in body:
                assert url.endswith("/session"), url
                seen.add(secret)
    assert seen == set(secrets)


def test_a_device_change_ends_the_old_phone_when_the_new_one_is_ready(screens: Screens) -> None:
    page = screens.page
    screens.enrol("白川", "TARO58264Z")
    page.goto("/phone/")
    screens.link("別のスマートフォンに機種変更").click()
    screens.link("新しいスマートフォンを選ぶ").click()
    page.get_by_text("それまでは前のスマートフォンが使えます").wait_for()
    screens.enrol("白川", "TARO58264Z", model="かえで 3")
    page.get_by_text("機種変更が済みました。さくらフォン 8の電子証明書は失効し").wait_for()
    page.goto("/phone/")
    page.get_by_text("使えます", exact=True).wait_for()
    screens.button("さくらフォン 8").click()
    page.get_by_text("利用は終わりました").wait_for()
    page.get_by_text("かえで 3を使い始めたため（機種変更）").wait_for()


def test_an_application_left_half_way_is_found_where_it_stood(screens: Screens) -> None:
    page = screens.page
    screens.choose()
    screens.consent()
    screens.sign_with_card("月岡", "MISAKI4Q07")
    screens.watch()
    page.goto("/")
    screens.link("設定の画面へ").click()
    page.locator("#passwords").wait_for()
    screens.set_passwords()
    page.get_by_text("使えるようになりました").wait_for(timeout=PATIENCE)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_language_stays_as_chosen(screens: Screens, language: str) -> None:
    page = screens.page
    page.goto("/phone/")
    if language == "en":
        screens.button("English").click()
    assert page.locator("html").get_attribute("lang") == language
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == language
