"""A responder's desk with faults before it, open on a port."""

import asyncio
import contextlib
import gc
import threading
from collections.abc import Iterator
from concurrent.futures import Future

from ca.ocsp.desk import ResponderDesk
from ca.responder import respond
from ca.serving import Limits
from ca.serving.connection import Hall
from ca.serving.workers import connections
from sandbox.faults.responder import FaultyDesk
from tests.ca.test_ocsp_signing import until


@contextlib.contextmanager
def faulty_desk() -> Iterator[str]:
    """Open it in a thread of its own; give its `host:port`."""
    opened: Future[tuple[str, ResponderDesk]] = Future()
    ended = threading.Event()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        desk = ResponderDesk(respond)
        faulty = FaultyDesk(desk)
        server = await loop.create_server(connections(Hall(loop, faulty, Limits())), "127.0.0.1", 0)
        opened.set_result((f"127.0.0.1:{server.sockets[0].getsockname()[1]}", desk))
        await asyncio.to_thread(ended.wait)
        server.close()
        faulty._threads.shutdown(wait=True, cancel_futures=True)
        for gathering in (desk._gathering, desk._signing._gathering):
            if gathering._reader is not None:
                gathering._reader.close()
        for executor in (desk._files, desk._slow):
            executor.shutdown(wait=True, cancel_futures=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        address, desk = opened.result(30)
        until(lambda: desk._signing._gathering._reader)
        yield address
    finally:
        ended.set()
        thread.join(30)
        gc.collect()
