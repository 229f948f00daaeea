"""A member at a browser, filling in a case without JavaScript and with it."""

import html
import json
import re
from typing import Any

from portal.providers.models import Membership
from tests.portal.accounts.people import code
from tests.portal.providers.people import client
from whitelist.cases import drafts
from whitelist.models import Case


class Applicant:
    """One member of an organisation, at one case of it."""

    def __init__(self, member: Membership, case: Case) -> None:
        self.member, self.case = member, case
        self.browser = client(member)

    def address(self, rest: str = "") -> str:
        return f"/providers/{self.member.organisation.reference}/cases/{self.case.reference}/{rest}"

    def open(self, rest: str = "") -> Any:
        return self.browser.get(self.address(rest))

    def read(self, page: str) -> dict[str, Any]:
        """Open a page and return what its form holds, as a browser would send it back."""
        text = self.open(f"sections/{page}/").content.decode()
        form: dict[str, Any] = {}
        for found in re.finditer(r"<(input|textarea)\b([^>]*)>(?:\n?([^<]*)</textarea>)?", text):
            given = {
                name: html.unescape(value or "") for name, value in re.findall(r'([\w-]+)(?:="([^"]*)")?', found[2])
            }
            name, kind = given.get("name", ""), given.get("type", "text")
            if not name or kind in ("file", "submit") or name == "csrfmiddlewaretoken":
                continue
            if kind == "radio":
                if "checked" in given:
                    form[name] = given["value"]
            elif kind == "checkbox":
                if "checked" in given:
                    form.setdefault(name, []).append(given["value"])
            else:
                form[name] = html.unescape(found[3] or "") if found[1] == "textarea" else given.get("value", "")
        return form

    def send(self, page: str, form: dict[str, Any]) -> Any:
        return self.browser.post(self.address(f"sections/{page}/"), form)

    def fill_in(self, page: str, **changes: Any) -> Any:
        """Open a page, change fields and press its button."""
        return self.send(page, self.read(page) | {name.replace("__", "."): value for name, value in changes.items()})

    def save(self, page: str, edition: int, changes: dict[str, Any], **more: Any) -> Any:
        """Save as the page's script does."""
        body = json.dumps({"edition": edition, "changes": changes, **more})
        return self.browser.post(self.address(f"sections/{page}/save"), body, content_type="application/json")

    def submit(self, **changes: Any) -> Any:
        """Open the check page and submit what it shows."""
        seen = re.search(r'name="seen" value="([0-9a-f]+)"', self.open("check/").content.decode())
        form = {"seen": seen[1] if seen else ""} | changes
        if "code" not in form:
            form["code"] = code(self.member.account)
        return self.browser.post(self.address("check/"), form)

    def answers(self) -> dict[str, Any]:
        return drafts.answers(self.case)
