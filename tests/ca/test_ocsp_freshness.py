"""Freshness: several responders as processes over one database, and how late a revocation is seen by each."""

import threading
import time
from pathlib import Path

from cryptography.x509 import ocsp as client
from django.db import transaction

from ca import clock, revocation
from ca.models import Certificate, Realm
from ca.revocation import Cause
from tests.ca import responders
from tests.ca.fixtures import issue_card, issue_phone, make_holder, make_realm
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


def test_in_a_device_change_no_old_phone_is_good_after_a_new_one_was(transactional_db: None, tmp_path: Path) -> None:
    """Whoever asks: what one worker said of the new pair, no other takes back with the old."""
    realm = make_realm()
    card = issue_card(make_holder(realm))
    pair = [issue_phone(card, key=10), issue_phone(card, key=11, pending=True)]
    questions = [question(one) for one in pair]
    path = path_of(pair[0])
    with responders.started(tmp_path, 3) as addresses:
        said: list[tuple[float, float, int, object]] = []  # asked at, answered at, which, standing
        done = threading.Event()

        def poll(address: str, which: int) -> None:
            while not done.is_set():
                begun = time.monotonic()
                body = responders.ask(address, path, questions[which])
                standing = client.load_der_ocsp_response(body).certificate_status
                said.append((begun, time.monotonic(), which, standing))

        pollers = [threading.Thread(target=poll, args=(address, which)) for address in addresses for which in (0, 1)]
        for poller in pollers:
            poller.start()
        time.sleep(1)
        with transaction.atomic():
            revocation.revoke(pair[0], cause=Cause.PHONE_USE_ENDED, now=clock.now(realm))
            revocation.activate(pair[1], now=clock.now(realm))
        time.sleep(0.5)
        done.set()
        for poller in pollers:
            poller.join(10)
    new_good = min(answered for _, answered, which, standing in said if which == 1 and standing is GOOD)
    assert [standing for asked, _, which, standing in said if which == 0 and asked > new_good]
    assert not [asked for asked, _, which, standing in said if which == 0 and standing is GOOD and asked > new_good]


def test_no_answer_is_older_than_its_question(transactional_db: None, tmp_path: Path) -> None:
    """Each change is seen by every worker at the very next question."""
    realm = make_realm()
    card = issue_card(make_holder(realm))
    data, path = question(card), path_of(card)
    with responders.started(tmp_path, 3) as addresses:
        for turn in range(15):
            if turn % 2:
                revocation.hold(card, cause=Cause.LOSS, now=clock.now(realm))
            elif turn:
                revocation.release(card, now=clock.now(realm))
            for address in addresses * 2:
                answer = client.load_der_ocsp_response(responders.ask(address, path, data))
                assert answer.certificate_status is (REVOKED if turn % 2 else GOOD)
