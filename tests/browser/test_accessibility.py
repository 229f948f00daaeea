"""Every page for everyone: axe-core finds nothing, nothing is cut off at 320 pixels, the keyboard is enough."""

import pytest

from tests.browser.conftest import Axe
from tests.browser.screens import PATIENCE, PHONE_PASSWORD, PHONE_PIN, Screens

SIZES = ((320, 640), (1280, 900))


def look(screens: Screens, axe: Axe, name: str) -> list[str]:
    """Return what is wrong with the page as it stands, in both languages and at both ends of sizes."""
    page, wrong = screens.page, []
    for language in ("ja", "en"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": screens.system.web}])
        page.reload()
        if page.locator("#application").count():
            page.locator("#application[aria-busy=false]").wait_for()
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            wrong += [f"{name} {language} {width}: {line}" for line in axe(page)]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{name} {language} {width}: wider than the screen")
    page.context.add_cookies([{"name": "django_language", "value": "ja", "url": screens.system.web}])
    page.reload()
    return wrong


def test_no_page_has_a_fault_that_axe_finds_and_none_is_cut_off(screens: Screens, axe: Axe) -> None:
    page, wrong = screens.page, []
    for name in ("", "phone/", "register/", "phones/", "sandbox/office/", "problems/wrong_state", "nowhere"):
        page.goto(f"/{name}")
        wrong += look(screens, axe, name)
    screens.choose()
    wrong += look(screens, axe, "home, empty")
    for name in ("phone/apply/", "phone/apply/phone/", "phone/apply/agree/", "phone/lost/", "phone/lost/card/"):
        page.goto(f"/{name}")
        wrong += look(screens, axe, name)
    screens.consent()
    wrong += look(screens, axe, "card")
    screens.sign_with_card("風間", "WRONG999")
    screens.problem.wait_for()
    wrong += [f"card, wrong password: {line}" for line in axe(page)]
    screens.sign_with_card("風間", "KENJI20W83")
    page.locator("#next:not([hidden])").wait_for(timeout=PATIENCE)
    wrong += [f"progress: {line}" for line in axe(page)]
    page.reload()
    wrong += look(screens, axe, "passwords")
    screens.set_passwords(pin="1234")
    wrong += [f"passwords, weak PIN: {line}" for line in axe(page)]
    page.reload()
    screens.set_passwords()
    page.get_by_text("使えるようになりました").wait_for(timeout=PATIENCE)
    for disclosure in page.locator("summary").all():
        disclosure.click()
    wrong += [f"certificates, in full: {line}" for line in axe(page)]
    wrong += look(screens, axe, "certificates")
    screens.link("通信の記録を見る").click()
    wrong += look(screens, axe, "trace")
    for name in ("phone/", "phone/change/", "phone/leaving/", "phone/end/", "", "sandbox/conversations/"):
        page.goto(f"/{name}")
        wrong += look(screens, axe, f"{name}, active")
    page.goto("/sandbox/conversations/")
    page.locator("tbody a").first.click()
    wrong += look(screens, axe, "a conversation")
    for name in ("", "signature/", "user-authentication/", "signature/unblock/", "user-authentication/unblock/"):
        page.goto(f"/phone/passwords/{name}")
        wrong += look(screens, axe, f"passwords/{name}")
    screens.sign_in_with_card("風間", "2083")
    wrong += look(screens, axe, "lost, signed in")
    screens.button("一時利用停止する").click()
    page.get_by_text("止まっています").wait_for()
    wrong += look(screens, axe, "lost, stopped")
    for name in ("phone/", "phone/found/"):
        page.goto(f"/{name}")
        wrong += look(screens, axe, f"{name}, stopped")
    assert not wrong, "\n".join(wrong)


def test_the_whole_way_goes_by_keyboard_alone(screens: Screens) -> None:
    page = screens.page

    def reach(what: str) -> None:
        """Press Tab until the focus is on what is asked for."""
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("(what) => document.activeElement.matches(what)", what):
                return
        pytest.fail(f"the keyboard doesn't reach {what}")

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


def test_the_focus_is_always_seen(screens: Screens) -> None:
    screens.page.goto("/")
    for _ in range(12):
        screens.page.keyboard.press("Tab")
        style = screens.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"
