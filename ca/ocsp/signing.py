"""Signing: questions that nothing kept answers, looked up together in the event loop and signed in threads beside it.

A thread gets nothing but octets to sign, some at a time: while it signs, the interpreter is the loop's. No more is
looked up than the threads will soon sign, so that no status is old when it is signed; what took too long nevertheless,
and all that is out of the ordinary, goes the slow way.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor

from ca.ocsp import endpoint, standing
from ca.ocsp.answer import Asked, Draft, drafted, sign
from ca.ocsp.gathering import Gathering
from ca.ocsp.standing import Reading, Rows
from ca.reply import Reply, Request
from ca.serving import Connection

logger = logging.getLogger(__name__)

_AT_ONCE = 8  # signed by a thread between two words to the loop

_Question = tuple[Asked, Request, Connection]
_Drafted = tuple[Draft, Request, Connection]


class Signing:
    """Answers in the event loop in which it was made, with signatures of its own threads."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        executor: Executor,
        threads: int,
        done: Callable[[Reply, Connection], None],
        slowly: Callable[[Request, Connection], None],
    ) -> None:
        """Call `done` with each answer, and `slowly` with what has none here."""
        self._loop, self._done, self._slowly = loop, done, slowly
        self._ahead, self._most = 0, 2 * _AT_ONCE * threads
        self._gathering: Gathering[_Question] = Gathering(loop, executor, _reading, self._looked, self._room)
        self._drafts: queue.SimpleQueue[list[_Drafted]] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._sign, name=f"signing-{number}", daemon=True).start()

    def take(self, asked: Asked, request: Request, connection: Connection) -> None:
        """Answer a question."""
        self._gathering.wait((asked, request, connection))

    def _room(self) -> int:
        return min(_AT_ONCE, self._most - self._ahead)

    def _looked(self, gathered: list[_Question], rows: Rows | None, begun: float) -> None:
        drafts = []
        seen = None if rows is None else standing.seen(rows)
        for asked, request, connection in gathered:
            draft = drafted(asked, seen, begun) if seen and asked.realm.pk in seen.offsets else None
            if draft is None or not draft.is_known:
                self._slowly(request, connection)
            else:
                drafts.append((draft, request, connection))
        if drafts:
            self._ahead += len(drafts)
            self._drafts.put(drafts)

    def _sign(self) -> None:
        while True:
            drafts = self._drafts.get()
            self._loop.call_soon_threadsafe(self._signed, drafts, [_signature(draft) for draft, _, _ in drafts])

    def _signed(self, drafts: list[_Drafted], signatures: list[bytes | None]) -> None:
        self._ahead -= len(drafts)
        self._gathering.go_on()
        for (draft, request, connection), signature in zip(drafts, signatures, strict=True):
            made = None if signature is None else draft.signed(signature)
            if made is None:
                self._slowly(request, connection)
            else:
                self._done(endpoint.kept(request, made), connection)


def _reading(gathered: list[_Question]) -> Reading:
    names = {name for asked, _, _ in gathered for name in asked.names if name}
    return standing.reading_of_look(names, {asked.realm.pk for asked, _, _ in gathered})


def _signature(draft: Draft) -> bytes | None:
    try:
        return sign(draft.key_label, draft.data)
    except Exception:
        logger.exception("an answer could not be signed")
        return None
