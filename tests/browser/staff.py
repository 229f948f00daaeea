"""Staff at their screens, in a real browser: enrolled as a person is, with the code that the command prints."""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING

from django_otp.oath import TOTP

from portal.supervision.system import System

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "correct horse battery"


def totp(secret: str, *, steps: int = 0) -> str:
    """Return what an authenticator app shows for the secret, so many steps of half a minute from now."""
    shown = TOTP(base64.b32decode("".join(secret.split())))
    shown.time = time.time() + steps * shown.step
    return f"{shown.token():06d}"


class Codes:
    """The codes that one authenticator app shows from its registration on; each is good once, and given once."""

    def __init__(self, system: System, name: str, secret: str) -> None:
        self.system, self.name, self.secret = system, name, secret
        self._used = self._now()  # at the latest: the one with which it was registered

    def next(self) -> str:
        """Return a code that wasn't used: this half minute's or the next one's, which is taken early."""
        now = self._now()
        step = max(self._used + 1, now)
        if step > now + 1:
            # What was used is forgotten instead of waited for.
            self.system.manage(
                "shell", "-c",
                "from portal.accounts.models import Authenticator; "
                f"Authenticator.objects.filter(user__username={self.name!r}).update(last_t=-1)",
            )  # fmt: skip
            now = step = self._now()
        self._used = step
        return totp(self.secret, steps=step - now)

    @staticmethod
    def _now() -> int:
        return int(time.time()) // 30


class Staff:
    """One browser of one member of staff."""

    def __init__(self, page: Page, system: System, name: str, role: str) -> None:
        self.page, self.system, self.name = page, system, name
        printed = system.manage("staff", "add", name, "--role", role)
        found = re.search(r"types in +(\S+)$", printed, re.MULTILINE)
        assert found is not None, printed
        self.code = found[1]
        self.secret = ""

    def enrol(self) -> None:
        """Go from the enrolment code to the recovery codes; the person is signed in then."""
        self.show_code()
        self.confirm_authenticator()
        self.set_password()

    def show_code(self) -> None:
        self.page.goto("/staff/enrol/")
        self.page.locator("#code").fill(self.code)
        self.page.get_by_role("button", name="次へ").click()

    def confirm_authenticator(self) -> None:
        self.secret = self.page.locator("#secret").inner_text()
        self.page.locator("#code").fill(totp(self.secret))
        self.codes = Codes(self.system, self.name, self.secret)
        self.page.get_by_role("button", name="次へ").click()

    def set_password(self) -> None:
        for field in ("password", "again"):
            self.page.locator(f"#{field}").fill(PASSWORD)
        self.page.get_by_role("button", name="登録する").click()
        self.page.get_by_role("heading", name="登録できました").wait_for()
