"""Services to try the suite with, each on a port of its own: a careful one, and ones that are not."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

from jpki_client import PHONE, SIGNATURE, USER_AUTHENTICATION, Client, JpkiError, Pending

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
    """A service: /login asks for an authentication behind a form, /sign for a signature from whoever is signed in."""

    judge: Judge = careful
    media: tuple[str, ...] = (PHONE,)
    document: dict[str, Any] = field(default_factory=lambda: {"document": "契約書\r\n第1条\n"})
    # A service without sessions of its own takes what comes for what was asked last.
    has_sessions: bool = True
    origin: str = ""
    client: Client | None = None
    _sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    _last: dict[str, Any] = field(default_factory=dict)

    @property
    def callback(self) -> str:
        return f"{self.origin}/return"

    @property
    def start(self) -> str:
        return f"{self.origin}/login"

    @property
    def sign(self) -> str:
        return f"{self.origin}/sign"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        status, headers, body = self._answer(environ)
        start_response(f"{status} .", [("Content-Type", "text/html; charset=utf-8"), *headers])
        return [body.encode()]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], str]:
        path, session = environ["PATH_INFO"], self._session(environ)
        if path == "/login" and environ["REQUEST_METHOD"] == "GET":
            form = '<form method="post"><input type="hidden" name="csrf" value="x"><button>ログイン</button></form>'
            return 200, [], form
        if path == "/sign" and not session.get("signed_in"):
            return 403, [], "sign in first"
        if path in ("/login", "/sign"):
            return self._ask(session, SIGNATURE if path == "/sign" else USER_AUTHENTICATION)
        if path == "/welcome":
            return 200, [], "welcome"
        return self._back(session, dict(parse_qsl(environ["QUERY_STRING"])))

    def _ask(self, session: dict[str, Any], purpose: str) -> tuple[int, list[tuple[str, str]], str]:
        assert self.client is not None
        what = {"document_name": "契約書", **self.document} if purpose == SIGNATURE else {}
        asked = self.client.ask(purpose, return_url=self.callback, media=self.media, **what)
        name = secrets.token_urlsafe(8)
        self._last = self._sessions[name] = {**session, "pending": asked.pending.kept()}
        return 302, [("Location", asked.link), ("Set-Cookie", f"session={name}; Path=/; HttpOnly")], ""

    def _back(self, session: dict[str, Any], query: dict[str, str]) -> tuple[int, list[tuple[str, str]], str]:
        assert self.client is not None
        kept = session.pop("pending", None) if self.has_sessions else self._last.get("pending")
        if kept is None or not self.judge(self.client, Pending.read(kept), query):
            return 403, [], "no"
        session["signed_in"] = True
        return 303, [("Location", "/welcome")], ""

    def _session(self, environ: dict[str, Any]) -> dict[str, Any]:
        pairs = (one.strip().partition("=") for one in environ.get("HTTP_COOKIE", "").split(";"))
        name = {key: value for key, _, value in pairs}.get("session", "")
        return self._sessions.get(name, {}) if self.has_sessions else self._last


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(service: Service) -> Iterator[Service]:
    """Serve on a free port until the block ends."""
    server = make_server("127.0.0.1", 0, service, handler_class=_Quiet)
    service.origin = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
