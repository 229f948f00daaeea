"""The verdict as of a past moment: by the history of the status, not by what the row says now."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ca import clock, history, linkage, revocation, status
from ca.models import Certificate, Holder, JournalEntry, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from ca.status import Question, Reason, Standing
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone

DAY = timedelta(days=1)


@pytest.fixture
def issued(realm: Realm) -> datetime:
    """Return the moment in which this test begins; what it issues holds from then on."""
    return clock.now(realm).replace(microsecond=0)


def reasons(certificate: Certificate, at: datetime) -> tuple[Reason, ...]:
    """Return what the verdict as of `at` says against a certificate, asked a year later."""
    verdict = status.check_certificate(
        certificate.realm, bytes(certificate.der), now=clock.now(certificate.realm) + 365 * DAY, at=at
    )
    assert (verdict.standing is Standing.VALID) == (verdict.reasons == ())
    return verdict.reasons


def test_what_is_revoked_now_was_valid_before_and_is_revoked_since(holder: Holder, issued: datetime) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=issued + 10 * DAY)
    assert reasons(card, issued + 10 * DAY - timedelta(microseconds=1)) == ()
    assert reasons(card, issued + 10 * DAY) == (Reason.REVOKED,)
    assert reasons(card, issued + 300 * DAY) == (Reason.REVOKED,)


def test_what_was_held_and_released_was_on_hold_in_between(holder: Holder, issued: datetime) -> None:
    card = issue_card(holder)
    for turn in (0, 10):
        revocation.hold(card, cause=Cause.LOSS, now=issued + (turn + 2) * DAY)
        revocation.release(card, now=issued + (turn + 5) * DAY)
    said = {day: reasons(card, issued + day * DAY) for day in (1, 2, 4, 5, 11, 12, 14, 15, 300)}
    held = {day for day, found in said.items() if found == (Reason.ON_HOLD,)}
    assert held == {2, 4, 12, 14}
    assert {said[day] for day in said.keys() - held} == {()}


def test_on_hold_then_revoked_keeps_both(holder: Holder, issued: datetime) -> None:
    card = issue_card(holder)
    revocation.hold(card, cause=Cause.LOSS, now=issued + 2 * DAY)
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=issued + 4 * DAY)
    assert [reasons(card, issued + day * DAY) for day in (1, 3, 5)] == [(), (Reason.ON_HOLD,), (Reason.REVOKED,)]


def test_a_phone_certificate_was_pending_before_it_was_activated(holder: Holder, issued: datetime) -> None:
    phone = issue_phone(issue_card(holder), pending=True)
    revocation.activate(phone, now=issued + 2 * DAY)
    assert [reasons(phone, issued + day * DAY) for day in (1, 3)] == [(Reason.ON_HOLD,), ()]


def test_before_it_was_issued_it_was_not_valid_yet_and_after_its_end_it_is_expired(
    holder: Holder, issued: datetime
) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=issued + 2 * DAY)
    assert reasons(card, card.not_before - timedelta(seconds=1)) == (Reason.NOT_YET_VALID,)
    late = card.not_after + DAY
    verdict = status.check_certificate(holder.realm, bytes(card.der), now=late, at=late)
    assert verdict.reasons == (Reason.EXPIRED, Reason.REVOKED)


def test_what_fell_by_the_sweep_has_its_history_too(
    realm: Realm, holder: Holder, issued: datetime, settings: Any
) -> None:
    settings.LINKAGE_AT_ONCE = False
    card = issue_card(holder)
    phone = issue_phone(card)
    revocation.revoke(card, cause=Cause.DEATH, now=issued + 2 * DAY)
    assert linkage.sweep(realm, issued + 3 * DAY) == [phone.pk]
    assert [reasons(phone, issued + day * DAY) for day in (1, 2, 3)] == [(), (), (Reason.REVOKED,)]


def test_the_history_of_one_authority_is_not_taken_for_the_others(holder: Holder, issued: datetime) -> None:
    signature, authentication, *_ = issue_all_four(holder)
    # The two authorities count alike: here the same serial number stands for two certificates.
    assert signature.serial_number == authentication.serial_number
    revocation.hold(signature, cause=Cause.LOSS, now=issued + 2 * DAY)
    revocation.release(signature, now=issued + 4 * DAY)
    revocation.hold(authentication, cause=Cause.LOSS, now=issued + 6 * DAY)
    revocation.release(authentication, now=issued + 8 * DAY)
    assert [reasons(signature, issued + day * DAY) for day in (3, 7)] == [(Reason.ON_HOLD,), ()]
    assert [reasons(authentication, issued + day * DAY) for day in (3, 7)] == [(), (Reason.ON_HOLD,)]


def test_many_are_answered_together_each_by_its_own_history(
    realm: Realm, holder: Holder, issued: datetime, django_assert_max_num_queries: Any
) -> None:
    certificates = issue_all_four(holder)
    revocation.revoke(certificates[2], cause=Cause.PHONE_USE_ENDED, now=issued + 2 * DAY)
    revocation.hold(certificates[1], cause=Cause.LOSS, now=issued + 3 * DAY)
    questions = [status.Question(bytes(certificate.der)) for certificate in certificates]
    now = issued + 10 * DAY
    status.check_all(realm, questions, now=now)  # the authorities are loaded
    with django_assert_max_num_queries(4):
        then = status.check_all(realm, questions, now=now, at=issued + DAY)
    assert {verdict.standing for verdict in then} == {Standing.VALID}
    today = status.check_all(realm, questions, now=now)
    assert [verdict.reasons for verdict in today] == [(), (Reason.ON_HOLD,), (Reason.REVOKED,), ()]
    assert [verdict.certificate for verdict in today] == certificates


def test_a_moment_that_is_still_to_come_is_refused(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    now = clock.now(realm)
    with pytest.raises(ValueError, match="still to come"):
        status.check_all(realm, [Question(bytes(card.der))], now=now, at=now + timedelta(seconds=1))


def test_an_entry_from_before_the_moment_was_noted_counts_by_its_own(holder: Holder, issued: datetime) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=issued + 5 * DAY)
    entry = JournalEntry.objects.get(kind="certificate.revoked")
    entry.data.pop("since")
    entry.save()
    assert history.statuses([card.pk], entry.at - timedelta(seconds=1)) == {card.pk: "valid"}


def test_the_changes_that_history_reads_are_those_that_revocation_writes() -> None:
    assert set(history.CHANGES) == set(revocation.JOURNALED.values())


def test_a_signature_is_judged_as_of_when_it_was_made(realm: Realm, holder: Holder, issued: datetime) -> None:
    from tests.ca.test_status import TEXT, sign

    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=issued + 5 * DAY)
    now = issued + 6 * DAY

    def judged(**changes: Any) -> tuple[Reason, ...]:
        octets = bytes(card.der)
        return status.check_signature(
            realm, octets, TEXT, sign(0), now=now, purpose=Purpose.SIGNATURE, **changes
        ).reasons

    assert judged() == (Reason.REVOKED,)
    assert judged(at=issued + 4 * DAY) == ()
