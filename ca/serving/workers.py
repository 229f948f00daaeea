"""Sockets and processes: as many workers as asked, each with a loop of its own; one that dies is begun again.

Each worker listens on a socket of its own at the same address (SO_REUSEPORT), so that the kernel shares the clients
out, and a worker that is begun again finds those who waited for the one before it. At a path of the file system all
workers listen on one socket.
"""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvloop

from ca.serving.connection import Desk, Hall, Limits, connections

logger = logging.getLogger(__name__)

_BACKLOG = 1024
_PATIENCE = 5.0  # seconds that a worker has to end in


@dataclass(frozen=True)
class Place:
    """Where, and in how many processes, a desk is open. With a `path` at a socket there, and at no port."""

    host: str = "127.0.0.1"
    port: int = 8001
    workers: int = 1
    path: str = ""


def serve(place: Place, desk: Callable[[], Desk], limits: Limits | None = None) -> None:
    """Serve until SIGTERM or SIGINT. `desk` is called once in each worker, in its event loop. Raises SystemExit."""
    sockets = _listen(place)
    children: dict[int, int] = {}  # pid -> which socket
    ending = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ending
        ending = True
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    signals = (signal.SIGTERM, signal.SIGINT)
    for one in signals:
        signal.signal(one, end)
    alive, ours = os.pipe()  # its end is the parent's: a worker whose parent is gone goes too
    begun: dict[int, float] = {}

    def start(index: int) -> None:
        begun[index] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            _work(sockets[index], desk, limits or Limits(), alive, signals)
        children[pid] = index
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)

    for index in range(len(sockets)):
        start(index)
    while children:
        pid, status = os.wait()
        index = children.pop(pid)
        if ending:
            continue
        logger.error("a worker ended by itself (%s): another begins", os.waitstatus_to_exitcode(status))
        # One that can't even begin must not burn a core.
        time.sleep(max(0.0, 1.0 - (time.monotonic() - begun[index])))
        if not ending:
            start(index)


def _listen(place: Place) -> list[socket.socket]:
    if place.path:
        return [_listen_at(Path(place.path))] * place.workers
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Without SO_REUSEPORT first: two servers at one port would share its clients, and nobody would know.
        _probe(family, kind, protocol, address)
        sockets = []
        for _ in range(place.workers):
            one = socket.socket(family, kind, protocol)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(address)
            one.listen(_BACKLOG)
            one.setblocking(False)
            sockets.append(one)
    except OSError as error:
        raise SystemExit(f"can't listen on {place.host}:{place.port}: {error.strerror or error}") from None
    return sockets


def _listen_at(path: Path) -> socket.socket:
    """Listen at a path. Whoever may enter its folder may connect: that is the bound, and not the socket's own mode."""
    try:
        # What one that was killed left, as soon as its workers are gone; another that lives is not pushed aside.
        with contextlib.suppress(FileNotFoundError):
            ends = time.monotonic() + _PATIENCE / 2
            while stat.S_ISSOCK(path.lstat().st_mode) and _is_alive(path) and time.monotonic() < ends:
                time.sleep(0.05)
            if stat.S_ISSOCK(path.lstat().st_mode) and not _is_alive(path):
                path.unlink()
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.bind(str(path))
        path.chmod(0o666)
        one.listen(_BACKLOG)
        one.setblocking(False)
    except OSError as error:
        raise SystemExit(f"can't listen at {path}: {error.strerror or error}") from None
    return one


def _is_alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def _probe(family: int, kind: int, protocol: int, address: Any) -> None:
    """Raise OSError when somebody is at the address, and stays there: workers of one that was killed are just going."""
    ends = time.monotonic() + _PATIENCE / 2
    while True:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
                return
            except OSError:
                if time.monotonic() > ends:
                    raise
        time.sleep(0.05)


def _work(
    listening: socket.socket, desk: Callable[[], Desk], limits: Limits, alive: int, signals: tuple[signal.Signals, ...]
) -> None:
    code = 1
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        for one in signals:
            signal.signal(one, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        uvloop.run(_open(listening, desk, limits, alive, signals))
        code = 0
    except BaseException:
        logger.exception("the worker failed")
    finally:
        logging.shutdown()
        sys.stderr.flush()
        os._exit(code)


async def _open(
    listening: socket.socket, desk: Callable[[], Desk], limits: Limits, alive: int, signals: tuple[signal.Signals, ...]
) -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for one in signals:
        loop.add_signal_handler(one, told.set)
    loop.add_reader(alive, told.set)
    opened = desk()
    hall = Hall(loop, opened, limits)
    if listening.family == socket.AF_UNIX:
        server = await loop.create_unix_server(connections(hall), sock=listening, backlog=_BACKLOG)
    else:
        server = await loop.create_server(connections(hall), sock=listening, backlog=_BACKLOG)
    await told.wait()
    loop.remove_reader(alive)
    server.close()
    hall.close()
    ends = loop.time() + _PATIENCE
    while hall.connections and loop.time() < ends:
        await asyncio.sleep(0.02)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(opened.close(), _PATIENCE)
