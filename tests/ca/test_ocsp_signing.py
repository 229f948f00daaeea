"""Answers looked up in the event loop and signed beside it: what is said when the signature comes late."""

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.x509 import ocsp as client

from ca import clock, keys, revocation
from ca.models import Certificate
from ca.ocsp import house, memory
from ca.ocsp.desk import ResponderDesk
from ca.responder import respond
from ca.revocation import Cause
from ca.serving import Limits
from ca.serving.connection import Hall, connections
from tests.ca import responders
from tests.ca.fixtures import issue_card, make_holder, make_realm
from tests.ca.test_ocsp import path_of, question

GOOD, REVOKED = client.OCSPCertStatus.GOOD, client.OCSPCertStatus.REVOKED
TOO_LATE = 0.5  # seconds; more than an answer may take from the look to its signature


def until(what: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    for _ in range(3000):
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("waited in vain")


@contextlib.contextmanager
def desk_open() -> Iterator[tuple[str, ResponderDesk]]:
    """Open a responder's desk in a thread of its own; give its `host:port` and the desk."""
    opened: Future[tuple[str, ResponderDesk]] = Future()
    ended = threading.Event()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        desk = ResponderDesk(respond)
        hall = Hall(loop, desk, Limits())
        server = await loop.create_server(connections(hall), "127.0.0.1", 0)
        opened.set_result((f"127.0.0.1:{server.sockets[0].getsockname()[1]}", desk))
        await asyncio.to_thread(ended.wait)
        server.close()
        for gathering in (desk._gathering, desk._signing._gathering):
            if gathering._reader is not None:
                gathering._reader.close()
        for executor in (desk._files, desk._slow):
            executor.shutdown(wait=True, cancel_futures=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        address, desk = opened.result(30)
        until(lambda: house.known() and desk._signing._gathering._reader)
        yield address, desk
    finally:
        ended.set()
        thread.join(30)
        gc.collect()  # its pools' connections to the database end with their threads


@contextlib.contextmanager
def signatures_late(desk: ResponderDesk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the responder's keys from the signing thread until the block's end, when so much time will have passed."""
    true = time.monotonic
    with keys.responder_store()._lock:  # type: ignore[attr-defined]
        yield
        monkeypatch.setattr(time, "monotonic", lambda: true() + TOO_LATE)


@pytest.fixture
def card(transactional_db: None) -> Certificate:
    return issue_card(make_holder(make_realm()))


@pytest.mark.parametrize("nonce", [b"", b"n" * 16], ids=["to be kept", "with a nonce"])
def test_a_status_that_changed_before_its_late_signature_is_never_told(
    card: Certificate, nonce: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, path = question(card, nonce=nonce), path_of(card)
    with desk_open() as (address, desk), ThreadPoolExecutor(1) as asking:
        with signatures_late(desk, monkeypatch):
            answer = asking.submit(responders.ask, address, path, data)
            until(lambda: desk._signing._ahead)  # looked up, and good
            revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=clock.now(card.realm))
        assert _standing(answer.result(30)) is REVOKED
        assert [_standing(kept.der) for kept in memory._kept.values()] == ([] if nonce else [REVOKED])
        assert _standing(responders.ask(address, path, data)) is REVOKED


def test_late_signatures_are_made_anew_and_leave_room_for_the_next(
    card: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = 40  # more than are looked up ahead of the signing thread
    with desk_open() as (address, desk), ThreadPoolExecutor(many) as asking:
        with signatures_late(desk, monkeypatch):
            answers = [
                asking.submit(responders.ask, address, path_of(card), question(card, nonce=bytes([number]) * 16))
                for number in range(many)
            ]
            until(lambda: desk._signing._room() <= 0)
        assert {_standing(answer.result(30)) for answer in answers} == {GOOD}
        assert _standing(responders.ask(address, path_of(card), question(card))) is GOOD
        until(lambda: desk._signing._ahead == desk._waiting == 0)


def _standing(body: bytes) -> Any:
    return client.load_der_ocsp_response(body).certificate_status
