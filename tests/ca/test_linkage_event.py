"""Linkage at once, what the sweep finds of what that missed, the looks afterwards, and the lag."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from ca import clock, crl, issuance, journal, lag, linkage, revocation, status, tasks
from ca.errors import CardCertificateNotValid
from ca.issuance import issuing
from ca.models import CardRevocation, Certificate, Holder, JournalEntry, Realm, Recheck
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tests.ca import plans
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone, make_holder, public_key

Status = Certificate.Status


@pytest.fixture
def at_once(settings: Any) -> None:
    """Let phone certificates fall in the transaction of their card certificates, as in earnest."""
    settings.LINKAGE_AT_ONCE = True


@pytest.fixture
def by_sweep(settings: Any) -> None:
    """Leave it to the sweep."""
    settings.LINKAGE_AT_ONCE = False


def assert_fallen(phone: Certificate) -> None:
    phone.refresh_from_db()
    assert (phone.status, phone.cause) == (Status.REVOKED, Cause.CARD_CERTIFICATE_REVOKED)


def test_the_phone_certificate_falls_in_the_same_moment_and_no_other(
    at_once: None, realm: Realm, holder: Holder
) -> None:
    card, other_card, phone, other_phone = issue_all_four(holder)
    now = clock.now(realm)
    revocation.revoke(card, cause=Cause.ATTRIBUTES_CHANGED, now=now)
    assert_fallen(phone)
    assert phone.revoked_at == now
    for one in (other_card, other_phone):
        one.refresh_from_db()
        assert one.status == Status.VALID
    entry = JournalEntry.objects.get(kind="certificate.revoked", subject=phone.serial_number)
    assert (entry.data["lag_milliseconds"], entry.data["card_certificate"]) == (0, card.serial_number)
    assert linkage.sweep(realm) == []
    listed = x509.load_der_x509_crl(bytes(crl.publish(phone.partition).der))
    assert listed.get_revoked_certificate_by_serial_number(int(phone.serial_number, 16)) is not None


def test_both_stand_or_fall_with_the_callers_transaction(at_once: None, realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    phone = issue_phone(card)
    with transaction.atomic():
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
        assert_fallen(phone)
        transaction.set_rollback(True)
    phone.refresh_from_db()
    assert phone.status == Status.VALID
    assert not CardRevocation.objects.exists()


def test_what_was_signed_while_the_card_certificate_fell_is_found_by_the_sweep(
    at_once: None, realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issue_card(holder)
    signing = issuing.signing

    def fall_meanwhile(*arguments: Any) -> Any:
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
        return signing(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(issuing, "signing", fall_meanwhile)
        phone = issue_phone(card)
    assert linkage.sweep(realm) == [phone.pk]
    assert_fallen(phone)


def test_an_idle_sweep_writes_nothing_and_reads_once(
    by_sweep: None, realm: Realm, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert linkage.sweep(realm) == []


@pytest.mark.parametrize("hours", [24, 7 * 24])
def test_the_card_certificate_is_looked_at_again_after_a_day_and_a_week(
    by_sweep: None, realm: Realm, holder: Holder, hours: int
) -> None:
    card = issue_card(holder)
    phone = issue_phone(card)
    assert Recheck.objects.filter(done_at=None).count() == 2, "of the phone's alone"
    realm.clock_offset = timedelta(hours=hours - 1)
    realm.save()
    tasks.sweep_rechecks()
    done = Recheck.objects.exclude(done_at=None).count()
    assert linkage.recheck(realm) == []
    # Whatever lost it: no event, no sweep.
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    CardRevocation.objects.all().delete()
    assert linkage.sweep(realm) == []
    realm.clock_offset = timedelta(hours=hours, minutes=1)
    realm.save()
    assert linkage.recheck(realm) == [phone.pk]
    assert_fallen(phone)
    assert Recheck.objects.exclude(done_at=None).count() == done + 1
    entry = JournalEntry.objects.filter(kind="linkage.rechecked").latest("sequence")
    assert (entry.subject, entry.data["card_status"]) == (phone.serial_number, Status.REVOKED)
    assert entry.data["hours_after_issue"] == hours
    assert journal.verify(realm) is None


@pytest.mark.parametrize("revoked_at", [True, False])
def test_what_changed_the_card_certificates_row_and_nothing_else_is_caught_by_the_second_look(
    by_sweep: None, realm: Realm, holder: Holder, revoked_at: bool
) -> None:
    # Past ca.revocation: no event, no note for the sweep, no journal entry; perhaps not even the moment.
    card = issue_card(holder)
    phone = issue_phone(card)
    at = clock.now(realm) + timedelta(days=3)
    Certificate.objects.filter(pk=card.pk).update(
        status=Status.REVOKED, cause=Cause.DEATH, revoked_at=at if revoked_at else None, changed_at=at
    )
    realm.clock_offset = timedelta(days=4)
    realm.save()
    assert linkage.sweep(realm) == []
    assert Recheck.objects.filter(done_at=None).count() == 2
    realm.clock_offset = timedelta(days=7, minutes=1)
    realm.save()
    assert linkage.recheck(realm) == [phone.pk]
    assert_fallen(phone)
    entry = JournalEntry.objects.get(kind="certificate.revoked", subject=phone.serial_number)
    assert timedelta(days=4) < timedelta(milliseconds=entry.data["lag_milliseconds"]) < timedelta(days=4, minutes=2)


def test_both_looks_due_at_once_take_it_once_and_a_good_one_stays(by_sweep: None, realm: Realm, holder: Holder) -> None:
    good = issue_phone(issue_card(holder))
    card = issue_card(make_holder(realm), key=1)
    phone = issue_phone(card, key=11)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    realm.clock_offset = timedelta(days=8)
    realm.save()
    assert linkage.recheck(realm) == [phone.pk]
    assert linkage.recheck(realm) == []
    good.refresh_from_db()
    assert good.status == Status.VALID
    assert JournalEntry.objects.filter(kind="linkage.rechecked").count() == 4


def test_the_lag_is_measured_and_shown(
    by_sweep: None, realm: Realm, holder: Holder, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, minutes in enumerate((1, 3, 11)):
        card = issue_card(make_holder(realm), key=number)
        issue_phone(card, key=10 + number)
        at = clock.now(realm)
        revocation.revoke(card, cause=Cause.DEATH, now=at)
        linkage.sweep(realm, at + timedelta(minutes=minutes))
    card = issue_card(holder, key=4)
    issue_phone(card, key=14)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    now = clock.now(realm)
    found = lag.measure(realm, since=now - timedelta(days=1), now=now)
    assert (found.fallen, found.median, found.longest) == (3, timedelta(minutes=3), timedelta(minutes=11))
    assert (found.waiting, found.rechecks_due) == (1, 0)
    assert lag.measure(realm, since=now + timedelta(days=1), now=now).fallen == 0
    call_command("linkage_status", "--realm", realm.slug)
    assert "fallen 3, lag median 180.000 s, longest 660.000 s; waiting 1" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no realm"):
        call_command("linkage_status", "--realm", "nowhere")


def test_what_falls_at_once_and_what_a_look_finds_is_counted_and_a_card_without_a_phone_is_not(
    at_once: None, realm: Realm, holder: Holder, settings: Any
) -> None:
    card, *_ = issue_all_four(holder)
    alone = issue_card(make_holder(realm), key=4)
    for one in (card, alone):
        revocation.revoke(one, cause=Cause.DEATH, now=clock.now(realm))
    now = clock.now(realm)
    found = lag.measure(realm, since=now - timedelta(days=1), now=now)
    assert (found.fallen, found.longest) == (1, timedelta(0))
    settings.LINKAGE_AT_ONCE = False
    late = issue_card(make_holder(realm), key=5)
    issue_phone(late, key=15)
    revocation.revoke(late, cause=Cause.DEATH, now=now)
    CardRevocation.objects.filter(card=late).update(settled_at=now)  # as if the sweep had missed it
    linkage.recheck(realm, now + timedelta(days=9))
    found = lag.measure(realm, since=now - timedelta(days=1), now=now)
    assert (found.fallen, found.longest) == (2, timedelta(days=9))


COPIES = 20_000


def copy_pairs(phone: Certificate) -> None:
    """Make many pairs after one, with the rows only; every card certificate among them fell and is settled but few."""
    columns = [field.column for field in Certificate._meta.concrete_fields if field.column not in {"id", "holder_id"}]
    replaced = {"serial_number": "to_hex(1000000 + n)", "linked_to_id": "NULL", "medium": "'card'", "der": "''::bytea"}
    values = [replaced.get(column, column) for column in columns]
    holder = "holder_id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ca_certificate ({', '.join([*columns, holder])}) "  # noqa: S608
            f"SELECT {', '.join([*values, holder])} FROM ca_certificate, generate_series(1, {COPIES}) AS n "
            f"WHERE id = {phone.pk}"
        )
        cursor.execute(
            "INSERT INTO ca_cardrevocation (realm_id, card_id, revoked_at, settled_at) "
            "SELECT realm_id, id, now(), CASE WHEN id %% 1000 = 0 THEN NULL ELSE now() END FROM ca_certificate "
            "WHERE medium = %s AND id <> %s",
            [Medium.CARD.value, phone.linked_to_id],
        )
        cursor.execute("ANALYZE ca_certificate")
        cursor.execute("ANALYZE ca_cardrevocation")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_no_plan_of_a_sweep_or_of_a_second_look_reads_the_pairs(by_sweep: None, realm: Realm, holder: Holder) -> None:
    phone = issue_phone(issue_card(holder))
    copy_pairs(phone)
    fallen = CardRevocation.objects.filter(settled_at=None).count()
    assert 0 < fallen < COPIES / 100
    card = issue_card(make_holder(realm), key=1)
    last = issue_phone(card, key=11)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    with plans.executed() as seen:
        assert linkage.sweep(realm, clock.now(realm) + timedelta(hours=1)) == [last.pk]
        linkage.recheck(realm, clock.now(realm) + timedelta(days=8))
    assert any("ca_card_revocation_open" in plan for plan in seen), seen
    assert any("Update on ca_certificate" in plan for plan in seen), seen
    assert plans.sequential(seen, ["ca_certificate", "ca_cardrevocation"]) == []
    # Statistics from a moment in which much was open, as they are after a busy day: the idle sweep reads its index.
    with connection.cursor() as cursor:
        for statement in (
            "UPDATE ca_cardrevocation SET settled_at = NULL",
            "UPDATE ca_recheck SET done_at = NULL",
            "ANALYZE ca_cardrevocation, ca_recheck",
            "UPDATE ca_cardrevocation SET settled_at = now()",
            "UPDATE ca_recheck SET done_at = now()",
        ):
            cursor.execute(statement)
    with plans.executed() as idle:
        assert linkage.sweep(realm, clock.now(realm) + timedelta(hours=1)) == []
    assert len(idle) == 1
    assert "Index Scan using ca_card_revocation_open" in idle[0], idle


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_revoke_each_once_in_batches(
    by_sweep: None, realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.ca.test_issuance import at_once as together

    monkeypatch.setattr(linkage, "BATCH", 2)
    for number in range(5):
        card = issue_card(make_holder(realm), Purpose.USER_AUTHENTICATION, key=number)
        issue_phone(card, key=10 + number)
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    results = together(*[lambda: linkage.sweep(realm)] * 2)
    assert all(isinstance(result, list) for result in results), results
    assert sum(len(result) for result in results if isinstance(result, list)) == 5
    assert JournalEntry.objects.filter(kind="certificate.revoked", data__cause="card_certificate_revoked").count() == 5
    assert journal.verify(realm) is None


def test_a_phone_certificate_asked_for_after_the_fall_is_refused_as_before(
    at_once: None, realm: Realm, holder: Holder
) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    asked = issuance.request(
        realm=realm,
        purpose=Purpose.SIGNATURE,
        medium=Medium.PHONE,
        holder=holder,
        public_key=public_key(10),
        linked_to=card,
        request_key="too late",
    )
    with pytest.raises(CardCertificateNotValid):
        issuance.issue(asked.pk)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_verdicts_read_the_index_of_serial_numbers_and_not_the_certificates(realm: Realm, holder: Holder) -> None:
    certificates = issue_all_four(holder)
    copy_pairs(certificates[2])
    revocation.revoke(certificates[3], cause=Cause.PHONE_USE_ENDED, now=clock.now(realm))
    questions = [status.Question(bytes(certificate.der)) for certificate in certificates]
    now = clock.now(realm)
    with plans.executed() as seen:
        verdicts = status.check_all(realm, questions, now=now)
        status.check_all(realm, questions, now=now, at=certificates[0].not_before)
    assert [verdict.standing.value for verdict in verdicts] == ["valid", "valid", "valid", "invalid"]
    assert any("one_certificate_a_serial" in plan for plan in seen), seen
    assert plans.sequential(seen, ["ca_certificate"]) == []
