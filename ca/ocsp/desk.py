"""The responder's desk: hot OCSP answers in the event loop itself, everything else in threads that may wait.

Behind it stands `respond`, which answers any request. The desk spares it those whose answer is kept and still holds.
"""

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import DatabaseError

from ca.ocsp import access, endpoint, house, memory
from ca.ocsp.answer import Answer, ResponseStatus, refused, tally
from ca.ocsp.gathering import Gathering
from ca.reply import TEXT, Reply, Request
from ca.serving import Connection, Trouble

logger = logging.getLogger(__name__)

# So many requests may wait for a thread; who comes then is told to try later, rather than wait in vain.
_WAITING = 512
_AT_ONCE = 8
_TALLY_SECONDS = 3600.0
_FILES = 4  # threads for everything that is not signing

_TRY_LATER = refused(ResponseStatus.TRY_LATER).uncached
_MALFORMED = refused(ResponseStatus.MALFORMED_REQUEST).uncached
_SAID = {
    Trouble.NOT_HTTP: Reply("400 Bad Request", TEXT, b"no HTTP request\n"),
    Trouble.HEAD_TOO_LONG: Reply("431 Request Header Fields Too Large", TEXT, b"the request's head is too long\n"),
    Trouble.BODY_TOO_LONG: Reply("413 Content Too Large", TEXT, b"the request is too long\n"),
    Trouble.TOO_SLOW: Reply("408 Request Timeout", TEXT, b"the request took too long to come\n"),
    Trouble.UNANSWERED: Reply("503 Service Unavailable", TEXT, b"busy\n"),
}
# The same, to who speaks OCSP (RFC 6960 2.3).
_SAID_BY_OCSP = {
    Trouble.BODY_TOO_LONG: _MALFORMED,
    Trouble.TOO_SLOW: Reply("408 Request Timeout", _TRY_LATER.kind, _TRY_LATER.body, _TRY_LATER.headers),
    Trouble.UNANSWERED: _TRY_LATER,
}


class ResponderDesk:
    """Takes requests in the event loop in which it was made."""

    def __init__(self, respond: Callable[[Request], Reply]) -> None:
        self._respond = respond
        self._loop = asyncio.get_running_loop()
        self._executor = ThreadPoolExecutor(_FILES, "files")
        self._gathering = Gathering(self._loop, self._executor, self._looked)
        self._signing: queue.SimpleQueue[tuple[Request, Connection]] = queue.SimpleQueue()
        for number in range(max(1, settings.OCSP_SIGNING_THREADS)):
            threading.Thread(target=self._sign, name=f"signing-{number}", daemon=True).start()
        self._waiting = 0
        self._open = access.is_open()
        self._look_around()
        self._loop.call_later(_TALLY_SECONDS, self._tell_tally)

    def take(self, request: Request, connection: Connection) -> None:
        """Reply from memory when what is kept holds, else let a thread answer."""
        if self._open and request.method in endpoint.ANSWERED:
            answer = memory.find((request.target, request.body))
            if answer is not None:
                self._gathering.wait(answer, request, connection)
                return
        self._pass_on(request, connection)

    def refusal(self, trouble: Trouble, target: bytes) -> Reply:
        """Say what is wrong with a request that never came here."""
        if target.startswith(endpoint.PREFIX) and trouble in _SAID_BY_OCSP:
            return _SAID_BY_OCSP[trouble]
        return _SAID[trouble]

    def _looked(self, answer: Answer, request: Request, connection: Connection, holds: bool) -> None:
        if not holds:
            self._pass_on(request, connection)
            return
        connection.reply(endpoint.headed(request, answer))
        if memory.renewal((request.target, request.body), answer):
            self._executor.submit(endpoint.renew, request)

    def _pass_on(self, request: Request, connection: Connection) -> None:
        if self._waiting >= _WAITING:
            connection.reply(self.refusal(Trouble.UNANSWERED, request.target))
            return
        self._waiting += 1
        if request.target.startswith(endpoint.PREFIX):
            self._signing.put((request, connection))
        else:
            self._executor.submit(self._read, request, connection)

    def _sign(self) -> None:
        """Answer what waits, several at a time: each wake of the loop takes the interpreter from who signs."""
        while True:
            taken = [self._signing.get()]
            with contextlib.suppress(queue.Empty):
                while len(taken) < _AT_ONCE:
                    taken.append(self._signing.get_nowait())
            answered = [(self._respond(request), connection) for request, connection in taken]
            self._loop.call_soon_threadsafe(self._answered, answered)

    def _read(self, request: Request, connection: Connection) -> None:
        self._loop.call_soon_threadsafe(self._answered, [(self._respond(request), connection)])

    def _answered(self, answered: list[tuple[Reply, Connection]]) -> None:
        self._waiting -= len(answered)
        for reply, connection in answered:
            connection.reply(reply)

    def _look_around(self) -> None:
        """See new generations and responders' certificates, also while everything asked comes from memory."""
        self._executor.submit(_read_house)
        self._loop.call_later(house.READ_AGAIN, self._look_around)

    def _tell_tally(self) -> None:
        """Say how often which key was used: whoever only reads can't write it into the journal."""
        for label, count in tally().items():
            logger.info("responder key %s signed %d answers", label, count)
        self._loop.call_later(_TALLY_SECONDS, self._tell_tally)


def _read_house() -> None:
    try:
        house.current()
    except DatabaseError as error:
        logger.error("the responder can't read the database: %s", error)
