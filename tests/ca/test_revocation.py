"""Revocation: the table of life, the causes of the law, and what each leaves behind."""

from pathlib import Path

import pytest
from cryptography.x509 import ReasonFlags
from django.db import transaction

from ca import clock, journal, revocation
from ca.errors import CardCertificateNotValid, IllegalTransition, PhoneCertificateExists
from ca.models import Certificate, Holder, JournalEntry, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import JOURNALED, LIFE, REASON_CODES, RULES, Cause, Event
from tests.ca.fixtures import assert_not_on_crl, assert_on_crl, issue_card, issue_phone

Status = Certificate.Status


def in_status(realm: Realm, holder: Holder, status: str) -> Certificate:
    phone = issue_phone(issue_card(holder), pending=status == Status.PENDING)
    if status == Status.ON_HOLD:
        revocation.hold(phone, cause=Cause.LOSS, now=clock.now(realm))
    if status == Status.REVOKED:
        revocation.revoke(phone, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    return phone


def befall(certificate: Certificate, event: Event) -> None:
    now = clock.now(certificate.realm)
    match event:
        case Event.ACTIVATE:
            revocation.activate(certificate, now=now)
        case Event.HOLD:
            revocation.hold(certificate, cause=Cause.LOSS, now=now)
        case Event.RELEASE:
            revocation.release(certificate, now=now)
        case Event.REVOKE:
            revocation.revoke(certificate, cause=Cause.PHONE_USE_ENDED, now=now)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("status", Status.values)
def test_every_event_in_every_status_does_what_the_table_says(
    realm: Realm, holder: Holder, status: str, event: Event
) -> None:
    certificate = in_status(realm, holder, status)
    assert certificate.status == status
    entries = JournalEntry.objects.count()
    target = LIFE.get((status, event))
    if target is None:
        with pytest.raises(IllegalTransition) as raised:
            befall(certificate, event)
        assert (raised.value.status, raised.value.event) == (status, event)
        assert JournalEntry.objects.count() == entries
    else:
        befall(certificate, event)
        assert certificate.status == target
        entry = JournalEntry.objects.order_by("sequence").last()
        assert entry is not None
        assert (entry.kind, entry.data["before"], entry.data["after"]) == (JOURNALED[event], status, target)
    certificate.refresh_from_db()
    assert certificate.status == (target or status)
    assert (certificate.revoked_at is not None) == (certificate.status == Status.REVOKED)
    assert journal.verify(realm) is None


REVOKING = [
    (Cause.HOLDER_REQUEST, ReasonFlags.cessation_of_operation),
    (Cause.KEY_COMPROMISE, ReasonFlags.key_compromise),
    (Cause.AUTHORITY_KEY_COMPROMISE, ReasonFlags.ca_compromise),
    (Cause.ATTRIBUTES_CHANGED, ReasonFlags.affiliation_changed),
    (Cause.RECORD_ERROR, ReasonFlags.affiliation_changed),
    (Cause.DEATH, ReasonFlags.cessation_of_operation),
    (Cause.PHONE_USE_ENDED, ReasonFlags.cessation_of_operation),
    (Cause.CARD_CERTIFICATE_REVOKED, ReasonFlags.cessation_of_operation),
    (Cause.SUPERSEDED, ReasonFlags.superseded),
    (Cause.NOT_DELIVERED, None),  # unspecified is said by saying nothing
]


@pytest.mark.parametrize(("cause", "reason"), REVOKING)
def test_each_cause_shows_its_reason_on_the_crl(
    realm: Realm, holder: Holder, cause: Cause, reason: ReasonFlags | None
) -> None:
    phone = issue_phone(issue_card(holder))
    revocation.revoke(phone, cause=cause, now=clock.now(realm))
    assert_on_crl(phone, reason)


@pytest.mark.parametrize("cause", [Cause.LOSS, Cause.AWAITING_ACTIVATION, Cause.EXPIRY])
def test_no_other_cause_revokes(realm: Realm, holder: Holder, cause: Cause) -> None:
    card = issue_card(holder)
    with pytest.raises(IllegalTransition):
        revocation.revoke(card, cause=cause, now=clock.now(realm))


def test_every_cause_has_a_rule_and_every_reason_a_code() -> None:
    assert set(RULES) == set(Cause)
    assert {rule.reason for rule in RULES.values()} <= set(REASON_CODES)
    assert {cause for cause, rule in RULES.items() if Event.REVOKE in rule.events} == {cause for cause, _ in REVOKING}


def test_the_table_of_causes_is_the_checked_in_one() -> None:
    expected = (Path(__file__).parent / "expected" / "causes.txt").read_text()
    assert "".join(line(cause) for cause in Cause) == expected


def line(cause: Cause) -> str:
    """Return a cause as the checked-in table has it: reason, media, who may bring what, whether it can be undone."""
    rule = RULES[cause]
    brought = [f"{event} by {' '.join(sorted(parties))}" for event, parties in rule.events.items()]
    undone = Event.RELEASE in rule.events or Event.ACTIVATE in rule.events
    of = " ".join([*sorted(rule.media), *(sorted(rule.purposes) if len(rule.purposes) == 1 else [])])
    what = ", ".join(brought) or "by nobody"
    return f"{cause}: {rule.reason.value}; {of}; {what}; {'can be undone' if undone else 'for good'}\n"


@pytest.mark.parametrize("cause", [Cause.PHONE_USE_ENDED, Cause.CARD_CERTIFICATE_REVOKED])
def test_causes_of_the_phone_do_not_revoke_a_card_certificate(realm: Realm, holder: Holder, cause: Cause) -> None:
    card = issue_card(holder)
    with pytest.raises(IllegalTransition):
        revocation.revoke(card, cause=cause, now=clock.now(realm))


def test_the_user_authentication_certificate_survives_a_change_of_the_attributes(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder, Purpose.USER_AUTHENTICATION)
    with pytest.raises(IllegalTransition, match="attributes_changed"):
        revocation.revoke(card, cause=Cause.ATTRIBUTES_CHANGED, now=clock.now(realm))


def test_only_a_cause_of_hold_holds(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    with pytest.raises(IllegalTransition):
        revocation.hold(card, cause=Cause.DEATH, now=clock.now(realm))


def test_pending_and_on_hold_stand_on_the_crl_as_certificate_hold_and_leave_it(realm: Realm, holder: Holder) -> None:
    phone = issue_phone(issue_card(holder), pending=True)
    assert_on_crl(phone, ReasonFlags.certificate_hold)
    revocation.activate(phone, now=clock.now(realm))
    assert_not_on_crl(phone)
    revocation.hold(phone, cause=Cause.LOSS, now=clock.now(realm))
    assert_on_crl(phone, ReasonFlags.certificate_hold)
    revocation.release(phone, now=clock.now(realm))
    assert_not_on_crl(phone)


def test_device_change_revokes_the_old_and_activates_the_new_in_one_transaction(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    old, new = issue_phone(card, key=10), issue_phone(card, key=11, pending=True)
    with transaction.atomic():
        revocation.revoke(old, cause=Cause.SUPERSEDED, now=clock.now(realm))
        revocation.activate(new, now=clock.now(realm))
    living = Certificate.objects.filter(holder=holder, medium=Medium.PHONE, status=Status.VALID)
    assert list(living) == [new]


@pytest.mark.parametrize("old_on_hold", [True, False])
def test_the_new_one_is_not_activated_beside_the_old(realm: Realm, holder: Holder, old_on_hold: bool) -> None:
    card = issue_card(holder)
    old, new = issue_phone(card, key=10), issue_phone(card, key=11, pending=True)
    if old_on_hold:
        revocation.hold(old, cause=Cause.LOSS, now=clock.now(realm))
    with pytest.raises(PhoneCertificateExists):
        revocation.activate(new, now=clock.now(realm))
    new.refresh_from_db()
    assert new.status == Status.PENDING


@pytest.mark.django_db(transaction=True)
def test_a_change_falls_with_the_callers_transaction(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    entries = JournalEntry.objects.count()

    class Broken(Exception):
        pass

    def change() -> None:
        with transaction.atomic():
            revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
            raise Broken

    with pytest.raises(Broken):
        change()
    card.refresh_from_db()
    assert card.status == Status.VALID
    assert JournalEntry.objects.count() == entries
    assert journal.verify(realm) is None


@pytest.mark.parametrize("event", [Event.ACTIVATE, Event.RELEASE])
def test_a_phone_certificate_does_not_come_back_when_its_card_certificate_is_not_valid(
    realm: Realm, holder: Holder, event: Event
) -> None:
    phone = in_status(realm, holder, Status.PENDING if event is Event.ACTIVATE else Status.ON_HOLD)
    assert phone.linked_to is not None
    revocation.revoke(phone.linked_to, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    with pytest.raises(CardCertificateNotValid):
        befall(phone, event)


def test_a_stale_copy_of_the_row_does_not_fool_the_table(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    stale = Certificate.objects.get(pk=card.pk)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    with pytest.raises(IllegalTransition):
        revocation.hold(stale, cause=Cause.LOSS, now=clock.now(realm))
    assert stale.status == Status.REVOKED


@pytest.mark.django_db(transaction=True)
def test_a_change_wakes_the_publication_of_its_crl(realm: Realm, holder: Holder, deliver: object) -> None:
    card = issue_card(holder, Purpose.USER_AUTHENTICATION)
    assert callable(deliver)
    deliver("ca")
    before = card.partition.crls.count()
    revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    assert deliver("ca") == ["ca.publish_crls"]
    assert card.partition.crls.count() == before + 1
