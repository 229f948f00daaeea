"""What the sweep over enrolments reads: what happened since it last looked, and never all that exists."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ca import clock, revocation
from ca.models import JournalHead, Realm
from ca.revocation import Cause
from tests.ca import plans
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm import falls, measures, sweep
from tsm.measures import Signal
from tsm.models import Enrolment, Incident, SweepMark

pytestmark = pytest.mark.django_db(transaction=True)
# Tables that grow with the population.
GROWN = (
    "ca_certificate",
    "ca_holder",
    "ca_journalentry",
    "tsm_enrolment",
    "tsm_secureelement",
    "tsm_conversation",
    "tsm_leg",
)


@pytest.fixture
def citizen(realm: Realm, deliver: Deliver) -> Citizen:
    made = Citizen.with_new_phone(realm, deliver)
    made.enrol(card_of(realm))
    return made


def end_pair(realm: Realm) -> None:
    for one in Enrolment.objects.get().pair:
        revocation.revoke(one, cause=Cause.RECORD_ERROR, now=clock.now(realm))


@pytest.mark.usefixtures("citizen")
def test_a_fall_is_followed_once_and_what_was_read_is_not_read_again(realm: Realm) -> None:
    assert falls.follow(realm) == 0, "the first look is at all"
    end_pair(realm)
    assert falls.follow(realm) == 1
    assert Enrolment.objects.get().state == "ended"
    head = JournalHead.objects.get(realm=realm).sequence
    falls.follow(realm)
    assert SweepMark.objects.get(realm=realm).sequence == head
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert falls.follow(realm) == 0
    assert len(seen) == 2, [each["sql"] for each in seen]


@pytest.mark.usefixtures("citizen")
@pytest.mark.parametrize("mark", [None, 10**9])
def test_without_a_mark_or_with_one_beyond_the_journal_all_are_looked_at(realm: Realm, mark: int | None) -> None:
    end_pair(realm)
    SweepMark.objects.update_or_create(realm=realm, defaults={"sequence": mark})
    assert falls.follow(realm) == 1
    assert SweepMark.objects.get(realm=realm).sequence is not None


@pytest.mark.usefixtures("citizen")
def test_one_certificate_of_a_pair_that_falls_ends_nothing_until_the_other_does(realm: Realm) -> None:
    falls.follow(realm)
    first, second = Enrolment.objects.get().pair
    revocation.revoke(first, cause=Cause.RECORD_ERROR, now=clock.now(realm))
    assert falls.follow(realm) == 0
    revocation.revoke(second, cause=Cause.RECORD_ERROR, now=clock.now(realm))
    assert falls.follow(realm) == 1


@pytest.mark.usefixtures("citizen")
def test_many_entries_are_read_in_batches_and_none_is_left_out(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    SweepMark.objects.update_or_create(realm=realm, defaults={"sequence": 0})
    end_pair(realm)
    monkeypatch.setattr(falls, "BATCH", 2)
    assert falls.follow(realm) == 1
    mark, head = SweepMark.objects.get(realm=realm).sequence, JournalHead.objects.get(realm=realm).sequence
    assert mark is not None
    assert mark < head, "what the ending itself wrote is for the next look"


@pytest.mark.usefixtures("citizen")
def test_silence_is_looked_for_at_intervals_and_again_when_the_clock_is_set(realm: Realm) -> None:
    def looked(hours: int) -> bool:
        Realm.objects.filter(pk=realm.pk).update(clock_offset=timedelta(hours=hours))
        again = Realm.objects.get(pk=realm.pk)
        return measures._look_for_silence(again, clock.now(again))

    assert [looked(0), looked(0), looked(5), looked(7), looked(8), looked(-1)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.usefixtures("citizen")
def test_an_incident_that_is_not_ripe_is_not_touched(realm: Realm) -> None:
    now = clock.now(realm)
    found = measures.report(Enrolment.objects.get(), Signal.FACTORY_RESET, source="test", since=now - timedelta(days=1))
    assert found is not None
    assert list(measures._ripe(realm, now)) == []
    assert list(measures._ripe(realm, now + timedelta(days=30))) == [found]
    Enrolment.objects.update(state="ended")
    assert list(measures._ripe(realm, now)) == [found]
    Incident.objects.update(closed_at=now)
    assert list(measures._ripe(realm, now)) == []


@pytest.mark.usefixtures("citizen")
@pytest.mark.postgres
def test_no_statement_of_a_sweep_needs_to_read_a_grown_table_whole(realm: Realm) -> None:
    sweep.run()
    with CaptureQueriesContext(connection) as seen:
        sweep.run()
    read = [each["sql"] for each in seen]
    assert len([one for one in read if one.startswith("SELECT")]) >= 8
    assert plans.needing_whole(read, GROWN) == []
