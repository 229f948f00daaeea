"""The phone's screens as a citizen goes through them, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal.supervision.system import System

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PHONE_PASSWORD = "SAKURA82K4"
PHONE_PIN = "6194"
# The whole provisioning takes about two seconds; a loaded machine needs more.
PATIENCE = 60_000


class ScreenLock:
    """Chromium's virtual platform authenticator: whoever holds the phone makes the gesture at once, or fails at it."""

    def __init__(self, page: Page, *, prf: bool = True) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "hasPrf": prf,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._name = {"authenticatorId": added["authenticatorId"]}

    def refuse(self) -> None:
        """Fail at the gesture from now on: Chromium tries until the authenticator blocks, for good."""
        self._session.send("WebAuthn.setUserVerified", {**self._name, "isUserVerified": False})

    def remove(self) -> None:
        self._session.send("WebAuthn.removeVirtualAuthenticator", self._name)

    def credentials(self) -> int:
        return len(self._session.send("WebAuthn.getCredentials", self._name)["credentials"])


class Screens:
    """One browser that stands in for phones. Names of buttons are the Japanese ones."""

    def __init__(self, page: Page, system: System) -> None:
        self.page = page
        self.system = system

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name)

    @property
    def problem(self) -> Locator:
        """The page's alert, while it says something."""
        return self.page.locator("#problem:not([hidden])")

    def choose(self, model: str = "さくらフォン 8") -> None:
        self.page.goto("/phone/?new=1")
        self.page.get_by_role("radio", name=model).check()
        self.button("このスマートフォンにする").click()

    def read_on(self) -> None:
        """From the conditions by the page about this phone to the consent."""
        self.link("次へ：スマートフォンを確かめる").click()
        self.link("次へ：同意する").click()
        self.page.wait_for_url("**/phone/apply/agree/")

    def reach(self, what: str) -> None:
        """Press Tab until the focus is on what is asked for, once its page is there."""
        self.page.locator(what).first.wait_for(state="attached")
        for _ in range(60):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("(what) => document.activeElement?.matches(what)", what):
                return
        pytest.fail(f"the keyboard doesn't reach {what}")

    def consent(self) -> None:
        self.page.goto("/phone/apply/")
        self.read_on()
        for box in self.page.get_by_role("checkbox").all():
            box.check()
        self.button("次へ").click()
        self.page.locator("#application[aria-busy=false]").wait_for()

    def sign_with_card(self, holder: str, password: str) -> None:
        self.page.get_by_role("radio", name=holder).check()
        self.page.locator("#password").fill(password)
        self.button("カードを読み取って申請").click()

    def sign_in_with_card(self, holder: str, pin: str) -> None:
        """Sign in with a card, in whatever browser this is, to stop a phone."""
        self.page.goto("/phone/lost/card/")
        self.page.get_by_role("radio", name=holder).check()
        self.page.locator("#pin").fill(pin)
        self.button("カードを読み取って本人確認").click()
        self.page.wait_for_url("**/phone/lost/mine/")

    def watch(self) -> None:
        """Wait at the progress until it's time for the passwords, and go on."""
        self.page.wait_for_url("**/phone/enrolments/**")
        if not self.page.locator("#passwords").count():
            self.page.locator("#next:not([hidden]) a").click(timeout=PATIENCE)

    def set_passwords(self, password: str = PHONE_PASSWORD, pin: str = PHONE_PIN) -> None:
        self.page.locator("#password").fill(password)
        self.page.locator("#password-again").fill(password)
        self.button("次へ").click()
        self.page.locator("#pin").fill(pin)
        self.page.locator("#pin-again").fill(pin)
        self.button("設定して有効にする").click()

    def set_up_screen_lock(self, pin: str = PHONE_PIN) -> None:
        self.page.goto("/phone/screen-lock/")
        self.page.get_by_role("radio", name="指紋や顔").check()
        self.page.locator("#pin").fill(pin)
        self.button("画面ロックを使えるようにする").click()

    def enrol(self, holder: str, password: str, model: str = "さくらフォン 8") -> None:
        """Go the whole way from the choice of a phone to valid certificates."""
        self.choose(model)
        self.consent()
        self.sign_with_card(holder, password)
        self.watch()
        self.set_passwords()
        self.page.get_by_text("使えるようになりました").wait_for(timeout=PATIENCE)
