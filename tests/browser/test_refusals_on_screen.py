"""What goes wrong, told on the screen: a sentence that says what happened and what to do, announced and focused."""

import pytest
from playwright.sync_api import expect

from tests.browser.screens import PHONE_PASSWORD, PHONE_PIN, Screens


@pytest.fixture
def at_the_card(screens: Screens) -> Screens:
    screens.choose()
    screens.consent()
    return screens


@pytest.mark.parametrize(
    ("holder", "password", "sentence"),
    [
        ("森川", "AOI6620XYZ", "有効期限が切れています"),
        ("石田", "REN4412PQR", "失効しています"),
        ("原", "MEI8039STU", "一時保留になっています"),
        ("山根", "DAICHI55VW", "ロックされています"),
        ("海野", "ABCDEF123", "署名用電子証明書がありません"),
    ],
    ids=["expired", "revoked", "on hold", "blocked", "child"],
)
def test_a_card_that_will_not_do_is_refused_with_its_reason(
    at_the_card: Screens, holder: str, password: str, sentence: str
) -> None:
    at_the_card.sign_with_card(holder, password)
    at_the_card.problem.wait_for()
    assert sentence in at_the_card.problem.inner_text()
    assert at_the_card.problem.get_attribute("role") == "alert"
    assert at_the_card.page.evaluate("document.activeElement.id") == "problem"


def test_a_wrong_password_tells_the_tries_left_and_the_right_one_resets_them(at_the_card: Screens) -> None:
    for left in (4, 3):
        at_the_card.sign_with_card("風間", "WRONG999")
        at_the_card.page.locator("#problem", has_text=f"あと{left}回").wait_for()
    assert at_the_card.page.locator("#password").input_value() == ""
    # Small letters are the same password: the card knows capitals only.
    at_the_card.sign_with_card("風間", "kenji20w83")
    at_the_card.page.wait_for_url("**/phone/enrolments/**")


def test_what_is_missing_or_ill_formed_is_told_at_the_field_and_reaches_no_card(at_the_card: Screens) -> None:
    page = at_the_card.page
    page.on("request", lambda request: pytest.fail(request.url) if request.url.endswith("/session") else None)
    at_the_card.button("カードを読み取って申請").click()
    page.get_by_text("読み取るカードを選んでください").wait_for()
    page.get_by_text("署名用パスワードを入力してください").wait_for()
    at_the_card.sign_with_card("青葉", "short")
    assert page.locator("#password-error").inner_text() == (
        "署名用パスワードは、6〜16文字の英大文字と数字で入力してください。"
    )
    assert page.evaluate("document.activeElement.id") == "password"
    assert page.locator("#password").get_attribute("aria-invalid") == "true"


def test_an_unsupported_phone_is_refused_where_it_is_chosen(screens: Screens) -> None:
    screens.choose("りんご 15")
    assert "発行できません" in screens.problem.inner_text()
    assert screens.page.evaluate("document.activeElement.id") == "problem"


def test_passwords_that_break_the_rules_are_told_as_one_types_and_set_nothing(screens: Screens) -> None:
    page = screens.page
    screens.choose()
    screens.consent()
    screens.sign_with_card("星野", "YUI9174KLM")
    screens.watch()
    met = page.locator("#password-rules li[data-met=true]")
    page.locator("#password").fill("ABC")
    expect(met).to_have_count(1)
    page.locator("#password").fill("abc123")
    expect(met).to_have_count(2)
    weak = page.locator("#password-weak")
    for value, reason in (
        ("ABC123", "順番の並び"),
        ("AAAAAA", "同じ字だけ"),
        ("61946194", "くり返し"),
        ("H080229", "生年月日"),
    ):
        page.locator("#password").fill(value)
        assert reason in weak.inner_text()
        expect(met).to_have_count(2)
    screens.button("次へ").click()
    assert "生年月日は、推測されやすい" in page.locator("#password-error").inner_text()
    page.locator("#password").fill(PHONE_PASSWORD)
    expect(met).to_have_count(3)
    page.locator("#password-again").fill("SAKURA82K5")
    screens.button("次へ").click()
    page.get_by_text("2回の署名用パスワードが同じではありません").wait_for()
    for value, reason in (
        ("12a4", "4桁の数字"),
        ("1234", "順番の並び"),
        ("0987", "順番の並び"),
        ("0000", "同じ字だけ"),
        ("1212", "くり返し"),
        ("0229", "生年月日"),
        ("1996", "生年月日"),
    ):
        screens.set_passwords(pin=value)
        assert reason in page.locator("#pin-error").inner_text(), value
        assert page.evaluate("document.activeElement.id") == "pin"
        screens.button("署名用パスワードに戻る").click()
        assert page.locator("#password").input_value() == PHONE_PASSWORD
    status = page.evaluate(
        "async (url) => (await import('/static/phone/jpki.js')).status(url)",
        page.locator("#passwords").get_attribute("data-element"),
    )
    assert status["signature"] == {"state": "not_set", "triesLeft": 0}
    assert status["certificates"] == {"signature": True, "user_authentication": True}


def test_setting_passwords_goes_on_where_it_broke_off(screens: Screens) -> None:
    page = screens.page
    screens.choose()
    screens.consent()
    screens.sign_with_card("月岡", "MISAKI4Q07")
    screens.watch()
    # The answer to the activation never arrives: both passwords are set, nothing is active.
    page.route("**/activation", lambda route: route.abort())
    screens.set_passwords()
    page.locator("#problem", has_text="サーバーにつながりません").wait_for()
    page.unroute("**/activation")
    screens.set_passwords(pin="8305")
    page.locator("#problem", has_text="違います").wait_for()
    screens.set_passwords()
    page.get_by_text("使えるようになりました").wait_for()


def test_a_page_says_when_the_server_is_away_and_goes_on_when_it_is_back(screens: Screens) -> None:
    page = screens.page
    for address in ("**/steps?*", "**/events?*"):
        page.route(address, lambda route: route.abort())
    screens.choose()
    screens.consent()
    screens.sign_with_card("星野", "YUI9174KLM")
    page.wait_for_url("**/phone/enrolments/**")
    page.get_by_text("いまサーバーにつながりません").wait_for()
    for address in ("**/steps?*", "**/events?*"):
        page.unroute(address)
    screens.watch()
    page.locator("#passwords").wait_for()


def test_a_wrong_pin_at_a_hand_off_is_told_and_the_right_one_answers_it(screens: Screens) -> None:
    page = screens.page
    screens.enrol("風間", "KENJI20W83")
    page.goto(f"{screens.system.samples}/bank/")
    screens.button("スマホでサインイン").click()
    page.locator("#secret").fill("12a4")
    screens.button("確認する").click()
    assert page.locator("#secret-error").inner_text() == "利用者証明用暗証番号は、4桁の数字で入力してください。"
    page.locator("#secret").fill("0000")
    screens.button("確認する").click()
    page.locator("#problem", has_text="暗証番号が違います。あと2回").wait_for()
    assert page.locator("#secret").input_value() == ""
    assert page.evaluate("document.activeElement.id") == "problem"
    page.locator("#secret").fill(PHONE_PIN)
    screens.button("確認する").click()
    page.wait_for_url(f"{screens.system.samples}/**")
    assert "本人確認ができました" in page.locator("main").inner_text()


def test_a_phone_without_certificates_is_told_so_at_a_hand_off(screens: Screens) -> None:
    page = screens.page
    screens.choose()
    page.goto(f"{screens.system.samples}/bank/")
    screens.button("スマホでサインイン").click()
    page.locator("#secret").fill(PHONE_PIN)
    screens.button("確認する").click()
    page.locator("#problem", has_text="使えるスマホ用電子証明書がありません").wait_for()


def test_a_refused_choice_can_be_read_in_the_other_language(screens: Screens) -> None:
    screens.choose("りんご 15")
    screens.button("English").click()
    screens.page.get_by_role("heading", name="Choose a phone").wait_for()
