"""The gathering: kept answers that wait for one reading of their marks, together.

A reading answers for every question that came before it began; who comes later waits for the next. So each answer is
right at a moment after its question, and a hundred of them cost the database one read. Without a reading nothing kept
is given.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import partial

from ca.ocsp.answer import Answer
from ca.ocsp.readers import Reader, opened
from ca.reply import Request
from ca.serving import Connection

logger = logging.getLogger(__name__)

Then = Callable[[Answer, Request, Connection, bool], None]
_Waiting = tuple[Answer, Request, Connection]
RETRY = 1.0  # seconds between tries to connect


class Gathering:
    """Those who wait, and the reader. Lives in one event loop; connecting is left to the executor."""

    def __init__(self, loop: asyncio.AbstractEventLoop, executor: Executor, then: Then) -> None:
        self._loop, self._executor, self._then = loop, executor, then
        self._waiting: list[_Waiting] = []
        self._called = False
        self._reader: Reader | None = None
        self._next_try = 0.0

    def wait(self, answer: Answer, request: Request, connection: Connection) -> None:
        """Call `then` with the three and whether the answer holds, read after now."""
        self._waiting.append((answer, request, connection))
        if not self._called:
            self._called = True
            # Not now: what came with the same wake of the loop is to be in it.
            self._loop.call_soon(self._read)

    def _read(self) -> None:
        gathered, self._waiting = self._waiting, []
        if self._reader is None:
            self._connect()
            self._tell(gathered, None)
            return
        ids = {mark[0] for answer, _, _ in gathered for mark in answer.marks}
        self._reader.read(ids, partial(self._tell, gathered))

    def _tell(self, gathered: list[_Waiting], marks: Mapping[int, int] | None) -> None:
        if marks is None and self._reader is not None:
            logger.error("the responder lost the database: nothing kept is given until it is back")
            self._reader.close()
            self._reader = None
        self._called = bool(self._waiting)
        if self._called:
            # Begun before the others are answered, so that the database works meanwhile.
            self._loop.call_soon(self._read)
        for answer, request, connection in gathered:
            self._then(answer, request, connection, marks is not None and answer.holds(marks))

    def _connect(self) -> None:
        now = self._loop.time()
        if now < self._next_try:
            return
        self._next_try = now + RETRY
        self._loop.run_in_executor(self._executor, opened, self._loop).add_done_callback(self._connected)

    def _connected(self, future: "asyncio.Future[Callable[[], Reader]]") -> None:
        if future.cancelled():
            return
        if (error := future.exception()) is not None:
            logger.error("the responder can't reach the database: %s", error)
        elif self._reader is None:
            self._reader = future.result()()
