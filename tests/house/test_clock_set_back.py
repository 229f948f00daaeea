"""A machine whose clock is set back by hours: nothing waits for these hours to come again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from celery import Celery, current_app
from django.utils import timezone

from ca import clock, issuance, leases
from ca.issuance import left_behind
from ca.models import Issuance, Realm
from ca.profiles import Medium, Purpose
from portal.beat import Scheduler
from tests.ca.fixtures import *  # noqa: F403
from tests.ca.fixtures import make_holder, public_key
from tsm import conversation, lease, sweep
from tsm.models import Conversation, Phone, SecureElement

HOURS = timedelta(hours=2)


@pytest.fixture
def beat(tmp_path: Path) -> Iterator[tuple[Scheduler, list[str], list[datetime]]]:
    """Give a beat of two tasks, what it sent, and its clock."""
    sent: list[str] = []
    now = [timezone.now()]
    before = current_app._get_current_object()
    app = Celery("clock", broker="memory://")  # the current one from here on: its schedules ask that for the time
    app.conf.beat_schedule = {
        name: {"task": name, "schedule": seconds} for name, seconds in (("often", 10.0), ("seldom", 60.0))
    }

    def read(*_: object) -> datetime:
        return now[0]

    with mock.patch.object(app, "now", read), mock.patch("celery.schedules.schedule.now", read):

        class Recording(Scheduler):
            def apply_entry(self, entry: Any, producer: Any = None) -> None:
                sent.append(entry.name)

            def _when(self, entry: Any, next_time_to_run: float, mktime: Any = None) -> float:
                return now[0].timestamp() + next_time_to_run

        scheduler = Recording(app, schedule_filename=str(tmp_path / "beat"), lazy=False)
        yield scheduler, sent, now
        scheduler.close()
    before.set_current()


def run(beat: tuple[Scheduler, list[str], list[datetime]], seconds: int) -> list[str]:
    """Let so much time go by; return what was sent in it."""
    scheduler, sent, now = beat
    sent.clear()
    for _ in range(seconds):
        now[0] += timedelta(seconds=1)
        for _ in range(5):
            scheduler.tick()
    return sorted(sent)


def test_the_beat_goes_on(beat: tuple[Scheduler, list[str], list[datetime]]) -> None:
    run(beat, 61)
    steady = run(beat, 60)
    assert steady.count("often") >= 5
    beat[2][0] -= HOURS
    assert set(run(beat, 70)) == {"often", "seldom"}
    # And no more often than before.
    assert run(beat, 60).count("often") <= 7


def test_a_lease_of_the_future_holds_nobody_up() -> None:
    now, length = clock.machine(), timedelta(seconds=30)
    assert not leases.is_free(now + length, now, length)
    # Two hosts whose clocks are a little apart.
    assert not leases.is_free(now + length + timedelta(seconds=30), now, length)
    assert leases.is_free(now + HOURS, now, length)
    assert leases.is_free(None, now, length)


def test_a_request_for_a_certificate_is_taken_up_again(realm: Realm) -> None:
    row = issuance.request(
        realm=realm, purpose=Purpose.SIGNATURE, medium=Medium.CARD, holder=make_holder(realm),
        public_key=public_key(), request_key="set back",
    )  # fmt: skip
    # A worker took it two hours from now, and died.
    ahead = clock.machine() + HOURS
    Issuance.objects.update(requested_at=ahead, lease_until=ahead)
    assert left_behind() == [[row.pk]]
    assert issuance.issue(row.pk).serial_number


def test_an_element_is_taken_up_again_and_its_phone_woken(realm: Realm, settings: Any) -> None:
    phone = Phone.objects.create(
        realm=realm, model_code="sakura-8", name="", token_digest="", created_at=clock.machine()
    )
    element = SecureElement.objects.create(phone=phone, iin=b"1", cin=b"2", isd_pending=1)
    ahead = clock.machine() + HOURS
    SecureElement.objects.update(lease_until=ahead, lease_holder="dead")
    resting = Conversation.objects.create(element=element, opened_at=ahead, closed_at=ahead, failures=99)
    assert sweep._wake(realm) == 1
    with lease.held(element.pk, seconds=30) as mine:
        assert mine
        with lease.held(element.pk, seconds=30) as second:
            assert not second
    settings.TSM_PUSH = ""
    resting.woken_at = resting.last_contact_at = ahead
    resting.save()
    assert conversation.wake_phone(resting)
