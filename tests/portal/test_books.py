"""The books: right after an enrolment, and each check finds what it is there for."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from ca import clock, counter, issuance
from ca.models import Authority, CardRevocation, Certificate, Issuance, JournalEntry, JournalHead, Partition, Realm
from ca.profiles import Medium
from portal import books
from portal.notices.models import Happening, Notice
from sandbox import power, sealing
from sandbox.models import VirtualPhone
from sandbox.virtual.element import Element
from tests.ca.counter import line
from tests.ca.fixtures import *  # noqa: F403
from tests.tsm.enrolment.citizen import Citizen, Deliver, card_of
from tsm.models import Enrolment, EnrolmentStep, Leg, SecureElement, ServiceOrder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]
LONG_AGO = timedelta(days=1)


def _phone() -> Certificate:
    return Certificate.objects.filter(medium=Medium.PHONE).order_by("pk")[0]


def _enrolment() -> Enrolment:
    return Enrolment.objects.get()


def _without(*constraints: str) -> None:
    """Let the database forget constraints, as after a restore that lost its indexes."""
    with connection.cursor() as cursor:
        for name in constraints:
            cursor.execute(f"DROP INDEX {name}")


def _again(row: Any, **changes: Any) -> Any:
    row.pk = None
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


def _reconciled(**changes: Any) -> None:
    """Change the enrolment's row, and nothing else."""
    Enrolment.objects.update(state_since=clock.machine() - LONG_AGO, **changes)


def two_active_pairs() -> None:
    _without("one_phone_certificate_a_holder")
    _again(_phone(), serial_number="7F")


def certificate_unknown() -> None:
    JournalEntry.objects.filter(kind="certificate.issued", subject=_phone().serial_number).delete()


def certificate_gone() -> None:
    entry = JournalEntry.objects.filter(kind="certificate.issued")[0]
    _again(entry, subject="7F", sequence=10**6)


def certificate_changed() -> None:
    Certificate.objects.filter(pk=_phone().pk).update(der=b"another")


def status_unknown() -> None:
    Certificate.objects.filter(pk=_phone().pk).update(status="on_hold")


def serial_twice() -> None:
    of_authority = Authority.objects.get(purpose="signature").generations.get()
    Certificate.objects.filter(pk=_phone().pk).update(serial_number=of_authority.serial_number)


def signed_twice() -> None:
    entry = JournalEntry.objects.filter(kind="issuance.intended")[0]
    _again(entry, sequence=10**6, data=entry.data | {"tbs_sha256": "00"})


def counter_behind() -> None:
    Authority.objects.update(next_serial=2)


def list_number_twice() -> None:
    for number, digest in enumerate("AB"):
        JournalEntry.objects.create(
            realm=Realm.objects.get(), sequence=10**6 + number, at=clock.machine(), kind="crl.published",
            subject="signature/phone/13221", data={"number": 5, "sha256": digest}, previous_hash="", hash="",
        )  # fmt: skip


def list_behind() -> None:
    partition = _phone().partition
    Partition.objects.filter(pk=partition.pk).update(
        revision=9, published_revision=8, published_at=clock.machine() - LONG_AGO
    )
    Certificate.objects.filter(pk=_phone().pk).update(changed_at=clock.machine() - LONG_AGO / 2)


def request_standing() -> None:
    row = Issuance.objects.filter(medium="phone")[0]
    Issuance.objects.filter(pk=row.pk).update(
        certificate=None, state="reserved", requested_at=clock.machine() - LONG_AGO
    )


def request_not_gone_on() -> None:
    Issuance.objects.filter(medium="phone").update(continued_at=None, requested_at=clock.machine() - LONG_AGO)


def request_unordered() -> None:
    row = Issuance.objects.filter(medium="card")[0]
    _again(row, request_key=f"card:{row.realm_id}:C-9:{row.purpose}", certificate=None, error_code="spoiled")


def order_unknown() -> None:
    JournalEntry.objects.filter(kind="card.ordered").delete()


def linkage_missed() -> None:
    card = _phone().linked_to
    assert card is not None
    CardRevocation.objects.filter(card=card).delete()
    Certificate.objects.filter(pk=card.pk).update(status="revoked")


def journal_broken() -> None:
    JournalEntry.objects.filter(sequence=3).update(subject="another")


def two_active_enrolments() -> None:
    _without("one_active_enrolment_per_holder", "one_open_enrolment_per_phone")
    _again(
        _enrolment(),
        reference="00000000-0000-4000-8000-000000000001",
        signature_certificate=None,
        authentication_certificate=None,
    )


def active_without_pair() -> None:
    _reconciled(signature_certificate=None)


def certificate_without_enrolment() -> None:
    _reconciled(signature_certificate=None)
    Certificate.objects.update(changed_at=clock.machine() - LONG_AGO)


def state_unknown() -> None:
    JournalEntry.objects.filter(kind="enrolment.active").delete()


def enrolment_lost() -> None:
    Leg.objects.all().delete()
    EnrolmentStep.objects.all().delete()
    SecureElement.objects.update(occupant=None)
    Enrolment.objects.all().delete()


def enrolment_standing() -> None:
    _reconciled(state="certified")
    Leg.objects.update(created_at=clock.machine() - LONG_AGO, reported_at=clock.machine() - LONG_AGO)


def order_standing() -> None:
    Leg.objects.update(created_at=clock.machine() - LONG_AGO, reported_at=clock.machine() - LONG_AGO)
    ServiceOrder.objects.create(enrolment=_enrolment(), function="check_in", asked_at=clock.machine() - LONG_AGO)


def report_unread() -> None:
    leg = Leg.objects.order_by("-pk")[0]
    Leg.objects.filter(pk=leg.pk).update(state="reported", reported_at=clock.machine() - LONG_AGO)
    type(leg.conversation).objects.update(closed_at=None)


def content_without_owner() -> None:
    SecureElement.objects.update(occupant=None)


def journal_unread() -> None:
    JournalEntry.objects.update(at=clock.machine() - LONG_AGO)


def notice_standing() -> None:
    enrolment = _enrolment()
    happening = Happening.objects.create(
        realm=enrolment.realm, holder=enrolment.holder, kind="issued", at=clock.machine(), sequence=10**6
    )
    Notice.objects.create(
        happening=happening, holder=enrolment.holder, channel="mail", address="a@example.jp",
        made_at=clock.machine() - LONG_AGO, next_at=clock.machine() - LONG_AGO,
    )  # fmt: skip


def hand_off_lost() -> None:
    JournalEntry.objects.create(
        realm=Realm.objects.get(), sequence=10**6, at=clock.machine(), kind="handoff.asked",
        subject="00000000-0000-4000-8000-000000000001", data={}, previous_hash="", hash="",
    )  # fmt: skip


def phone_unknown() -> None:
    Leg.objects.update(created_at=clock.machine() - LONG_AGO)
    SecureElement.objects.update(occupant=None, applet_version="")


def phone_empty() -> None:
    phone = VirtualPhone.objects.select_related("phone__element").get()
    element = phone.phone.element
    from tsm import keysets

    blank = Element.manufacture(
        iin=bytes(element.iin),
        cin=bytes(element.cin),
        isd_keys=keysets.issuer(bytes(element.iin) + bytes(element.cin)),
        natives=power.NATIVES,
    )
    VirtualPhone.objects.update(sealed_state=sealing.seal(blank.snapshot()))


# What is spoiled, and the check that has to find it. Others may, too.
SPOILED: dict[str, Callable[[], None]] = {
    f"{room}.{spoil.__name__.replace('_', '-')}": spoil
    for room, spoils in {
        "ca": (
            two_active_pairs, certificate_unknown, certificate_gone, certificate_changed, status_unknown, serial_twice,
            signed_twice, counter_behind, list_number_twice, list_behind, request_standing, request_not_gone_on,
            request_unordered, order_unknown, linkage_missed, journal_broken,
        ),
        "tsm": (
            two_active_enrolments, active_without_pair, certificate_without_enrolment, state_unknown, enrolment_lost,
            enrolment_standing, order_standing, report_unread, content_without_owner,
        ),
        "portal": (journal_unread, notice_standing, hand_off_lost),
        "sandbox": (phone_unknown, phone_empty),
    }.items()
    for spoil in spoils
}  # fmt: skip


# The ceremony's entries are as old as this run of the tests.
GRACE = timedelta(hours=12)


def found_in(realm: Realm, grace: timedelta = GRACE) -> set[str]:
    return {finding.check.id for finding in books.read(realm, grace=grace)}


def test_every_check_finds_what_it_is_there_for_and_nothing_in_good_books(realm: Realm, deliver: Deliver) -> None:
    assert set(SPOILED) == {check.id for check in books.checks()}
    card = card_of(realm)
    Citizen.with_new_phone(realm, deliver).enrol(card)
    counter.place(realm, counter.read(json.dumps(line()).encode()), counter="a desk")
    issuance.issue_many(Issuance.objects.filter(certificate=None).values_list("pk", flat=True))
    deliver("tsm", "ca")
    assert found_in(realm) == set()
    # Without any grace, too: nothing is on its way any more, but for what this test has no worker for. (The journal is
    # read by a sweep, and who asked for the card's certificates was never told.)
    assert found_in(realm, timedelta(seconds=-5)) <= {"portal.journal-unread", "ca.request-not-gone-on"}
    blind = []
    for check, spoil in SPOILED.items():
        with transaction.atomic():
            spoil()
            if check not in found_in(realm):
                blind.append(check)
            transaction.set_rollback(True)
    assert blind == []
    assert found_in(realm) == set()

    # The command says the same, and ends with 1.
    told = io.StringIO()
    call_command("books", grace=GRACE.total_seconds(), stdout=told)
    assert "are right" in told.getvalue()
    counter_behind()
    told = io.StringIO()
    with pytest.raises(CommandError):
        call_command("books", "--json", "--quick", grace=GRACE.total_seconds(), stdout=told)
    (one,) = json.loads(told.getvalue())
    assert (one["id"], one["realm"], one["more"]) == ("ca.counter-behind", realm.slug, False)


def test_what_is_on_its_way_is_left_alone(realm: Realm, deliver: Deliver) -> None:
    card = card_of(realm)
    citizen = Citizen.with_new_phone(realm, deliver)
    citizen.apply(card)
    assert found_in(realm) == set()
    # A minute later a worker should have taken it up; once it has, the phone is waited for.
    assert "tsm.enrolment-standing" in found_in(realm, timedelta(minutes=-1))
    deliver("tsm")
    assert "tsm.enrolment-standing" not in found_in(realm, timedelta(minutes=-1))
    assert JournalHead.objects.get().sequence > 0
