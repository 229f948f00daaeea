"""The bridge between local pages and the readers: HTTP on the loopback address, one request one powered session.

A page is let through by its origin, which a browser tells and a page can't change, and by the user at the agent. The
form is the site's own device bridge's: a list of commands in, their answers out, and nothing is kept.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tsm.local_agent import troubles
from tsm.local_agent.confirmation import Confirm, Consents, Question, wishes
from tsm.local_agent.troubles import CardChanged, NotConfirmed, OriginRefused, PasswordBlocked, RequestMalformed
from tsm.transports.base import Transport, TransportError

PORT = 9630
LOOPBACK = "127.0.0.1"
LONGEST_BODY = 64 * 1024
MOST_COMMANDS = 64
VERIFY = 0x20
# ISO 7816-4 6983 and the card's own 6984, and a first answer of no tries left.
BLOCKED = frozenset({b"\x69\x83", b"\x69\x84", b"\x63\xc0"})
# An answer with another status than these ends the session: what follows would have nothing to stand on.
GOES_ON = frozenset({0x90, 0x62})


@dataclass(frozen=True)
class Target:
    """What a page may reach: its name for the user, how it is powered, and which insertion of a card it is now."""

    name: str
    open: Callable[[], AbstractContextManager[Transport]]
    insertion: Callable[[], int]


class Bridge(ThreadingHTTPServer):
    """The server; `targets` by path."""

    daemon_threads = True

    def __init__(
        self,
        targets: dict[str, Target],
        *,
        origins: frozenset[str],
        confirm: Confirm,
        tell: Callable[[str], None],
        port: int = PORT,
    ) -> None:
        """Bind to the loopback address; port 0 takes a free one. Raises OSError where the port is taken."""
        super().__init__((LOOPBACK, port), _Handler)
        self.targets = targets
        self.origins = origins
        self.consents = Consents(confirm)
        self.tell = tell

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}"

    def play(self, target: Target, origin: str, body: bytes) -> list[str]:
        """Play a page's commands in one session, if the user lets it; return the answers in hex."""
        apdus, keep_going = _parsed(body)
        question = Question(origin, target.name, wishes(apdus))
        insertion = target.insertion()
        if self.consents.changed(question, insertion):
            raise CardChanged(f"since {origin} was allowed")
        if not self.consents.hold(question, insertion):
            raise NotConfirmed(str(question))
        if target.insertion() != insertion:
            raise CardChanged("while the question was open")
        with target.open() as chip:
            return self._session(chip, apdus, keep_going)

    def _session(self, chip: Transport, apdus: list[bytes], keep_going: bool) -> list[str]:
        answers = []
        for apdu in apdus:
            answer = chip.transmit(apdu)
            answers.append(answer.hex().upper())
            if apdu[1] == VERIFY and answer[-2:] in BLOCKED:
                self.tell(troubles.sentence(PasswordBlocked(f"the card answered {answer[-2:].hex().upper()}")))
            asks_tries = len(apdu) == 4 and apdu[1] == VERIFY
            if answer[-2] not in GOES_ON and not asks_tries and not keep_going:
                break
        return answers


class _Handler(BaseHTTPRequestHandler):
    server: Bridge
    server_version, sys_version = "phone-agent", ""
    timeout = 30

    def do_OPTIONS(self) -> None:
        """Answer a browser that asks whether this page may post here."""
        try:
            self._origin()
        except OriginRefused as error:
            self._refuse(error)
            return
        self._answer(204, None)

    def do_POST(self) -> None:
        try:
            origin = self._origin()
            target = self.server.targets.get(self.path)
            if target is None or self.headers.get_content_type() != "application/json":
                raise RequestMalformed(f"POST JSON to one of {', '.join(self.server.targets)}")
            answers = self.server.play(target, origin, self._body())
        except TransportError as error:
            self._refuse(error)
            return
        self._answer(200, {"answers": answers})

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a password may be in what was sent."""

    def _origin(self) -> str:
        """Return the page's origin; raises OriginRefused, also for a name that was made to lead here."""
        origin = self.headers.get("Origin", "")
        hosts = {f"{name}:{self.server.server_port}" for name in (LOOPBACK, "localhost")}
        if self.headers.get("Host", "") not in hosts or origin not in self.server.origins:
            raise OriginRefused(origin or "no origin")
        return origin

    def _body(self) -> bytes:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= LONGEST_BODY:
            self.close_connection = True
            raise RequestMalformed(f"a body of at most {LONGEST_BODY} bytes, with its length")
        return self.rfile.read(length)

    def _refuse(self, error: TransportError) -> None:
        self.server.tell(troubles.sentence(error))
        self._answer(troubles.of(error).status, troubles.problem(error), "application/problem+json")

    def _answer(self, status: int, value: dict[str, Any] | None, kind: str = "application/json") -> None:
        content = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        origin = self.headers.get("Origin", "")
        if origin in self.server.origins:
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Methods", "POST")
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
            self.send_header("Access-Control-Allow-Private-Network", "true")
        self.send_header("Vary", "Origin")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _parsed(body: bytes) -> tuple[list[bytes], bool]:
    try:
        given = json.loads(body)
        apdus = [bytes.fromhex(command) for command in given["commands"]]
        keep_going = bool(given.get("keep_going", False))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RequestMalformed("`commands` must be a list of hexadecimal strings") from error
    if not 0 < len(apdus) <= MOST_COMMANDS:
        raise RequestMalformed(f"one to {MOST_COMMANDS} commands a session")
    return apdus, keep_going
