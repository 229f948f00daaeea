"""The gathering: questions that wait for one reading of the database, together.

A reading answers for every question that came before it began; who comes later waits for the next. So each answer is
right at a moment after its question, and a hundred of them cost the database one read. Without a reading nobody is
answered from here.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Generic, TypeVar

from ca.ocsp.readers import Reader, opened
from ca.ocsp.standing import Reading, Rows

logger = logging.getLogger(__name__)

One = TypeVar("One")
# Those who waited, what was read for them, or None, and since when it is right: seconds of the monotonic clock.
Then = Callable[[list[One], Rows | None, float], None]
RETRY = 1.0  # seconds between tries to connect
_ANY = 1_000_000


class Gathering(Generic[One]):
    """Those who wait, and the reader. Lives in one event loop; connecting is left to the executor."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        executor: Executor,
        reading: Callable[[list[One]], Reading],
        then: Then[One],
        room: Callable[[], int] = lambda: _ANY,
    ) -> None:
        """Gather for `reading`; `room` says for how many at once, and when there is none, `go_on` is called later."""
        self._loop, self._executor, self._reading, self._then, self._room = loop, executor, reading, then, room
        self._waiting: list[One] = []
        self._called = False
        self._reader: Reader | None = None
        self._next_try = 0.0
        self._connect()  # so that the first question finds it

    def wait(self, one: One) -> None:
        """Call `then` with this one among others, when what was read after now is there."""
        self._waiting.append(one)
        self.go_on()

    def go_on(self) -> None:
        """Read, if somebody waits and there is room for them."""
        if self._waiting and not self._called and self._room() > 0:
            self._called = True
            # Not now: what came with the same wake of the loop is to be in it.
            self._loop.call_soon(self._read)

    def _read(self) -> None:
        room = self._room()
        gathered, self._waiting = self._waiting[:room], self._waiting[room:]
        begun = time.monotonic()
        if self._reader is None:
            self._connect()
            self._tell(gathered, begun, None)
            return
        self._reader.read(self._reading(gathered), partial(self._tell, gathered, begun))

    def _tell(self, gathered: list[One], begun: float, rows: Rows | None) -> None:
        if rows is None and self._reader is not None:
            logger.error("the responder lost the database: nothing kept is given until it is back")
            self._reader.close()
            self._reader = None
        self._called = False
        # Begun before the others are answered, so that the database works meanwhile.
        self.go_on()
        self._then(gathered, rows, begun)

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
