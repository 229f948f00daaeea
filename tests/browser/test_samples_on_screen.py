"""The sample services with a phone in a real browser: city hall, kiosk and clinic, each page looked at."""

from typing import TYPE_CHECKING

from tests.browser.conftest import Axe
from tests.browser.screens import PATIENCE, PHONE_PASSWORD, PHONE_PIN, Screens
from tests.browser.test_handoff_on_screens import PORTRAIT, picture, sound
from tests.sandbox.terminal.counter import served

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_city_hall_kiosk_and_clinic_with_one_phone(screens: Screens, axe: Axe) -> None:
    page, samples, wrong = screens.page, screens.system.samples, []
    page.set_default_timeout(PATIENCE)
    page.set_viewport_size(PORTRAIT)
    screens.enrol("青葉", "HANAKO7391")

    def look(name: str) -> "Page":
        wrong.extend(sound(page, axe, name))
        picture(page, f"sample-{name}")
        return page

    def confirm() -> None:
        page.locator("#secret").fill(PHONE_PIN)
        screens.button("確認する").click()
        page.wait_for_url(f"{samples}/**")

    page.goto("/")
    screens.link("すべての見本を見る").click()
    page.get_by_role("heading", name="見本のサービス").wait_for()
    look("index")
    for place in ("careless", "unlisted", "bank", "kiosk"):
        page.goto(f"{samples}/{place}/")
        look(place)

    page.goto(f"{samples}/city/")
    look("city").get_by_role("button", name="スマホまたはカードでサインイン").click()
    confirm()
    screens.link("申請書に記入する").click()
    screens.button("申請書を確かめる").click()
    page.get_by_role("alert").wait_for()
    look("city-form-wrong")
    screens.link("見本の内容で記入する").click()
    page.get_by_role("alert").wait_for(state="detached")
    # Keyboard alone from here: the form is as it stands, Enter sends it.
    screens.reach("#telephone")
    page.keyboard.press("Enter")
    page.get_by_text("この文のとおりに署名されます").wait_for()
    look("city-confirm")
    screens.reach("main form button")
    page.keyboard.press("Enter")
    page.locator("#secret").fill(PHONE_PASSWORD)
    screens.button("署名する").click()
    page.get_by_role("heading", name="申請を受け付けました").wait_for()
    look("city-receipt")

    page.goto(f"{samples}/clinic/")
    look("clinic").get_by_role("button", name="受け付ける").click()
    confirm()
    look("clinic-register")
    for field, value in (("#name", "青葉　花子"), ("#birth_date", "1990-04-12"), ("#insured", "123-4567")):
        page.locator(field).fill(value)
    screens.button("診察券を作る").click()
    page.get_by_role("heading", name="受け付けました").wait_for()
    look("clinic-file")
    assert page.locator(".held li").count() == 2, "the phone's certificate, and the card's that it stands on"

    with served(samples) as terminal:
        page.goto(f"{terminal.url}/?return_url={samples}/kiosk/read&challenge={'c' * 43}&state=s")
        look("terminal").locator("#pin").fill("1234")
        screens.button("読み取る").click()
        page.get_by_role("alert").wait_for()
        look("terminal-nothing-there")
        screens.button("やめて戻る").click()
        page.get_by_role("heading", name="別の手続の結果です").wait_for()
    assert not wrong, "\n".join(wrong)
