"""Workers that are slower than the beat, or were away: what waits for them doesn't grow without an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.schedules import crontab
from django.conf import settings

from ca import clock, messages
from ca.models import Realm
from portal.celery import app
from tests.ca.fixtures import *  # noqa: F403
from tsm import sweep
from tsm.models import Phone, SecureElement


@pytest.mark.parametrize("name", sorted(settings.CELERY_BEAT_SCHEDULE))
def test_what_the_beat_sends_has_an_end(name: str) -> None:
    entry: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE[name]
    if not isinstance(entry["schedule"], crontab):
        assert 0 < entry["options"]["expires"] <= max(entry["schedule"], 60)


def expiry(queue: str) -> datetime | None:
    """Return the end of the message that waits in a queue."""
    with app.connection_for_read() as connection, connection.SimpleQueue(queue) as simple:
        message = simple.get(block=False)
        message.ack()
        said = message.headers["expires"]
    return datetime.fromisoformat(said).astimezone(UTC) if said else None


def test_what_a_sweep_sends_has_an_end_and_what_others_send_has_none(realm: Realm, deliver: Any) -> None:
    phone = Phone.objects.create(
        realm=realm, model_code="sakura-8", name="", token_digest="", created_at=clock.machine()
    )
    SecureElement.objects.create(phone=phone, iin=b"1", cin=b"2", isd_pending=1)
    assert sweep._wake(realm) == 1
    ends = expiry("tsm")
    assert ends is not None
    assert timedelta(seconds=30) < ends - datetime.now(UTC) <= timedelta(seconds=messages.AGAIN_SECONDS)
    messages.send("tsm.advance", phone.element.pk)
    assert expiry("tsm") is None
