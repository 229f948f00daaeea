"""The responder's desk: OCSP in the event loop itself, everything else in threads that may wait.

Behind it stands `respond`, which answers any request. The desk spares it those whose answer is kept and still holds
(`ca.ocsp.gathering`), and those about known certificates that only want looking up and signing (`ca.ocsp.signing`).
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import DatabaseError

from ca.ocsp import access, endpoint, house, memory, standing, uses
from ca.ocsp.answer import Answer, ResponseStatus, refused
from ca.ocsp.gathering import Gathering
from ca.ocsp.signing import Signing
from ca.ocsp.standing import Reading, Rows
from ca.reply import TEXT, Reply, Request
from ca.serving import Connection, Trouble

logger = logging.getLogger(__name__)

# So many requests may wait for a thread; who comes then is told to try later, rather than wait in vain.
_WAITING = 512
_FILES = 4  # threads for everything that is no OCSP

_Kept = tuple[Answer, Request, Connection]

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
        threads = max(1, settings.OCSP_SIGNING_THREADS)
        self._files = ThreadPoolExecutor(_FILES, "files")
        self._slow = ThreadPoolExecutor(threads, "slow")
        self._gathering: Gathering[_Kept] = Gathering(self._loop, self._files, _reading, self._looked)
        self._signing = Signing(self._loop, self._files, threads, self._done, self._in_thread)
        self._waiting = 0
        self._open = access.is_open()
        self._look_around()
        self._loop.call_later(settings.OCSP_NOTE_SECONDS, self._note_uses)

    def take(self, request: Request, connection: Connection) -> None:
        """Reply from memory when what is kept holds, else have an answer made."""
        if self._open and request.method in endpoint.ANSWERED:
            answer = memory.find((request.target, request.body))
            if answer is not None:
                self._gathering.wait((answer, request, connection))
                return
        self._have_made(request, connection)

    def refusal(self, trouble: Trouble, target: bytes) -> Reply:
        """Say what is wrong with a request that never came here."""
        if target.startswith(endpoint.PREFIX) and trouble in _SAID_BY_OCSP:
            return _SAID_BY_OCSP[trouble]
        return _SAID[trouble]

    async def close(self) -> None:
        """Note what the keys were used for since the last note."""
        await self._loop.run_in_executor(self._files, uses.note)

    def _looked(self, gathered: list[_Kept], rows: Rows | None, begun: float) -> None:
        marks = standing.marks(rows or ())
        for answer, request, connection in gathered:
            if not answer.holds(marks):
                self._have_made(request, connection)
                continue
            connection.reply(endpoint.headed(request, answer))
            if memory.renewal((request.target, request.body), answer):
                self._files.submit(endpoint.renew, request)

    def _have_made(self, request: Request, connection: Connection) -> None:
        if self._waiting >= _WAITING:
            connection.reply(self.refusal(Trouble.UNANSWERED, request.target))
            return
        self._waiting += 1
        asked = endpoint.asked(request) if self._open else None
        if asked is None:
            self._in_thread(request, connection)
        else:
            self._signing.take(asked, request, connection)

    def _in_thread(self, request: Request, connection: Connection) -> None:
        executor = self._slow if request.target.startswith(endpoint.PREFIX) else self._files
        executor.submit(self._answer, request, connection)

    def _answer(self, request: Request, connection: Connection) -> None:
        self._loop.call_soon_threadsafe(self._done, self._respond(request), connection)

    def _done(self, reply: Reply, connection: Connection) -> None:
        self._waiting -= 1
        connection.reply(reply)

    def _look_around(self) -> None:
        """See new generations and responders' certificates, also while everything asked comes from memory."""
        self._files.submit(_read_house)
        self._loop.call_later(house.READ_AGAIN / 2, self._look_around)

    def _note_uses(self) -> None:
        self._files.submit(uses.note)
        self._loop.call_later(settings.OCSP_NOTE_SECONDS, self._note_uses)


def _reading(gathered: list[_Kept]) -> Reading:
    return standing.reading_of_marks({mark[0] for answer, _, _ in gathered for mark in answer.marks})


def _read_house() -> None:
    try:
        house.current()
    except DatabaseError as error:
        logger.error("the responder can't read the database: %s", error)
