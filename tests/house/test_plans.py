"""What is asked for often goes by an index: nothing needs to read a table that grows with the population whole."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ca import clock, issuance, lag
from ca.issuance import continuation
from ca.models import Holder, Issuance, Realm
from ca.profiles import Medium, Purpose
from portal.certificates import history
from portal.console import standing
from portal.handoff import hand_offs
from portal.notices import reading
from sandbox import authorities as lists_of
from sandbox import certificates, furnishing
from sandbox.models import EventCursor, Furnishing
from sandbox.webhooks import expiry
from tests.ca import plans
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import make_holder, public_key
from tests.portal.helpdesk.callers import enrolled
from tests.whitelist.relying_parties import make_bank
from tsm.models import Enrolment
from whitelist.models import VerificationLog
from whitelist.verification import log

pytestmark = pytest.mark.databases

GROWN = (
    "ca_certificate", "ca_crl", "ca_holder", "ca_issuance", "ca_journalentry", "ca_cardrevocation", "tsm_phone",
    "tsm_secureelement", "tsm_enrolment", "tsm_conversation", "portal_handoff", "portal_happening", "portal_notice",
    "whitelist_verificationlog",
)  # fmt: skip


@pytest.fixture
def enrolment(realm: Realm) -> Enrolment:
    return enrolled(make_holder(realm))


def _continued(one: Enrolment) -> None:
    row = issuance.request(
        realm=one.realm, purpose=Purpose.SIGNATURE, medium=Medium.CARD, holder=one.holder, public_key=public_key(),
        request_key="one", continuation={"task": "tsm.advance", "args": [1]},
    )  # fmt: skip
    continuation.ripe_continuations([row.pk])
    continuation.left_behind()


def _noticed(one: Enrolment) -> None:
    reading.read(one.realm)


def _of_a_workspace(one: Enrolment) -> None:
    furnishing.settle(one.realm)
    Furnishing.objects.update(state="past")
    furnishing.settle(one.realm)
    list(lists_of.lists(one.realm))
    certificates.find(one.realm, "signature-0A")
    list(certificates.of(one.realm)[:5])
    expiry.note(one.realm)
    EventCursor.objects.update(expired_until=clock.now(one.realm) - timedelta(days=1))
    expiry.note(one.realm)


READ: dict[str, Callable[[Enrolment], Any]] = {
    "a holder's uses and changes": history.page,
    "a number that operators look for": lambda one: standing.find(one.realm, str(uuid.uuid4())),
    "an element that operators look for": lambda one: standing.find(one.realm, "4200" + "00" * 8),
    "how linkage lags": lambda one: lag.measure(one.realm, since=clock.now(one.realm), now=clock.now(one.realm)),
    "what the console shows": lambda one: standing.overview(one.realm),
    "the log of who asks": lambda one: log.newest([1, 2], 50, before=10**6),
    "hand-offs that ran out": lambda one: hand_offs.expire_due(one.realm),
    "going on after issuing": _continued,
    "a workspace's certificates": _of_a_workspace,
    "notices of what fell": _noticed,
}


@pytest.mark.django_db
@pytest.mark.postgres
@pytest.mark.parametrize("name", READ)
def test_it_needs_no_table_that_grows_whole(name: str, enrolment: Enrolment) -> None:
    with CaptureQueriesContext(connection) as seen:
        READ[name](enrolment)
    read = [each["sql"] for each in seen]
    assert read
    assert plans.needing_whole(read, GROWN) == []


@pytest.mark.django_db
def test_the_log_is_read_from_the_newest_page_by_page_for_askers_and_those_asked_for(realm: Realm) -> None:
    asks, other, stranger = (make_bank(realm, f"log-{number}") for number in range(3))
    common = {"kind": "status", "purpose": "signature", "check_purpose": "liveness_check", "verdict": "good"}
    now = clock.machine()
    mine = []
    for number in range(9):
        party, behalf = ((asks, None), (other, asks), (stranger, other))[number % 3]
        row = VerificationLog.objects.create(relying_party=party, on_behalf_of=behalf, at=now, **common)
        if number % 3 != 2:
            mine.append(row.pk)
    newest = log.newest([asks.pk], 4)
    assert [one.pk for one in newest] == mine[:1:-1]
    assert [one.pk for one in log.newest([asks.pk], 4, before=newest[-1].pk)] == mine[1::-1]
    assert len(log.newest([asks.pk, other.pk], 50)) == 9, "each once"
    assert log.newest([], 4) == []


@pytest.mark.django_db
def test_a_continuation_waits_for_all_that_is_not_continued_and_for_nothing_that_was(holder: Holder) -> None:
    def asked(key: str) -> Issuance:
        return issuance.request(
            realm=holder.realm, purpose=Purpose.SIGNATURE, medium=Medium.CARD, holder=holder, public_key=public_key(),
            request_key=key, continuation={"task": "tsm.advance", "args": [1]},
        )  # fmt: skip

    first = asked("first")
    assert continuation.ripe_continuations([first.pk]) == []
    issuance.issue(first.pk)
    (ripe,) = continuation.ripe_continuations([first.pk])
    continuation.mark_continued(ripe)
    assert continuation.ripe_continuations([first.pk]) == [ripe], "asked anew: the message may have been lost"
    second = asked("second")
    assert continuation.ripe_continuations([second.pk]) == []
    assert continuation.ripe_continuations([first.pk]) == []
    issuance.issue(second.pk)
    assert continuation.ripe_continuations([first.pk, second.pk]) == [ripe]
