"""Progress pushed from the server: Server-Sent Events, few at once and none for long.

The web's process has a number of threads that requests wait in, phones' long polls among them, and an open stream
holds one. So only so many are open at once, each ends after a while (the browser's EventSource opens another one by
itself), and whoever finds no place is told 503 and asks again and again instead.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

LOOK_SECONDS = 0.25  # between two looks at the rows
ALIVE_SECONDS = 5.0  # a line that says nothing, so that a connection that is gone is noticed
REOPEN_MILLISECONDS = 500
# A place whose stream was never closed, because its server forgot it, is free again so long after its end.
GRACE_SECONDS = 10.0


class Places:
    """The places for open streams in this process."""

    def __init__(self) -> None:
        self._taken: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, most: int, seconds: float) -> str | None:
        """Take a place for at most so many seconds; None when `most` are taken."""
        now = time.monotonic()
        with self._lock:
            self._taken = {one: until for one, until in self._taken.items() if until > now}
            if len(self._taken) >= most:
                return None
            place = uuid.uuid4().hex
            self._taken[place] = now + seconds + GRACE_SECONDS
            return place

    def give_back(self, place: str) -> None:
        with self._lock:
            self._taken.pop(place, None)

    def __len__(self) -> int:
        return len(self._taken)


PLACES = Places()


class Stream:
    """The events of one open stream; `close` gives its place back, however it ends, also before it begins."""

    def __init__(self, events: Iterator[str], place: str) -> None:
        self._events, self._place = events, place

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> str:
        return next(self._events)

    def close(self) -> None:
        PLACES.give_back(self._place)


def respond(look: Callable[[], tuple[str, bool]], show: Callable[[], Mapping[str, Any]], seen: str) -> HttpResponseBase:
    """Stream what `show` says, as JSON, whenever `look` sees something else than before; begin with `seen` as known.

    `look` returns a short name of what is to be seen now, and whether it may still change; `show` returns the whole.
    """
    seconds = settings.PHONE_STREAM_SECONDS
    place = PLACES.take(settings.PHONE_STREAMS, seconds)
    if place is None:
        return HttpResponse(status=503, headers={"Retry-After": "10"})
    response = StreamingHttpResponse(
        Stream(_events(look, show, seen, seconds), place), content_type="text/event-stream; charset=utf-8"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # nginx would collect what is to be seen at once
    return response


def _events(
    look: Callable[[], tuple[str, bool]], show: Callable[[], Mapping[str, Any]], seen: str, seconds: float
) -> Iterator[str]:
    yield f"retry: {REOPEN_MILLISECONDS}\n\n"
    end = time.monotonic() + seconds
    quiet_since = time.monotonic()
    while True:
        now_seen, moving = look()
        if now_seen != seen or not moving:
            seen, quiet_since = now_seen, time.monotonic()
            yield f"event: steps\nid: {seen}\ndata: {json.dumps(show())}\n\n"
        if not moving:
            return
        if time.monotonic() >= end:
            yield "event: pause\ndata: {}\n\n"
            return
        if time.monotonic() - quiet_since >= ALIVE_SECONDS:
            quiet_since = time.monotonic()
            yield ": alive\n\n"
        time.sleep(LOOK_SECONDS)
