"""Fixtures of what is told of the running system: a realm in which nothing is wrong."""

from typing import Any

import pytest

from ca import clock, watching
from ca.models import JournalHead, Partition, Realm
from portal.notices.models import JournalCursor
from portal.observing import periodic
from portal.observing.models import PeriodicRun
from tests.ca.fixtures import *  # noqa: F403
from tests.whitelist.relying_parties import make_bank


@pytest.fixture
def well(realm: Realm, settings: Any) -> Realm:
    """Return the default realm, with everything done that is done at intervals."""
    settings.DEFAULT_REALM = realm.slug
    make_bank(realm)
    now = clock.machine()
    PeriodicRun.objects.bulk_create(PeriodicRun(task=task, first_at=now, done_at=now) for task in periodic.schedules())
    Partition.objects.update(published_at=now, published_revision=0)
    head = JournalHead.objects.get(realm=realm)
    JournalCursor.objects.create(realm=realm, sequence=head.sequence)
    assert watching.watch(realm) is None
    return realm
