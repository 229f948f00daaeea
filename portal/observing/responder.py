"""The responder, counted: stands before its desk (RESPONDER_DESKS), and adds numbers up before it tells them.

A question answered from memory costs the responder some ten microseconds, and a counter shared between processes nearly
as much. So each process counts in plain numbers, and tells the counters once a second.
"""

import asyncio
import time
from bisect import bisect_left
from collections import defaultdict
from typing import cast

from ca.reply import Reply, Request
from ca.serving import Connection, Desk, Trouble
from portal.observing import counting

EVERY = 1.0
KINDS = frozenset({"ocsp", "crl", "arl", "authority", "directory", "healthz", "readyz"})
_REFUSED = {Trouble.NOT_HTTP: "400", Trouble.HEAD_TOO_LONG: "431", Trouble.BODY_TOO_LONG: "413"} | {
    Trouble.TOO_SLOW: "408",
    Trouble.UNANSWERED: "503",
}


class CountedDesk:
    """A desk before the responder's, which it lets do all the work."""

    def __init__(self, inner: Desk) -> None:
        self._inner = inner
        self.answers: dict[tuple[str, str], int] = defaultdict(int)
        # By kind: how many fell into each bucket, and the sum of their seconds.
        self.times: dict[str, tuple[list[int], list[float]]] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.call_later(EVERY, self._tell)

    def take(self, request: Request, connection: Connection) -> None:
        """Hand the request on, and count what is replied."""
        self._inner.take(request, cast(Connection, _Counted(self, kind(request.target), connection)))

    def refusal(self, trouble: Trouble, target: bytes) -> Reply:
        """Return what the responder's desk says, and count it."""
        self.answers[kind(target), _REFUSED[trouble]] += 1
        return self._inner.refusal(trouble, target)

    async def close(self) -> None:
        """Let the responder end, and tell what is left."""
        await self._inner.close()
        self.tell()

    def note(self, kind_: str, status: str, seconds: float) -> None:
        """Count one answer."""
        self.answers[kind_, status] += 1
        if kind_ not in self.times:
            self.times[kind_] = ([0] * (len(counting.QUICK) + 1), [0.0])
        buckets, total = self.times[kind_]
        buckets[bisect_left(counting.QUICK, seconds)] += 1
        total[0] += seconds

    def tell(self) -> None:
        """Tell the counters what was counted since the last time."""
        answers, self.answers = self.answers, defaultdict(int)
        times, self.times = self.times, {}
        for (kind_, status), count in answers.items():
            counting.ANSWERS.labels(kind_, status).inc(count)
        for kind_, (buckets, total) in times.items():
            counting.ANSWER_SECONDS.labels(kind_).add(buckets, total[0])

    def _tell(self) -> None:
        self.tell()
        self._loop.call_later(EVERY, self._tell)


class _Counted:
    """A connection to which the desk replies; the reply goes out first."""

    __slots__ = ("_begun", "_connection", "_desk", "_kind")

    def __init__(self, desk: CountedDesk, kind_: str, connection: Connection) -> None:
        self._desk, self._kind, self._connection, self._begun = desk, kind_, connection, time.perf_counter()

    def reply(self, reply: Reply) -> None:
        self._connection.reply(reply)
        self._desk.note(self._kind, reply.status[:3], time.perf_counter() - self._begun)


def kind(target: bytes) -> str:
    """Return the first part of a target where it is one of the responder's own words, else `other`."""
    first = target.split(b"/", 2)[1] if target.startswith(b"/") else b""
    name = first.partition(b"?")[0].decode("latin-1")
    return name if name in KINDS else "other"
