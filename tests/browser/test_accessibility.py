"""Screens for everyone, as scripts make them: axe-core finds nothing, the keyboard is enough."""

from typing import TYPE_CHECKING

from sandbox import personas
from tests.browser.conftest import Axe
from tests.browser.screens import PATIENCE, PHONE_PASSWORD, PHONE_PIN, Screens

if TYPE_CHECKING:
    from playwright.sync_api import Page

# 320 pixels are a small phone, and a desk's 1280 at four times the size; both languages, both ends.
SIZES = {"ja": (320, 640), "en": (1280, 900)}
# Scripts are through when nothing says that it is busy.
BUSY = "[aria-busy=true]:visible"


def faults(page: "Page", axe: Axe, name: str, language: str, *, known: bool = False) -> list[str]:
    """Return what is wrong with a page as it stands, at the language's size; of a known template, whether it fits."""
    width, height = SIZES[language]
    page.set_viewport_size({"width": width, "height": height})
    wrong = [] if known else axe(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("wider than the screen")
    return [f"{name} {language} {width}: {line}" for line in wrong]


def look(screens: Screens, axe: Axe, name: str) -> list[str]:
    """Return what is wrong with the page that a phone's browser shows, in both languages."""
    page = screens.page
    wrong: list[str] = []
    for language in (*SIZES, "ja"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": screens.system.web}])
        page.wait_for_load_state()  # Chromium reloads no page that is still on its way
        page.reload()
        page.locator(BUSY).first.wait_for(state="hidden")
        if language != "ja" or not wrong:
            wrong += faults(page, axe, name, language)
    return wrong


def test_what_scripts_make_of_a_page_has_no_fault_either(screens: Screens, axe: Axe) -> None:
    page = screens.page
    wrong: list[str] = []
    screens.choose()
    screens.consent()
    wrong += look(screens, axe, "card")
    screens.sign_with_card("風間", "WRONG999")
    screens.problem.wait_for()
    wrong += faults(page, axe, "card, wrong password", "ja")
    screens.sign_with_card("風間", "KENJI20W83")
    page.locator("#next:not([hidden])").wait_for(timeout=PATIENCE)
    wrong += faults(page, axe, "progress", "ja")
    page.reload()
    screens.set_passwords(pin="1234")
    wrong += faults(page, axe, "passwords, weak PIN", "ja")
    page.reload()
    screens.set_passwords()
    page.get_by_text("使えるようになりました").wait_for(timeout=PATIENCE)
    for disclosure in page.locator("summary").all():
        disclosure.click()
    wrong += faults(page, axe, "certificates, in full", "ja")
    screens.link("通信の記録を見る").click()
    page.wait_for_url("**/trace")
    wrong += look(screens, axe, "trace")
    page.goto("/sandbox/conversations/")
    page.locator("tbody a").first.click()
    page.wait_for_url("**/sandbox/conversations/*")
    wrong += look(screens, axe, "a conversation")
    for name in ("", "signature/", "signature/unblock/", "user-authentication/unblock/"):
        page.goto(f"/phone/passwords/{name}")
        wrong += look(screens, axe, f"passwords/{name}")
    assert not wrong, "\n".join(wrong)


def test_the_whole_way_goes_by_keyboard_alone(screens: Screens) -> None:
    page, reach = screens.page, screens.reach
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip link
    reach("main a.button--solid")
    page.keyboard.press("Enter")
    page.wait_for_url("**/phone/")
    reach("input[name=model]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="申請する").wait_for()
    reach("a.button--solid")
    page.keyboard.press("Enter")
    page.wait_for_url("**/apply/")
    for after in ("**/apply/phone/", "**/apply/agree/"):
        reach("main a.button--solid")
        page.keyboard.press("Enter")
        page.wait_for_url(after)
    for name in ("conditions", "disposal"):
        reach(f"input[name={name}]")
        page.keyboard.press("Space")
    reach("form .button--solid")
    page.keyboard.press("Enter")
    page.locator("#application[aria-busy=false]").wait_for()
    reach("input[name=card]")
    page.keyboard.press("Space")
    while "青葉" not in page.locator("label:has(input:checked)").inner_text():
        page.keyboard.press("ArrowDown")
    reach("#password")
    page.keyboard.type("HANAKO7391")
    page.keyboard.press("Enter")
    page.locator("#next:not([hidden])").wait_for(timeout=PATIENCE)
    reach("#next a")
    page.keyboard.press("Enter")
    page.locator("#passwords").wait_for()
    for part, value in (("password", PHONE_PASSWORD), ("pin", PHONE_PIN)):
        for field in (part, f"{part}-again"):
            reach(f"#{field}")
            page.keyboard.type(value)
        page.keyboard.press("Enter")
    page.get_by_text("使えるようになりました").wait_for(timeout=PATIENCE)

    # The bank asks, and the phone answers.
    reach("main a.button--solid")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{screens.system.samples}/**")
    reach("main button, main a.button")
    page.keyboard.press("Enter")
    page.locator("#answer .button--solid:enabled").wait_for()
    reach("#secret")
    page.keyboard.type(PHONE_PIN)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{screens.system.samples}/**")
    page.get_by_text("本人確認ができました").first.wait_for()

    # And the use of the phone is ended, from its menu.
    page.goto("/phone/")
    reach("a[href='/phone/end/']")
    page.keyboard.press("Enter")
    page.locator("#application[aria-busy=false]").wait_for()
    reach("#password")
    page.keyboard.type(PHONE_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/phone/enrolments/**")
    page.get_by_text("セキュアエレメントから削除されました").wait_for(timeout=PATIENCE)


def test_passwords_a_filing_and_a_loss_go_by_keyboard_alone(screens: Screens) -> None:
    page, reach = screens.page, screens.reach
    taro = personas.find("taro")
    assert taro is not None
    screens.enrol("白川", taro.signature_password)

    # The PIN is changed.
    page.goto("/phone/")
    for address in ("/phone/passwords/", "/phone/passwords/user-authentication/"):
        reach(f"main a[href='{address}']")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{address}")
    for field, value in (("old", PHONE_PIN), ("new", "8305"), ("new-again", "8305")):
        reach(f"#{field}:enabled")
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    page.get_by_text("変わりました").wait_for()

    # Signed in to Mynaportal, and a procedure filed with a signature.
    page.goto("/mynaportal/procedures/moving_out/")
    reach("main form .button--solid")
    page.keyboard.press("Enter")
    page.locator("#answer .button--solid:enabled").wait_for()
    reach("#secret")
    page.keyboard.type("8305")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mynaportal/procedures/moving_out/", timeout=PATIENCE)
    reach("main form .button--solid")
    page.keyboard.press("Enter")
    page.locator("#day").wait_for()
    filled = {"new_address": "神奈川県港浜市海岸通１－１", "new_head": "白川　太郎", "people": "2"}
    reach("#day")
    page.keyboard.type("01152027")
    for field, value in (filled | {"telephone": "090-1234-5678"}).items():
        reach(f"#{field}")
        page.keyboard.type(value)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="この内容で申請しますか").wait_for(timeout=PATIENCE)
    reach("main form .button--solid")
    page.keyboard.press("Enter")
    page.locator("#answer .button--solid:enabled").wait_for(timeout=PATIENCE)
    reach("#secret")
    page.keyboard.type(PHONE_PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="申請を受け付けました").wait_for(timeout=PATIENCE)

    # The phone is lost, and stopped with the card.
    page.goto("/phone/lost/card/")
    reach("input[name=card]")
    page.keyboard.press("Space")
    while "白川" not in page.locator("label:has(input:checked)").inner_text():
        page.keyboard.press("ArrowDown")
    reach("#pin:enabled")
    page.keyboard.type(taro.authentication_pin)
    page.keyboard.press("Enter")
    page.wait_for_url("**/phone/lost/mine/")
    reach("main .button--danger")
    page.keyboard.press("Enter")
    page.get_by_text("止まっています").wait_for()


def test_unblocking_and_a_change_of_phone_go_by_keyboard_alone(screens: Screens) -> None:
    page, reach, press = screens.page, screens.reach, screens.page.keyboard.press
    misaki = personas.find("misaki")
    assert misaki is not None
    screens.enrol("月岡", misaki.signature_password)

    def follow(address: str) -> None:
        reach(f"main a[href='{address}']")
        press("Enter")
        page.wait_for_url(f"**{address}")

    def type_in(**fields: str) -> None:
        """Fill the fields and send their form."""
        for field, value in fields.items():
            reach(f"#{field.replace('_', '-')}:enabled")
            page.keyboard.type(value)
        press("Enter")

    def choose_card() -> None:
        reach("input[name=card]")
        press("Space")
        while "月岡" not in page.locator("label:has(input:checked)").inner_text():
            press("ArrowDown")

    def go_on() -> None:
        page.locator("#next:not([hidden])").wait_for(timeout=PATIENCE)
        reach("#next a")
        press("Enter")

    # Both passwords: the signature password with the card, then the PIN with the signature password.
    page.goto("/phone/")
    follow("/phone/passwords/")
    for purpose, secret, fresh in (
        ("signature", misaki.signature_password, "KAWANEKO73"),
        ("user-authentication", "KAWANEKO73", "8305"),
    ):
        follow(f"/phone/passwords/{purpose}/unblock/")
        page.locator("#application[aria-busy=false]").wait_for()
        if purpose == "signature":
            choose_card()
        type_in(secret=secret)
        go_on()
        page.locator("#set:not([hidden])").wait_for()
        type_in(new=fresh, new_again=fresh)
        page.get_by_text("設定しました").wait_for()
        follow("/phone/passwords/")
        page.locator("#state-" + purpose.replace("-", "_"), has_text="設定済み").wait_for()

    # Another phone, from the old one's menu to where it has taken its place.
    follow("/phone/")
    follow("/phone/change/")
    follow("/phone/?new=1")
    reach("input[name=model]")
    press("Space")
    while "かえで 3" not in page.locator("label:has(input:checked)").inner_text():
        press("ArrowDown")
    press("Enter")
    page.get_by_text("まだ電子証明書がありません").wait_for()
    for address in ("/phone/apply/", "/phone/apply/phone/", "/phone/apply/agree/"):
        follow(address)
    for name in ("conditions", "disposal"):
        reach(f"input[name={name}]")
        press("Space")
    press("Enter")
    page.locator("#application[aria-busy=false]").wait_for()
    choose_card()
    type_in(password=misaki.signature_password)
    go_on()
    page.locator("#passwords").wait_for()
    type_in(password=PHONE_PASSWORD, password_again=PHONE_PASSWORD)
    type_in(pin=PHONE_PIN, pin_again=PHONE_PIN)
    page.get_by_text("機種変更が済みました").wait_for(timeout=PATIENCE)

    # The old one is taken in hand again, and says what has become of it.
    follow("/phone/")
    reach("form[action='/phone/use'] button")
    press("Enter")
    page.get_by_text("かえで 3を使い始めたため（機種変更）").wait_for()
