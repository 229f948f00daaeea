"""A citizen's browser: it keeps cookies, opens pages, sends forms, and follows where it is led.

Our own pages it opens in this process, through the whole site (middleware, CSRF, cookies), which spares a server a
request to itself. Everything else it reaches over the network (`sandbox.driver.network`), and only where the register
lets a citizen be sent. Our cookies and the services' are kept apart, as if the two stood on two hosts.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import Cookie
from typing import Any

import httpx
from django.conf import settings
from django.utils import translation

from sandbox.driver.network import Outside
from whitelist.probes import findings
from whitelist.probes.errors import ProbeError, Refused

AGENT = "Mozilla/5.0 (Linux; Android 14; virtual phone) smartphone-jpki-sandbox/1"
CSRF = settings.CSRF_COOKIE_NAME
# A cookie as it is kept: what `http.cookiejar.Cookie` is made of.
_COOKIE = ("name", "value", "domain", "path", "secure", "expires")


@dataclass(frozen=True)
class Answer:
    """What an address answered. `finding` says why nothing came (`whitelist.probes.errors`), status is 0 then."""

    url: str
    status: int
    location: str = ""
    media_type: str = ""
    body: bytes = b""
    finding: str = ""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """Return the body as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def is_redirect(self) -> bool:
        return self.status in (301, 302, 303, 307, 308) and bool(self.location)


class Browser:
    """One browser. `allowed` says where else it may go; `outside` stands for the network to there, in tests."""

    def __init__(
        self,
        kept: Mapping[str, Any] | None = None,
        *,
        allowed: Callable[[httpx.URL], bool],
        outside: httpx.BaseTransport | None = None,
    ) -> None:
        kept = kept or {}
        self._ours, self._others = _jar(kept.get("ours", [])), _jar(kept.get("others", []))
        self._allowed = allowed
        self._outside = outside

    def kept(self) -> dict[str, Any]:
        """Return what the browser remembers: secrets, to be sealed."""
        return {"ours": _cookies(self._ours), "others": _cookies(self._others)}

    def get(self, url: str) -> Answer:
        """Open an address (absolute, or a path of our own). Nothing is followed."""
        return self._send("GET", url)

    def post_form(self, url: str, **fields: str) -> Answer:
        """Send a form of one of our pages, with its CSRF token."""
        return self._send("POST", url, data={"csrfmiddlewaretoken": self._csrf(), **fields})

    def post_json(self, url: str, body: Mapping[str, Any], **headers: str) -> Answer:
        """Send what a script of one of our pages sends."""
        return self._send(
            "POST", url, json=dict(body), headers={"X-CSRFToken": self._csrf(), "Accept": "application/json", **headers}
        )

    def _csrf(self) -> str:
        return next((cookie.value or "" for cookie in self._ours.jar if cookie.name == CSRF), "")

    def _send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **content: Any) -> Answer:
        target = httpx.URL(settings.PUBLIC_URL).join(url)
        ours = is_ours(target)
        try:
            if not ours and not self._allowed(target):
                raise Refused("not_registered")
            with findings.told():
                answer = self._answer(method, target, ours=ours, headers=headers or {}, **content)
        except ProbeError as error:
            return Answer(str(target), 0, finding=error.finding)
        location = answer.headers.get("location", "")
        return Answer(
            str(target),
            answer.status_code,
            str(target.join(location)) if location else "",
            answer.headers.get("content-type", "").partition(";")[0].strip().lower()[:100],
            answer.content,
        )

    def _answer(
        self, method: str, url: httpx.URL, *, ours: bool, headers: Mapping[str, str], **content: Any
    ) -> httpx.Response:
        told = {"User-Agent": AGENT, "Accept-Language": "ja", "Accept-Encoding": "identity", **headers}
        if ours:
            # A form of an https site is believed by its origin.
            told |= {"Origin": settings.PUBLIC_URL, "Referer": f"{settings.PUBLIC_URL}/"} if method == "POST" else {}
        transport = _site() if ours else self._outside or Outside()
        jar = self._ours if ours else self._others
        with (
            # The page's language is the reader's, and this thread has another reader.
            translation.override(translation.get_language()),
            httpx.Client(transport=transport, trust_env=False, headers=told, cookies=jar) as client,
        ):
            answer = client.request(method, url, follow_redirects=False, **content)
            kept = client.cookies
        if ours:
            self._ours = kept
        else:
            self._others = kept
        return answer


def is_ours(url: httpx.URL) -> bool:
    """Tell whether an address is one of this site's."""
    own = httpx.URL(settings.PUBLIC_URL)
    return (url.scheme, url.host, _port(url)) == (own.scheme, own.host, _port(own))


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _site() -> httpx.WSGITransport:
    from portal.wsgi import application  # the site itself; a process of the web has it already

    return httpx.WSGITransport(app=application, remote_addr="127.0.0.1")


def _cookies(jar: httpx.Cookies) -> list[dict[str, Any]]:
    return [{name: getattr(cookie, name) for name in _COOKIE} for cookie in jar.jar]


def _jar(kept: list[dict[str, Any]]) -> httpx.Cookies:
    jar = httpx.Cookies()
    for one in kept:
        jar.jar.set_cookie(
            Cookie(
                version=0,
                port=None,
                port_specified=False,
                domain_specified=one["domain"].startswith("."),
                domain_initial_dot=one["domain"].startswith("."),
                path_specified=True,
                discard=one["expires"] is None,
                comment=None,
                comment_url=None,
                rest={},
                **one,
            )
        )
    return jar
