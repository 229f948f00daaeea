"""What services asked for, and the answers that wait for them: in memory, for minutes, each used once."""

import secrets
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.terminal.card import Proof

# Long enough to find one's card; short enough that nobody finds the next visitor's page open.
VISIT_SECONDS = 300
ANSWER_SECONDS = 60
MOST = 100
LONGEST = 255


class AskMalformed(Exception):
    """What the service sent the browser with can't be taken. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Visit:
    """One visitor, sent by a service: where the browser goes back to, what is signed, and the service's own state."""

    id: str
    return_url: str
    challenge: str
    state: str
    until: float

    @property
    def origin(self) -> str:
        return origin(self.return_url)

    @property
    def message(self) -> bytes:
        """Return what the chip signs. It names where the answer goes, so no service gets one that is for another."""
        return signed_text(self.return_url, self.challenge).encode()


def signed_text(return_url: str, challenge: str) -> str:
    return f"JPKI-READER-1\n{return_url}\n{challenge}\n"


def origin(url: str) -> str:
    """Return scheme, host and port of an address; empty where it is none."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


class Visits:
    """All visits, for the services at `services` (origins) and no others."""

    def __init__(self, services: frozenset[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.services = services
        self._clock = clock
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}
        self._answers: dict[str, tuple[Proof, float]] = {}

    def begin(self, return_url: str, challenge: str, state: str) -> Visit:
        """Return a new visit. Raises AskMalformed."""
        if not _is_visible(return_url) or len(return_url) > LONGEST or "?" in return_url or "#" in return_url:
            raise AskMalformed("ask_malformed")
        if origin(return_url) not in self.services:
            raise AskMalformed("service_unknown")
        # Whoever asks makes the challenge: fresh, and too long to be guessed or to come twice.
        if not 32 <= len(challenge) <= LONGEST or not _is_visible(challenge):
            raise AskMalformed("ask_malformed")
        if not 0 < len(state) <= LONGEST or not _is_visible(state):
            raise AskMalformed("ask_malformed")
        now = self._clock()
        visit = Visit(secrets.token_urlsafe(24), return_url, challenge, state, now + VISIT_SECONDS)
        with self._lock:
            self._visits = {key: one for key, one in self._visits.items() if one.until > now}
            if len(self._visits) >= MOST:
                del self._visits[next(iter(self._visits))]
            self._visits[visit.id] = visit
        return visit

    def find(self, id: str) -> Visit | None:
        """Return the visit while it lasts."""
        visit = self._visits.get(id)
        return visit if visit is not None and visit.until > self._clock() else None

    def finish(self, visit: Visit, proof: Proof) -> str | None:
        """End the visit with its proof; return the code to fetch it by, or None where it had ended already."""
        code, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            if self._visits.pop(visit.id, None) is None:
                return None
            self._answers = {key: one for key, one in self._answers.items() if one[1] > now}
            self._answers[code] = (proof, now + ANSWER_SECONDS)
        return code

    def end(self, visit: Visit) -> None:
        """End the visit without an answer."""
        with self._lock:
            self._visits.pop(visit.id, None)

    def answer(self, code: str) -> Proof | None:
        """Return the proof for a code, once."""
        with self._lock:
            found = self._answers.pop(code, None)
        return found[0] if found is not None and found[1] > self._clock() else None


def _is_visible(text: str) -> bool:
    return all("\x21" <= each <= "\x7e" for each in text)
