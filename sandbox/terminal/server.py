"""The terminal's pages and its one address for services: HTTP on the loopback address.

GET  /?return_url=…&challenge=…&state=…   a service sends the visitor's browser here
GET  /visits/<id>                         asks for card or phone, and PIN
POST /visits/<id>                         reads, and sends the browser back with state and code
POST /answers                             {"code"}: certificate and signature, once; for the service
GET  /health                              whether a terminal is here
"""

import base64
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.terminal import pages
from sandbox.terminal.card import CardError, Seen, look, prove
from sandbox.terminal.reader import Reader
from sandbox.terminal.visits import AskMalformed, Visit, Visits, origin

PORT = 9640
LOOPBACK = "127.0.0.1"
LONGEST_BODY = 4096
# How long a press on "read it" waits for something to be put on the reader.
PATIENCE = 8.0


class Terminal(ThreadingHTTPServer):
    """The server: `reader` is read for visits of `services` (origins). Raises OSError where the port is taken."""

    daemon_threads = True

    def __init__(
        self, reader: Reader, services: frozenset[str], *, port: int = PORT, patience: float = PATIENCE
    ) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.reader = reader
        self.visits = Visits(services)
        self.patience = patience
        # One visitor's chip at a time: a second press waits for the first.
        self.turn = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}"

    def seen(self) -> Seen | CardError:
        """Return what lies on the reader, or why that can't be told."""
        try:
            with self.turn, self.reader.chip() as transmit:
                return look(transmit)
        except CardError as error:
            return error

    def read(self, visit: Visit, pin: str) -> str:
        """Have the chip prove its holder; return where the browser goes. Raises CardError."""
        with self.turn, self.reader.chip(self.patience) as transmit:
            proof = prove(transmit, pin, visit.message)
        code = self.visits.finish(visit, proof)
        return _back(visit, code=code) if code else _back(visit, error="visit_over")


class _Handler(BaseHTTPRequestHandler):
    server: Terminal
    server_version, sys_version = "reader-terminal", ""
    timeout = 30

    def do_GET(self) -> None:
        path, query = self._asked()
        if not self._is_for_us():
            self._page(403, pages.stopped("service_unknown", self._language(query)))
        elif path == "/terminal.css":
            self._answer(200, pages.STYLE, "text/css; charset=utf-8")
        elif path == "/health":
            self._json(200, {"terminal": "reader", "reader": self.server.reader.name})
        elif path == "/":
            self._begin(query)
        elif visit := self._visit(path):
            self._page(200, pages.ask(visit, self._language(query), self.server.seen()))
        else:
            self._lost(path, query)

    def do_POST(self) -> None:
        path, query = self._asked()
        if not self._is_for_us():
            self._page(403, pages.stopped("service_unknown", self._language(query)))
        elif path == "/answers":
            self._give()
        elif path.endswith("/stop") and (visit := self._visit(path.removesuffix("/stop"))):
            self._body()
            self.server.visits.end(visit)
            self._go(_back(visit, error="stopped"))
        elif visit := self._visit(path):
            pin = urllib.parse.parse_qs(self._body().decode("utf-8", "replace")).get("pin", [""])[0]
            try:
                self._go(self.server.read(visit, pin))
            except CardError as error:
                self._page(200, pages.ask(visit, self._language(query), self.server.seen(), error))
        else:
            self._body()
            self._lost(path, query)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a PIN may be in what was sent."""

    def _begin(self, query: dict[str, str]) -> None:
        try:
            visit = self.server.visits.begin(
                query.get("return_url", ""), query.get("challenge", ""), query.get("state", "")
            )
        except AskMalformed as error:
            self._page(400, pages.stopped(error.code, self._language(query)))
            return
        self._go(f"/visits/{visit.id}?lang={self._language(query)}")

    def _give(self) -> None:
        """Give the proof to whoever has the code. No page can ask for it: it isn't told the answer."""
        body = self._body()
        try:
            code = json.loads(body)["code"]
        except (ValueError, KeyError, TypeError, RecursionError):
            code = None
        proof = self.server.visits.answer(code) if isinstance(code, str) else None
        if proof is None or self.headers.get_content_type() != "application/json":
            self._json(404, {"code": "answer_unknown"})
            return
        self._json(
            200,
            {
                "certificate": base64.b64encode(proof.certificate).decode(),
                "signature": base64.b64encode(proof.signature).decode(),
            },
        )

    def _visit(self, path: str) -> Visit | None:
        return self.server.visits.find(path.removeprefix("/visits/")) if path.startswith("/visits/") else None

    def _lost(self, path: str, query: dict[str, str]) -> None:
        code, status = ("visit_over", 410) if path.startswith("/visits/") else ("nothing_here", 404)
        self._page(status, pages.stopped(code, self._language(query)))

    def _is_for_us(self) -> bool:
        """Return whether the browser means us: a name that somebody made to lead here is another."""
        return self.headers.get("Host", "") in {f"{name}:{self.server.server_port}" for name in (LOOPBACK, "localhost")}

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urllib.parse.urlsplit(self.path)
        return parts.path, {name: values[0] for name, values in urllib.parse.parse_qs(parts.query).items()}

    def _language(self, query: dict[str, str]) -> str:
        given = query.get("lang") or self.headers.get("Accept-Language") or ""
        return "en" if given.lower().startswith("en") else "ja"

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            self.close_connection = True
            return b""
        return self.rfile.read(int(length))

    def _go(self, url: str) -> None:
        self.send_response(303)
        self.send_header("Location", url)
        self._end(b"")

    def _page(self, status: int, html: str) -> None:
        self._answer(status, html.encode(), "text/html; charset=utf-8")

    def _json(self, status: int, value: dict[str, Any]) -> None:
        self._answer(status, json.dumps(value).encode(), "application/json")

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self._end(content)

    def _end(self, content: bytes) -> None:
        # A form's answer leads back to the service, and a browser checks where a form's redirect goes.
        forms = " ".join(["'self'", *sorted(self.server.visits.services)])
        for name, value in (
            (
                "Content-Security-Policy",
                f"default-src 'none'; style-src 'self'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'",
            ),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Length", str(len(content))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _back(visit: Visit, **outcome: str) -> str:
    return f"{visit.return_url}?{urllib.parse.urlencode({'state': visit.state, **outcome})}"


def checked(services: list[str]) -> frozenset[str]:
    """Return the origins of services as an operator names them. Raises ValueError for what is none."""
    found = frozenset(origin(service) for service in services)
    if "" in found:
        raise ValueError("a service is named by its address: http://localhost:8002")
    return found
