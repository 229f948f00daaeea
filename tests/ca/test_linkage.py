"""Linkage: the sweep that takes phone certificates with their card certificates."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509 import ReasonFlags

from ca import clock, crl, journal, linkage, revocation, tasks
from ca.models import Certificate, Holder, JournalEntry, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from tests.ca.fixtures import assert_on_crl, issue_all_four, issue_card, issue_phone, make_holder, make_realm
from tests.ca.test_issuance import at_once

Status = Certificate.Status


def test_the_phone_certificate_falls_with_its_card_certificate_and_no_other(realm: Realm, holder: Holder) -> None:
    card, other_card, phone, other_phone = issue_all_four(holder)
    revocation.revoke(card, cause=Cause.ATTRIBUTES_CHANGED, now=clock.now(realm))
    assert linkage.sweep(realm) == [phone.pk]
    for certificate in (phone, other_card, other_phone):
        certificate.refresh_from_db()
    assert (phone.status, phone.cause) == (Status.REVOKED, Cause.CARD_CERTIFICATE_REVOKED)
    assert phone.revoked_at is not None
    assert (other_card.status, other_phone.status) == (Status.VALID, Status.VALID)
    assert_on_crl(phone, ReasonFlags.cessation_of_operation)


@pytest.mark.parametrize("status", [Status.PENDING, Status.ON_HOLD])
def test_pending_ones_and_those_on_hold_fall_too(realm: Realm, holder: Holder, status: str) -> None:
    card = issue_card(holder)
    phone = issue_phone(card, pending=status == Status.PENDING)
    if status == Status.ON_HOLD:
        revocation.hold(phone, cause=Cause.LOSS, now=clock.now(realm))
    revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    assert linkage.sweep(realm) == [phone.pk]


def test_a_card_certificate_on_hold_takes_nothing_with_it(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    issue_phone(card)
    revocation.hold(card, cause=Cause.LOSS, now=clock.now(realm))
    assert linkage.sweep(realm) == []


def test_a_second_sweep_finds_nothing_and_writes_nothing(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    issue_phone(card)
    revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    linkage.sweep(realm)
    entries = JournalEntry.objects.count()
    assert linkage.sweep(realm) == []
    assert JournalEntry.objects.count() == entries


def test_the_grace_is_kept(realm: Realm, holder: Holder, settings: Any) -> None:
    settings.LINKAGE_GRACE_SECONDS = 3600
    card = issue_card(holder)
    phone = issue_phone(card)
    now = clock.now(realm)
    revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=now)
    assert linkage.sweep(realm, now + timedelta(minutes=59)) == []
    assert linkage.sweep(realm, now + timedelta(minutes=60)) == [phone.pk]


def test_the_journal_says_how_long_it_took(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    phone = issue_phone(card)
    now = clock.now(realm)
    revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=now)
    linkage.sweep(realm, now + timedelta(minutes=15))
    entry = JournalEntry.objects.get(kind="certificate.revoked", subject=phone.serial_number)
    assert entry.data["lag_milliseconds"] == 15 * 60 * 1000
    assert entry.data["card_certificate"] == card.serial_number
    assert journal.verify(realm) is None


@pytest.mark.django_db(transaction=True)
def test_more_than_one_batch_falls_and_one_message_wakes_the_publication(
    realm: Realm, monkeypatch: pytest.MonkeyPatch, deliver: Callable[..., list[str]]
) -> None:
    monkeypatch.setattr(linkage, "BATCH", 2)
    for number in range(3):
        card = issue_card(make_holder(realm), key=number)
        issue_phone(card, key=10 + number)
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    deliver("ca")
    fallen = linkage.sweep(realm)
    assert Certificate.objects.filter(pk__in=fallen, cause=Cause.CARD_CERTIFICATE_REVOKED).count() == 3
    assert journal.verify(realm) is None
    assert deliver("ca") == ["ca.publish_crls"]
    assert not crl.due(realm).exists()


def test_the_task_sweeps_every_realm_and_none_touches_another(realm: Realm) -> None:
    other = make_realm("other")
    fallen = []
    for number, each in enumerate((realm, other)):
        card = issue_card(make_holder(each), Purpose.USER_AUTHENTICATION, key=number)
        fallen.append(issue_phone(card, key=10 + number))
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(each))
    assert linkage.sweep(realm) == [fallen[0].pk]
    assert tasks.sweep_linkage() == 1
    fallen[1].refresh_from_db()
    assert fallen[1].status == Status.REVOKED


@pytest.mark.django_db(transaction=True)
def test_four_sweeps_at_once_revoke_each_once(realm: Realm) -> None:
    for number in range(4):
        card = issue_card(make_holder(realm), key=number)
        issue_phone(card, key=10 + number)
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    results = at_once(*[lambda: linkage.sweep(realm)] * 4)
    assert all(isinstance(result, list) for result in results), results
    assert sum(len(result) for result in results if isinstance(result, list)) == 4
    assert JournalEntry.objects.filter(kind="certificate.revoked", data__cause="card_certificate_revoked").count() == 4
    assert journal.verify(realm) is None
