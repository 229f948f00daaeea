"""A citizen's browser at a service: where one begins, the forms on the way, the cookies, and the way back.

It is the network to the service's addresses for the phone that answers (`sandbox.driver`), so that whoever comes back
from the hand-off is the one who began. For some cases somebody else comes back, or comes a second time: a browser
without the cookies.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from ca.models import Realm
from sandbox.conformance.catalogue import Visit
from sandbox.driver.browser import AGENT, is_ours
from sandbox.driver.links import allowed_in
from sandbox.driver.network import Outside
from whitelist.probes.errors import ProbeError

MOST_STEPS = 12
MOST_FORMS = 3
REDIRECTS = (301, 302, 303, 307, 308)


class NotReached(Exception):
    """The service's address led to no hand-off. The text says where it ended."""


@dataclass
class Form:
    """A form of a page: where it goes, and what it sends when nothing is typed."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Journey(httpx.BaseTransport):
    """One browser at one service. `came_back` is the address at which the citizen came back, with what stood in it."""

    def __init__(self, realm: Realm, *, outside: httpx.BaseTransport | None = None) -> None:
        self._allowed = allowed_in(realm)
        self._outside = outside or Outside()
        self._cookies = httpx.Cookies()
        self.visit = Visit.ANSWER
        self._back = ""
        self.came_back = ""

    def begin(self, address: str) -> str:
        """Go to the service and press what there is to press, until it sends us to the phone; return that link.

        Raises NotReached.
        """
        forms, request = 0, httpx.Request("GET", address)
        for _ in range(MOST_STEPS):
            answer = self._at_service(request)
            if answer.status_code in REDIRECTS and answer.headers.get("Location"):
                target = request.url.join(answer.headers["Location"])
                if is_ours(target):
                    return str(target)
                request = httpx.Request("GET", target, headers={"Referer": str(request.url)})
                continue
            found = form_of(answer.text) if answer.is_success else None
            if found is None or forms == MOST_FORMS:
                raise NotReached(f"{answer.status_code} at {request.url.copy_with(query=None)}")
            forms += 1
            origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
            request = httpx.Request(
                "POST",
                request.url.join(found.action),
                data=found.fields,
                headers={"Referer": str(request.url), "Origin": origin},
            )
        raise NotReached("too many steps")

    def awaits(self, return_url: str, visit: Visit) -> None:
        """Know the address to which the hand-off leads back, and who is to come there."""
        self._back, self.visit, self.came_back = return_url.partition("?")[0], visit, ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request of the phone's browser to the service, with this browser's cookies."""
        if not self.came_back and str(request.url).partition("?")[0] == self._back:
            self.came_back = str(request.url)
            if self.visit == Visit.ELSEWHERE:
                self._cookies = httpx.Cookies()
        return self._send(request, self._cookies)

    def come_again(self) -> httpx.Response:
        """Open the address to which the citizen came back in another browser, and return its last page."""
        cookies, request = httpx.Cookies(), httpx.Request("GET", self.came_back)
        for _ in range(MOST_STEPS):
            answer = self._send(request, cookies)
            target = request.url.join(answer.headers.get("Location", ""))
            if answer.status_code not in REDIRECTS or is_ours(target) or not self._allowed(target):
                break
            request = httpx.Request("GET", target)
        return answer

    def _at_service(self, request: httpx.Request) -> httpx.Response:
        if not self._allowed(request.url):
            raise NotReached(f"{request.url.host} isn't a registered address")
        try:
            return self._send(request, self._cookies)
        except (ProbeError, httpx.HTTPError, OSError) as error:
            raise NotReached(str(getattr(error, "finding", "") or error)) from error

    def _send(self, request: httpx.Request, cookies: httpx.Cookies) -> httpx.Response:
        headers = [(name, value) for name, value in request.headers.multi_items() if name.lower() != "cookie"]
        carried = httpx.Request(request.method, request.url, headers=headers, content=request.read())
        carried.headers.setdefault("User-Agent", AGENT)
        carried.headers.setdefault("Accept-Language", "ja")
        carried.headers["Accept-Encoding"] = "identity"
        cookies.set_cookie_header(carried)
        answer = self._outside.handle_request(carried)
        answer.request = carried
        answer.read()
        cookies.extract_cookies(answer)
        return answer


class _Reader(HTMLParser):
    """Finds the first form that is posted, and the values that it has without anybody typing."""

    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._open = False
        self._done = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and not self._done and given.get("method", "").lower() == "post":
            self.form, self._open = Form(given.get("action", "")), True
        if not self._open or self.form is None or "disabled" in given:
            return
        _TAGS.get(tag, _Reader._nothing)(self, given, self.form.fields)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open:
            self._open, self._done = False, True

    def _input(self, given: dict[str, str], fields: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if not name or kind in ("file", "image", "reset", "button"):
            return
        if kind == "checkbox":
            if "checked" in given or "required" in given:
                fields[name] = given.get("value", "on")
        elif kind in ("radio", "submit"):
            if name not in fields or "checked" in given:
                fields[name] = given.get("value", "on")
        else:
            fields[name] = given.get("value", "")

    def _button(self, given: dict[str, str], fields: dict[str, str]) -> None:
        if given.get("type", "submit").lower() == "submit" and given.get("name"):
            fields.setdefault(given["name"], given.get("value", ""))

    def _choice(self, given: dict[str, str], fields: dict[str, str]) -> None:
        self._select = given.get("name", "")

    def _option(self, given: dict[str, str], fields: dict[str, str]) -> None:
        if self._select and (self._select not in fields or "selected" in given):
            fields[self._select] = given.get("value", "")

    def _nothing(self, given: dict[str, str], fields: dict[str, str]) -> None:
        del given, fields


_TAGS: dict[str, Callable[[_Reader, dict[str, str], dict[str, str]], None]] = {
    "input": _Reader._input,
    "button": _Reader._button,
    "select": _Reader._choice,
    "option": _Reader._option,
}


def form_of(page: str) -> Form | None:
    """Return the first form of a page that is posted, with what it sends as it stands; None where there is none."""
    reader = _Reader()
    reader.feed(page)
    return reader.form
