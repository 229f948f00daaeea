"""Services to try the suite with, in this very process: one that does everything as it should, and ones that don't."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

from jpki_client import PHONE, SIGNATURE, USER_AUTHENTICATION, Client, JpkiError, Pending

ORIGIN = "http://localhost:3000"
CALLBACK = f"{ORIGIN}/return"
START, SIGN = f"{ORIGIN}/login", f"{ORIGIN}/sign"
# What a service does with what came back: True, if it takes it.
Judge = Callable[[Client, Pending, dict[str, str]], bool]


def careful(client: Client, pending: Pending, query: dict[str, str]) -> bool:
    """Take what is this session's, and holds in every respect."""
    try:
        hand_off = client.come_back(pending, query)
        return client.verify(hand_off, pending).accepted
    except JpkiError:
        return False


def by_records(client: Client, pending: Pending, query: dict[str, str]) -> bool:
    """The same, with the verification API in place of OCSP."""
    try:
        hand_off = client.come_back(pending, query)
        return client.verify(hand_off, pending, status=client.by_api()).accepted
    except JpkiError:
        return False


def blind(client: Client, pending: Pending, query: dict[str, str]) -> bool:
    """Take whatever comes back."""
    return True


@dataclass
class Service:
    """A service of two pages: /login asks for an authentication behind a form, /sign for a signature at once."""

    client: Client
    judge: Judge = careful
    media: tuple[str, ...] = (PHONE,)
    document: dict[str, Any] = field(default_factory=lambda: {"document": "契約書\r\n第1条\n"})
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Takes a return without a session, and forgets nothing that was answered: see `careless` tests.
    needs_session: bool = True
    last: dict[str, Any] = field(default_factory=dict)

    def transport(self) -> httpx.BaseTransport:
        return httpx.WSGITransport(app=self)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        session = self._session(environ)
        path = environ["PATH_INFO"]
        if path == "/login" and environ["REQUEST_METHOD"] == "GET":
            page = '<form method="post" action="/login"><input type="hidden" name="csrf" value="x"><button>Go</button>'
            return self._answer(start_response, 200, page)
        if path in ("/login", "/sign"):
            signing = path == "/sign"
            if signing and not session.get("signed_in"):
                return self._answer(start_response, 403, "sign in first")
            asked = self.client.ask(
                SIGNATURE if signing else USER_AUTHENTICATION,
                return_url=CALLBACK,
                media=self.media,
                **({"document_name": "契約書", **self.document} if signing else {}),
            )
            name = secrets.token_urlsafe(8)
            self.sessions[name] = {**session, "pending": asked.pending.kept()}
            self.last = self.sessions[name]
            return self._answer(start_response, 302, "", Location=asked.link, Cookie=name)
        return self._back(session, dict(parse_qsl(environ["QUERY_STRING"])), start_response)

    def _back(self, session: dict[str, Any], query: dict[str, str], start_response: Callable[..., Any]) -> list[bytes]:
        if not self.needs_session:
            session = self.last
        kept = session.pop("pending", None) if self.needs_session else session.get("pending")
        if kept is None or not self.judge(self.client, Pending.read(kept), query):
            return self._answer(start_response, 403, "no")
        session["signed_in"] = True
        return (
            self._answer(start_response, 303, "", Location="/welcome")
            if False
            else self._answer(start_response, 200, "welcome")
        )

    def _session(self, environ: dict[str, Any]) -> dict[str, Any]:
        cookies = dict(pair.strip().split("=", 1) for pair in environ.get("HTTP_COOKIE", "").split(";") if "=" in pair)
        return self.sessions.get(cookies.get("session", ""), {})

    def _answer(
        self, start_response: Callable[..., Any], status: int, body: str, Location: str = "", Cookie: str = ""
    ) -> list[bytes]:
        headers = [("Content-Type", "text/html; charset=utf-8")]
        headers += [("Location", Location)] if Location else []
        headers += [("Set-Cookie", f"session={Cookie}; Path=/; HttpOnly")] if Cookie else []
        start_response(f"{status} .", headers)
        return [body.encode()]
