"""Passwords on the phone: changed with the old one, blocked by wrong tries, unblocked with and without the card."""

from tests.browser.screens import PATIENCE, PHONE_PASSWORD, PHONE_PIN, Screens


def choose(screens: Screens, value: str) -> None:
    screens.page.locator("#new").fill(value)
    screens.page.locator("#new-again").fill(value)


def change(screens: Screens, old: str, new: str) -> None:
    screens.page.locator("#old").fill(old)
    choose(screens, new)
    screens.button("変える").click()


def unblock(screens: Screens, new: str) -> None:
    """From the signed request to the new one."""
    page = screens.page
    screens.button("署名して初期化を申請する").click()
    page.locator("#next:not([hidden]) a").click(timeout=PATIENCE)
    page.locator("#set:not([hidden])").wait_for()
    choose(screens, new)
    screens.button("設定する").click()
    page.get_by_text("設定しました").wait_for()
    assert page.evaluate("document.activeElement.id") == "done"


def test_a_pin_is_changed_blocked_and_unblocked_without_the_card(screens: Screens) -> None:
    page = screens.page
    screens.enrol("白川", "TARO58264Z")
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))

    page.goto("/phone/passwords/user-authentication/")
    change(screens, PHONE_PIN, PHONE_PIN)
    assert "いまのものと同じです" in page.locator("#new-error").inner_text()
    change(screens, PHONE_PIN, "1103")  # the holder's birthday
    assert "生年月日" in page.locator("#new-error").inner_text()
    change(screens, PHONE_PIN, "8305")
    page.get_by_text("変わりました").wait_for()

    page.reload()
    for left in (2, 1):
        change(screens, PHONE_PIN, "2759")
        page.locator("#problem", has_text=f"あと{left}回").wait_for()
    change(screens, PHONE_PIN, "2759")
    page.locator("#problem", has_text="署名用パスワードで初期化").wait_for()
    page.goto("/phone/passwords/")
    page.locator("#state-user_authentication", has_text="ロック中").wait_for()
    assert page.locator("#state-signature").inner_text() == "設定済み"

    screens.link("利用者証明用暗証番号を初期化する").click()
    page.locator("#application[aria-busy=false]").wait_for()
    page.get_by_text("続けて間違えたため、ロックされています").wait_for()
    page.locator("#secret").fill("WRONG999")
    screens.button("署名して初期化を申請する").click()
    page.locator("#problem", has_text="あと4回").wait_for()
    page.locator("#secret").fill(PHONE_PASSWORD)
    unblock(screens, "2759")
    page.goto("/phone/passwords/")
    page.locator("#state-user_authentication", has_text="設定済み").wait_for()

    # Each went to the chip, and nowhere else.
    for secret in (PHONE_PIN, "8305", "2759"):
        seen = {url for url, body in sent if secret.encode().hex().upper() in body}
        assert seen
        assert all(url.endswith("/session") for url in seen)


def test_a_forgotten_signature_password_is_unblocked_with_the_holders_card_and_no_other(screens: Screens) -> None:
    page = screens.page
    screens.enrol("月岡", "MISAKI4Q07")
    page.goto("/phone/passwords/signature/unblock/")
    page.locator("#application[aria-busy=false]").wait_for()
    page.get_by_role("radio", name="白川").check()
    page.locator("#secret").fill("TARO58264Z")
    screens.button("署名して初期化を申請する").click()
    page.locator("#problem", has_text="署名を確かめられませんでした").wait_for()
    page.get_by_role("radio", name="月岡").check()
    page.locator("#secret").fill("MISAKI4Q07")
    unblock(screens, "KAWANEKO73")
    # The new one signs: it ends the use of the phone.
    page.goto("/phone/leaving/")
    screens.link("利用をやめる手続へ").click()
    page.locator("#application[aria-busy=false]").wait_for()
    page.locator("#password").fill("KAWANEKO73")
    screens.button("失効させて利用をやめる").click()
    page.get_by_text("セキュアエレメントから削除されました").wait_for(timeout=PATIENCE)


def test_the_password_that_was_left_unset_is_set_when_one_comes_back(screens: Screens) -> None:
    page = screens.page
    screens.enrol("風間", "KENJI20W83")
    page.goto("/phone/passwords/user-authentication/unblock/")
    page.locator("#application[aria-busy=false]").wait_for()
    page.locator("#secret").fill(PHONE_PASSWORD)
    screens.button("署名して初期化を申請する").click()
    page.locator("#next:not([hidden])").wait_for(timeout=PATIENCE)
    page.goto("/phone/passwords/")
    page.locator("#state-user_authentication", has_text="未設定").wait_for()
    screens.link("利用者証明用暗証番号を初期化する").click()
    page.locator("#set:not([hidden])").wait_for()
    choose(screens, "8305")
    screens.button("設定する").click()
    page.get_by_text("設定しました").wait_for()
