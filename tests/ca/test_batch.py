"""Batch issuance: the same certificates, journal and guarantees as one by one, in few transactions."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from ca import clock, issuance, journal, linkage, revocation, tasks
from ca.errors import (
    CaError,
    CardCertificateNotValid,
    HolderUnfit,
    IssuanceInProgress,
    KeysUnavailable,
    LintFailed,
    NoAuthority,
    PhoneCertificateExists,
    PublicKeyTaken,
    PublicKeyUnfit,
)
from ca.issuance import chunks, issuing, steps
from ca.issuance.drafts import Draft
from ca.models import Authority, Certificate, Generation, Holder, Issuance, JournalEntry, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_card, make_holder, make_realm, public_key
from tests.ca.test_issuance import STEPS, WorkerKilled, ask, ask_phone, at_once, end_leases, kill_at, kinds

State = Issuance.State


def ask_many(realm: Realm, count: int = 6, **changes: Any) -> list[Issuance]:
    """Ask for card certificates of holders of their own, both purposes by turns."""
    return [
        ask(
            make_holder(realm),
            request_key=f"batch {number}",
            public_key=public_key(20 + number),
            **({"purpose": list(Purpose)[number % 2]} | changes),
        )
        for number in range(count)
    ]


def pks(rows: list[Issuance]) -> list[int]:
    return [row.pk for row in rows]


def assert_all_issued_once(realm: Realm, rows: list[Issuance]) -> None:
    assert [Issuance.objects.get(pk=row.pk).state for row in rows] == [State.ISSUED] * len(rows)
    assert Certificate.objects.filter(realm=realm).count() == len(rows)
    assert kinds(realm).count("issuance.intended") == len(rows)
    assert kinds(realm).count("certificate.issued") == len(rows)
    for certificate in Certificate.objects.filter(realm=realm):
        parsed = x509.load_der_x509_certificate(bytes(certificate.der))
        key = x509.load_der_x509_certificate(bytes(certificate.generation.certificate)).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert parsed.signature_hash_algorithm is not None
        key.verify(parsed.signature, parsed.tbs_certificate_bytes, padding.PKCS1v15(), parsed.signature_hash_algorithm)
        assert parsed.serial_number == int(certificate.serial_number, 16)
    assert journal.verify(realm) is None


def test_a_batch_issues_all_and_intends_all_before_it_signs_any(realm: Realm) -> None:
    rows = ask_many(realm)
    before = len(kinds(realm))
    outcomes = issuance.issue_many(pks(rows))
    assert set(outcomes) == set(pks(rows))
    assert all(isinstance(outcome, Certificate) for outcome in outcomes.values())
    for row in rows:
        row.refresh_from_db()
        assert row.certificate == outcomes[row.pk]
        assert row.lease_until is None
    assert kinds(realm)[before:] == ["issuance.intended"] * 6 + ["certificate.issued"] * 6
    assert_all_issued_once(realm, rows)


def test_serial_numbers_of_a_batch_follow_one_another_without_gap(realm: Realm) -> None:
    nexts = {authority.pk: authority.next_serial for authority in Authority.objects.filter(realm=realm)}
    issuance.issue_many(pks(ask_many(realm)))
    for authority in Authority.objects.filter(realm=realm):
        serials = Certificate.objects.filter(issuer=authority).values_list("serial_number", flat=True)
        assert sorted(int(serial, 16) for serial in serials) == list(range(nexts[authority.pk], authority.next_serial))


def test_a_batch_is_as_one_by_one_but_for_number_and_time(realm: Realm) -> None:
    single, many = (
        ask_many(realm, 2),
        [
            ask(make_holder(realm), request_key=f"many {number}", public_key=public_key(30 + number), purpose=purpose)
            for number, purpose in enumerate(Purpose)
        ],
    )
    ones = [issuance.issue(row.pk) for row in single]
    outcomes = issuance.issue_many(pks(many))
    for one, row in zip(ones, many, strict=True):
        other = outcomes[row.pk]
        assert isinstance(other, Certificate)
        shape = [x509.load_der_x509_certificate(bytes(c.der)).extensions for c in (one, other)]
        assert [(e.oid, e.critical) for e in shape[0]] == [(e.oid, e.critical) for e in shape[1]]
        same = ("status", "cause", "generation_id", "partition_id", "purpose", "medium", "linked_to_id", "not_after")
        assert [getattr(one, name) for name in same] == [getattr(other, name) for name in same]


def test_a_batch_runs_over_several_chunks(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SIZE", 4)
    rows = ask_many(realm, 10)
    issuance.issue_many(pks(rows))
    assert_all_issued_once(realm, rows)


def test_a_batch_of_two_realms_keeps_their_journals_apart(realm: Realm) -> None:
    other = make_realm("other")
    rows = [
        ask(make_holder(which), request_key=f"{which.slug} {number}", public_key=public_key(20 + number))
        for number in range(2)
        for which in (realm, other)
    ]
    issuance.issue_many(pks(rows))
    for which in (realm, other):
        assert_all_issued_once(which, [row for row in rows if row.realm_id == which.pk])


def test_transactions_and_queries_do_not_grow_with_the_requests(realm: Realm) -> None:
    issuance.issue_many(pks(ask_many(realm, 4)))
    counts = []
    for number in (4, 16):
        rows = [
            ask(make_holder(realm), request_key=f"{number} {n}", public_key=public_key(24 + 20 * (number > 4) + n))
            for n in range(number)
        ]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            issuance.issue_many(pks(rows))
        counts.append(sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries))
    assert counts[1] <= counts[0] + 2


# --- Refusals
def test_what_is_refused_does_not_hold_up_the_others(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder, key=1)
    fallen = ask_phone(card, pending=True, request_key="fallen", public_key=public_key(40))
    taken = ask(make_holder(realm), request_key="taken", public_key=public_key(1))
    unfit = ask(make_holder(realm), request_key="unfit", public_key=b"no key")
    nobody = ask(make_holder(realm, sex="9"), request_key="nobody", public_key=public_key(41))
    elsewhere = ask(make_holder(realm, municipality="Nerima-ku"), request_key="else", public_key=public_key(42))
    good = ask(make_holder(realm), request_key="good", public_key=public_key(43))
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    expected: dict[Issuance, type[CaError]] = {
        fallen: CardCertificateNotValid,
        taken: PublicKeyTaken,
        unfit: PublicKeyUnfit,
        nobody: HolderUnfit,
        elsewhere: HolderUnfit,
    }
    outcomes = issuance.issue_many([*pks(list(expected)), good.pk])
    assert isinstance(outcomes[good.pk], Certificate)
    for row, error in expected.items():
        assert isinstance(outcomes[row.pk], error)
        row.refresh_from_db()
        assert (row.state, row.error_code, row.lease_until) == (State.REFUSED, error.code, None)
        with pytest.raises(error):
            issuance.issue(row.pk)
    assert kinds(realm).count("issuance.refused") == 5
    assert journal.verify(realm) is None


def test_two_of_a_batch_in_each_others_way_end_as_one_after_the_other(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    same_key = [ask(make_holder(realm), request_key=f"same {n}", public_key=public_key(40)) for n in range(2)]
    phones = [ask_phone(card, pending=False, request_key=f"phone {n}", public_key=public_key(41 + n)) for n in range(2)]
    outcomes = issuance.issue_many(pks([*same_key, *phones]))
    assert isinstance(outcomes[same_key[0].pk], Certificate)
    assert isinstance(outcomes[same_key[1].pk], PublicKeyTaken)
    assert isinstance(outcomes[phones[0].pk], Certificate)
    assert isinstance(outcomes[phones[1].pk], PhoneCertificateExists)


def test_a_card_certificate_that_falls_before_the_intent_stops_its_phone_certificate_only(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issue_card(holder)
    rows = [ask_phone(card), *ask_many(realm, 2)]
    draft = issuing.draft

    def revoked_meanwhile(*arguments: Any) -> Draft:
        card.refresh_from_db()
        if card.status == Certificate.Status.VALID:
            revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
        return draft(*arguments)

    monkeypatch.setattr(issuing, "draft", revoked_meanwhile)
    outcomes = issuance.issue_many(pks(rows))
    assert [type(outcomes[row.pk]) for row in rows] == [CardCertificateNotValid, Certificate, Certificate]


def test_what_lint_refuses_is_not_signed(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ask_many(realm, 3)
    with monkeypatch.context() as patch:
        patch.setattr("ca.assembly.times.end_of_day", lambda day: clock.now(realm).replace(year=2030, hour=1))
        outcomes = issuance.issue_many(pks(rows))
    assert all(isinstance(outcome, LintFailed) for outcome in outcomes.values())
    assert not Issuance.objects.exclude(tbs=None).exists()
    assert not Certificate.objects.exists()


def test_without_keys_or_authority_all_wait_and_the_next_worker_goes_on(realm: Realm) -> None:
    rows = ask_many(realm, 4)
    bare = Realm.objects.create(slug="bare", name="bare")
    lost = ask(make_holder(bare), request_key="bare")
    with override_settings(CA_KEYS_PASSPHRASE=None):
        outcomes = issuance.issue_many([*pks(rows), lost.pk])
    assert all(isinstance(outcomes[row.pk], KeysUnavailable) for row in rows)
    assert isinstance(outcomes[lost.pk], NoAuthority)
    assert not Issuance.objects.exclude(lease_until=None).exists()
    issuance.issue_many(pks(rows))
    assert_all_issued_once(realm, rows)


# --- Crashes and others at work
@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_worker_killed_at_any_step_of_a_batch_leaves_work_that_the_sweep_has_finished_once(
    realm: Realm, monkeypatch: pytest.MonkeyPatch, place: object, step: str, deliver: Callable[..., list[str]]
) -> None:
    rows = ask_many(realm, 4)
    with monkeypatch.context() as patch:
        kill_at(patch, place, step)
        with pytest.raises(WorkerKilled):
            issuance.issue_many(pks(rows))
    if step != "reserve":  # until then nothing is held
        assert all(isinstance(outcome, IssuanceInProgress) for outcome in issuance.issue_many(pks(rows)).values())
    assert tasks.sweep_issuances() == 0  # it may still be at work
    end_leases()
    assert tasks.sweep_issuances() == 1  # together, as they began
    deliver("ca")
    assert_all_issued_once(realm, rows)
    settled = JournalEntry.objects.filter(realm=realm, kind="certificate.issued")
    assert {entry.data["settled_after_crash"] for entry in settled} == {step in {"signing", "store"}}


def test_a_crash_between_signing_and_storing_ends_in_identical_certificates(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ask_many(realm, 3)
    signed: list[bytes] = []

    def die(_: Realm, some: list[tuple[Draft, bytes]], **__: object) -> None:
        signed.extend(octets for _, octets in some)
        raise WorkerKilled

    with monkeypatch.context() as patch:
        patch.setattr(steps, "store", die)
        with pytest.raises(WorkerKilled):
            issuance.issue_many(pks(rows))
    end_leases()
    outcomes = issuance.issue_many(pks(rows))
    stored = [bytes(outcome.der) for outcome in outcomes.values() if isinstance(outcome, Certificate)]
    assert sorted(stored) == sorted(signed)


@pytest.mark.parametrize(
    ("place", "step"), [(issuing, "Acceptance"), (issuing, "draft"), (issuing, "signing")], ids=["1", "2", "3"]
)
def test_a_batch_whose_request_another_worker_finished_meanwhile_gives_way(
    realm: Realm, monkeypatch: pytest.MonkeyPatch, place: object, step: str
) -> None:
    rows = ask_many(realm, 4)
    original = getattr(place, step)

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(place, step, original)
        end_leases()
        issuance.issue(rows[1].pk)  # another worker, the whole way
        return original(*arguments)

    monkeypatch.setattr(place, step, overtaken)
    outcomes = issuance.issue_many(pks(rows))
    assert all(isinstance(outcome, Certificate) for outcome in outcomes.values())
    assert_all_issued_once(realm, rows)


def test_a_phone_certificate_activated_meanwhile_leaves_the_signed_one_pending(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issue_card(holder)
    other = issuance.issue(ask_phone(card, request_key="first", public_key=public_key(11)).pk)
    rows = [ask_phone(card, pending=False), *ask_many(realm, 2)]
    signing = issuing.signing

    def activated(generation: Generation) -> Any:
        monkeypatch.setattr(issuing, "signing", signing)
        revocation.activate(other, now=clock.now(realm))
        return signing(generation)

    monkeypatch.setattr(issuing, "signing", activated)
    outcomes = issuance.issue_many(pks(rows))
    states = [outcome.status for outcome in outcomes.values() if isinstance(outcome, Certificate)]
    assert states == [Certificate.Status.PENDING, Certificate.Status.VALID, Certificate.Status.VALID]
    assert linkage.sweep(realm) == []


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_batch_at_once_issue_each_request_once(realm: Realm) -> None:
    rows = ask_many(realm, 12)
    ids = pks(rows)
    at_once(lambda: issuance.issue_many(ids), lambda: issuance.issue_many(ids[::-1]), lambda: issuance.issue_many(ids))
    issuance.issue_many(ids)
    assert_all_issued_once(realm, rows)


# --- The task
def test_the_task_takes_many_as_a_batch_and_sends_each_continuation_once(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr("ca.messages.send", lambda *message: sent.append(message) or True)
    rows = [
        ask(
            make_holder(realm),
            request_key=f"go {n}",
            public_key=public_key(20 + n),
            continuation={"task": "tsm.continue", "args": [n // 2]},
        )
        for n in range(4)
    ]
    tasks.issue(pks(rows))
    continued = sorted(message for message in sent if message[0] == "tsm.continue")
    assert continued == [("tsm.continue", 0), ("tsm.continue", 1)]
    assert kinds(realm)[-8:] == ["issuance.intended"] * 4 + ["certificate.issued"] * 4
    assert {row.medium for row in rows} == {Medium.CARD}
