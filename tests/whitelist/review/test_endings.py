"""What time does: entries expire, organisations are told 90, 60 and 30 days ahead, once each."""

from datetime import timedelta
from typing import Any

import pytest

from ca import clock
from ca.models import Realm
from tests.whitelist.relying_parties import make_bank, make_credential
from tests.whitelist.review.cases import kinds, pass_days
from whitelist import credentials
from whitelist.cases.officers import Officer
from whitelist.models import EndingNotice, MinisterialCertification, Organisation, RelyingParty
from whitelist.review import endings, suspensions

pytestmark = pytest.mark.django_db
State = RelyingParty.State


@pytest.fixture
def entry(realm: Realm, organisation: Organisation) -> RelyingParty:
    """Return an entry whose certification holds for a hundred days."""
    bank = make_bank(realm, organisation=organisation)
    today = clock.today(realm)
    MinisterialCertification.objects.update(valid_until=today + timedelta(days=100))
    return bank


def change(entry: RelyingParty, **values: Any) -> None:
    RelyingParty.objects.filter(pk=entry.pk).update(**values)


def notices(realm: Realm) -> list[tuple[str, int]]:
    endings.notice(realm)
    endings.notice(realm)
    return list(EndingNotice.objects.values_list("kind", "days"))


def test_told_at_90_60_and_30_days_once_each(realm: Realm, entry: RelyingParty) -> None:
    assert notices(realm) == []
    told = []
    for _ in range(100):
        pass_days(realm, 1)
        endings.notice(realm)
        told.append(EndingNotice.objects.count())
    assert [told.index(number) + 1 for number in (1, 2, 3)] == [10, 40, 70]
    assert notices(realm) == [("certification", 90), ("certification", 60), ("certification", 30)]
    assert kinds("test-bank") == ["ending.noticed"] * 3


def test_who_slept_over_two_is_told_the_nearest(realm: Realm, entry: RelyingParty) -> None:
    pass_days(realm, 75)
    assert notices(realm) == [("certification", 30)]


def test_each_thing_that_ends_is_told(realm: Realm, entry: RelyingParty) -> None:
    today = clock.today(realm)
    MinisterialCertification.objects.update(valid_until=today + timedelta(days=20))
    change(entry, valid_until=today + timedelta(days=50))
    key = make_credential(entry)
    type(key).objects.update(not_after=clock.now(realm) + timedelta(days=80))
    assert sorted(notices(realm)) == [("certification", 30), ("credential", 90), ("entry", 60)]
    shown = endings.upcoming(realm)
    assert [(one.kind, one.days) for one in shown] == [("certification", 20), ("entry", 50), ("credential", 80)]


def test_what_was_renewed_is_not_told(realm: Realm, entry: RelyingParty) -> None:
    today = clock.today(realm)
    make_credential(entry)
    later = make_credential(entry, number=1, key_id="key-2")
    type(later).objects.filter(key_id="key-1").update(not_after=clock.now(realm) + timedelta(days=10))
    MinisterialCertification.objects.create(
        relying_party=entry, number="T-2", granted_on=today, valid_until=today + timedelta(days=900)
    )
    MinisterialCertification.objects.filter(number="T-1").update(valid_until=today + timedelta(days=10))
    assert notices(realm) == []
    credentials.disable(later, now=clock.now(realm))
    assert notices(realm) == [("credential", 30)]


def test_nobodys_entries_and_those_that_are_gone_are_not_told(realm: Realm, entry: RelyingParty) -> None:
    pass_days(realm, 50)
    make_bank(realm, "sample", valid_until=clock.today(realm))
    change(entry, state=State.REMOVED)
    assert notices(realm) == []


def test_an_entry_expires_after_its_last_day(realm: Realm, entry: RelyingParty) -> None:
    today = clock.today(realm)
    change(entry, valid_until=today)
    assert endings.expire(realm) == 0
    pass_days(realm, 1)
    assert (endings.expire(realm), endings.expire(realm)) == (1, 0)
    assert RelyingParty.objects.get().state == State.EXPIRED
    assert kinds("test-bank") == ["register.expire"]


def test_an_entry_expires_with_its_last_certification(
    realm: Realm, entry: RelyingParty, registrar: tuple[Officer, Officer]
) -> None:
    made = suspensions.suspend(entry, by=registrar[0], reason="理由")
    suspensions.confirm(made, by=registrar[1])
    pass_days(realm, 100)
    assert endings.expire(realm) == 0
    pass_days(realm, 1)
    assert endings.expire(realm) == 1
    made.refresh_from_db()
    assert (RelyingParty.objects.get().state, made.state) == (State.EXPIRED, "ended")


def test_what_stands_on_no_certification_outlives_it(realm: Realm, entry: RelyingParty) -> None:
    change(entry, basis=RelyingParty.Basis.ITEM_1)
    make_bank(realm, "sample")  # nobody's: came without a case, goes without one
    pass_days(realm, 500)
    assert endings.expire(realm) == 0
