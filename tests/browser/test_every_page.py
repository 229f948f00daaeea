"""Every page of the site's table: axe-core finds nothing, nothing is cut off, the focus is seen."""

import os
import re
from typing import TYPE_CHECKING, Any

from tests.browser.conftest import Axe
from tests.browser.test_accessibility import BUSY, SIZES, faults
from tests.portal.everyone.pages import PAGES
from tests.portal.everyone.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# A folder in which the sweep leaves a picture of every page, to be looked at.
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")

# Whatever takes the focus shows it: an outline of two pixels at least, on something that is there to see.
UNSEEN = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((one) => !one.disabled && one.type !== "hidden" && one.checkVisibility({visibilityProperty: true}))
    .filter((one) => {
        one.focus();
        if (document.activeElement !== one) return false;
        return ![one, one.closest("label")].some((each) => {
            const style = each && getComputedStyle(each);
            const drawn = style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
            return drawn && each.getBoundingClientRect().width > 0;
        });
    }).map((one) => one.outerHTML.slice(0, 120))"""


def test_no_page_has_a_fault_that_axe_finds_and_none_is_cut_off(
    live_server: Any, everybody: World, browser: "Browser", axe: Axe, axe_source: str, settings: Any
) -> None:
    settings.PHONE_STREAM_SECONDS = 0.1  # no page's stream is waited for
    opened: dict[str, Page] = {}
    wrong: list[str] = []

    def open_(name: str) -> "Page":
        context = browser.new_context(base_url=live_server.url, locale="ja-JP", timezone_id="Asia/Tokyo")
        cookies = {key: found.value for key, found in everybody.browsers[name].cookies.items() if found.value}
        for key, value in cookies.items():
            context.add_cookies([{"name": key, "value": value, "url": live_server.url}])
        context.add_init_script(axe_source)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        return page

    looked_at: set[str] = set()
    for one in PAGES:
        page = opened[one.browser] = opened.get(one.browser) or open_(one.browser)
        for language in SIZES:
            page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
            page.goto(everybody.address(one))
            page.locator(BUSY).first.wait_for(state="hidden")
            # At a desk one state of each page is looked at: the others are laid out by the same template.
            known = language == "en" and one.address in looked_at
            wrong += faults(page, axe, str(one), language, known=known)
        looked_at.add(one.address)
        page.keyboard.press("Tab")  # from here on the focus is the keyboard's
        wrong += [f"{one}: the focus isn't seen on {each}" for each in page.evaluate(UNSEEN)]
        if SCREENSHOTS:
            name = re.sub(r"[^a-z0-9-]+", "-", str(one).lower()).strip("-")
            page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)
    for page in opened.values():
        page.context.close()
    assert not wrong, "\n".join(wrong)
