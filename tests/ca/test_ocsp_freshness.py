"""Freshness: several responders as processes over one database, and how late a revocation is seen by each."""

import threading
import time
from pathlib import Path

from cryptography.x509 import ocsp as client

from ca import clock, revocation
from ca.models import Certificate, Realm
from ca.revocation import Cause
from tests.ca import responders
from tests.ca.fixtures import issue_card, make_holder, make_realm
from tests.ca.test_ocsp import path_of, question

GOOD, REVOKED = client.OCSPCertStatus.GOOD, client.OCSPCertStatus.REVOKED
BAR = 1.0  # seconds between the commit and the last "good"


def test_no_worker_says_good_a_second_after_a_revocation_was_committed(transactional_db: None, tmp_path: Path) -> None:
    realm = make_realm()
    cards = [issue_card(make_holder(realm), key=number) for number in range(3)]
    with responders.started(tmp_path, 3) as addresses:
        for card in cards:
            said, committed = _watch(realm, addresses, card)
            for address in addresses:
                answers = [(at, standing) for where, at, standing in said if where == address]
                before = [standing for at, standing in answers if at < committed - 0.25]
                assert before
                assert set(before) == {GOOD}
                late = [at - committed for at, standing in answers if standing is not REVOKED and at > committed]
                assert max(late, default=0) < BAR, late
                assert answers[-1][1] is REVOKED


def _watch(realm: Realm, addresses: list[str], card: Certificate) -> tuple[list[tuple[str, float, object]], float]:
    """Poll all responders while the card is revoked; return what each said to what was asked when, and the commit."""
    data, path = question(card), path_of(card)
    said: list[tuple[str, float, object]] = []
    done = threading.Event()

    def poll(address: str) -> None:
        while not done.is_set():
            at = time.monotonic()
            body = responders.ask(address, path, data)
            said.append((address, at, client.load_der_ocsp_response(body).certificate_status))
            time.sleep(0.01)

    pollers = [threading.Thread(target=poll, args=(address,)) for address in addresses for _ in range(2)]
    for poller in pollers:
        poller.start()
    # Each has said good, from memory, before the revocation, of which nobody tells it.
    deadline = time.monotonic() + 30
    while any(sum(where == address for where, _, _ in list(said)) < 10 for address in addresses):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.3)
    revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    committed = time.monotonic()
    time.sleep(BAR + 0.4)
    done.set()
    for poller in pollers:
        poller.join(10)
    return sorted(said, key=lambda one: one[1]), committed
