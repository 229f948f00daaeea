"""Issuance: the order of signing, and that it signs once whatever happens to the workers."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.db import connections, transaction
from django.test import override_settings

from ca import assembly, clock, issuance, journal, lint, messages, points, revocation, tasks
from ca.errors import (
    CardCertificateNotValid,
    HolderUnfit,
    IssuanceInProgress,
    KeysUnavailable,
    LinkageWrong,
    LintFailed,
    NoAuthority,
    PhoneCertificateExists,
    PublicKeyTaken,
    PublicKeyUnfit,
    RequestKeyTaken,
)
from ca.issuance import issuing, steps
from ca.issuance.drafts import Draft
from ca.models import Authority, Certificate, Generation, Holder, Issuance, JournalEntry, Realm
from ca.profiles import PROFILES, Medium, Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone, make_holder, public_key

State = Issuance.State


def ask(holder: Holder, *, request_key: str = "one", **changes: Any) -> Issuance:
    fields: dict[str, Any] = {
        "realm": holder.realm,
        "purpose": Purpose.SIGNATURE,
        "medium": Medium.CARD,
        "holder": holder,
        "public_key": public_key(),
        "request_key": request_key,
    }
    return issuance.request(**(fields | changes))


def ask_phone(card: Certificate, **changes: Any) -> Issuance:
    fields: dict[str, Any] = {
        "medium": Medium.PHONE,
        "linked_to": card,
        "purpose": Purpose(card.purpose),
        "public_key": public_key(10),
        "pending": True,
        "request_key": "phone",
    }
    return ask(card.holder, **(fields | changes))


def kinds(realm: Realm) -> list[str]:
    return list(JournalEntry.objects.filter(realm=realm).order_by("sequence").values_list("kind", flat=True))


def end_leases() -> None:
    """Make all that is under way look abandoned for long."""
    long_ago = clock.machine() - timedelta(hours=1)
    Issuance.objects.filter(lease_until__isnull=False).update(lease_until=long_ago)
    Issuance.objects.update(requested_at=long_ago)


class WorkerKilled(BaseException):
    """What a test throws where a worker dies: nothing in the project catches it."""


def kill_at(monkeypatch: pytest.MonkeyPatch, place: object, step: str) -> None:
    def die(*_: object, **__: object) -> None:
        raise WorkerKilled

    monkeypatch.setattr(place, step, die)


# --- The usual way
def test_card_certificate_is_issued_valid_and_phone_certificate_pending(holder: Holder) -> None:
    card = issue_card(holder)
    phone = issue_phone(card, pending=True)
    assert (card.status, card.cause) == (Certificate.Status.VALID, "")
    assert (phone.status, phone.cause) == (Certificate.Status.PENDING, Cause.AWAITING_ACTIVATION)
    assert phone.linked_to == card
    assert phone.authority == card.authority


def test_phone_certificate_ends_at_the_same_second_as_the_card_certificate(holder: Holder) -> None:
    card = issue_card(holder)
    phone = issue_phone(card)
    ends = [x509.load_der_x509_certificate(bytes(c.der)).not_valid_after_utc for c in (card, phone)]
    assert ends[0] == ends[1] == card.not_after == phone.not_after


def test_crl_distribution_point_and_ocsp_url_and_policy_differ_for_card_and_phone(holder: Holder) -> None:
    certificates = issue_all_four(holder)
    parsed = [x509.load_der_x509_certificate(bytes(certificate.der)) for certificate in certificates]
    places = {c.extensions.get_extension_for_class(x509.CRLDistributionPoints).value.public_bytes() for c in parsed}
    policies = {c.extensions.get_extension_for_class(x509.CertificatePolicies).value.public_bytes() for c in parsed}
    assert len(places) == 4
    assert len(policies) == 4
    for certificate, other in zip(certificates, parsed, strict=True):
        point = other.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0].full_name
        assert point == [x509.DirectoryName(points.name(certificate.partition))]
    with_responder = {
        certificate.medium: other.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value[0]
        for certificate, other in zip(certificates, parsed, strict=True)
        if certificate.purpose == Purpose.USER_AUTHENTICATION
    }
    for medium, description in with_responder.items():
        assert description.access_location.value.endswith(f"/ocsp/test/user-authentication/{medium}")


def test_serial_numbers_of_card_and_phone_and_authority_and_responder_are_never_shared(realm: Realm) -> None:
    for number in range(3):
        issue_all_four(make_holder(realm)) if number == 0 else issue_card(make_holder(realm), key=30 + number)
    for authority in Authority.objects.filter(realm=realm):
        taken = [generation.serial_number for generation in authority.generations.all()]
        for generation in authority.generations.all():
            taken += [key.serial_number for key in generation.responder_keys.all()]
        taken += list(Certificate.objects.filter(issuer=authority).values_list("serial_number", flat=True))
        assert len(taken) == len(set(taken))
        assert sorted(int(serial, 16) for serial in taken) == list(range(1, authority.next_serial))


def test_the_order_is_intent_in_the_journal_then_certificate(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    assert kinds(realm)[-2:] == ["issuance.intended", "certificate.issued"]
    intended, issued = JournalEntry.objects.filter(realm=realm, subject=card.serial_number).order_by("sequence")
    assert intended.data["tbs_sha256"] == issued.data["tbs_sha256"]
    assert issued.data["certificate_sha256"] == card.fingerprint
    assert issued.data["settled_after_crash"] is False
    # Which key was to be used, and was, and for what.
    used = {"key_label": card.generation.key_label, "key_use": "certificate"}
    assert used.items() <= intended.data.items()
    assert used.items() <= issued.data.items()


def test_the_same_request_key_gives_the_same_request(holder: Holder) -> None:
    assert ask(holder) == ask(holder)
    assert issuance.find("one") == ask(holder)
    assert issuance.find("another") is None


def test_the_same_request_key_for_another_request_is_refused(holder: Holder) -> None:
    ask(holder)
    with pytest.raises(RequestKeyTaken):
        ask(holder, public_key=public_key(1))


def test_issuing_again_returns_the_same_certificate(realm: Realm, holder: Holder) -> None:
    row = ask(holder)
    first = issuance.issue(row.pk)
    entries = len(kinds(realm))
    assert issuance.issue(row.pk) == first
    assert len(kinds(realm)) == entries


# --- Refusals
def refused(row: Issuance, error: type[Exception]) -> Issuance:
    with pytest.raises(error):
        issuance.issue(row.pk)
    row.refresh_from_db()
    assert row.state == State.REFUSED
    assert row.error_code == error.code  # type: ignore[attr-defined]
    with pytest.raises(error):
        issuance.issue(row.pk)
    return row


@pytest.mark.parametrize("how", ["revoked", "on hold", "expired"])
def test_no_phone_certificate_when_the_card_certificate_is_not_valid_at_the_moment_of_issue(
    realm: Realm, holder: Holder, how: str
) -> None:
    card = issue_card(holder)
    row = ask_phone(card)
    if how == "revoked":
        revocation.revoke(card, cause=Cause.ATTRIBUTES_CHANGED, now=clock.now(realm))
    elif how == "on hold":
        revocation.hold(card, cause=Cause.LOSS, now=clock.now(realm))
    else:
        realm.clock_offset = timedelta(days=6 * 366)
        realm.save()
    row = refused(row, CardCertificateNotValid)
    assert not row.serial_number
    assert kinds(realm)[-1] == "issuance.refused"


def test_the_card_certificate_is_looked_at_again_when_the_intent_is_recorded(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issue_card(holder)
    row = ask_phone(card)
    examine = lint.examine

    def revoked_meanwhile(subject: lint.Subject, passed: lint.Passed) -> bool:
        pkilinted = examine(subject, passed)
        revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
        return pkilinted

    monkeypatch.setattr(lint, "examine", revoked_meanwhile)
    row = refused(row, CardCertificateNotValid)
    assert not row.tbs


def test_no_phone_certificate_without_a_card_certificate_of_the_same_holder_and_purpose(
    realm: Realm, holder: Holder
) -> None:
    card = issue_card(holder)
    other = issue_card(make_holder(realm), key=1)
    for wrong in (None, other, issue_phone(card)):
        with pytest.raises(LinkageWrong):
            ask_phone(card, linked_to=wrong)
    with pytest.raises(LinkageWrong):
        ask_phone(card, purpose=Purpose.USER_AUTHENTICATION)
    with pytest.raises(LinkageWrong):
        ask(holder, linked_to=card)


def test_no_second_phone_certificate_that_would_be_valid_at_once(holder: Holder) -> None:
    card = issue_card(holder)
    issue_phone(card)
    refused(ask_phone(card, public_key=public_key(11), pending=False), PhoneCertificateExists)


def test_a_second_phone_certificate_can_be_issued_pending(holder: Holder) -> None:
    card = issue_card(holder)
    issue_phone(card)
    row = ask_phone(card, public_key=public_key(11), pending=True)
    assert issuance.issue(row.pk).status == Certificate.Status.PENDING


def test_a_public_key_is_not_certified_for_a_second_holder(realm: Realm, holder: Holder) -> None:
    issue_card(holder)
    refused(ask(make_holder(realm)), PublicKeyTaken)


def test_a_public_key_of_a_revoked_certificate_is_not_certified_again(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    refused(ask(holder, request_key="again"), PublicKeyTaken)


@pytest.mark.parametrize("kind", ["short", "elliptic", "garbage", "exponent 3"])
def test_an_unfit_public_key_is_refused(holder: Holder, kind: str) -> None:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    unfit = {
        "short": lambda: (
            rsa.generate_private_key(65537, 1024).public_key().public_bytes(serialization.Encoding.DER, spki)
        ),
        "elliptic": lambda: (
            ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(serialization.Encoding.DER, spki)
        ),
        "garbage": lambda: b"no key",
        "exponent 3": lambda: (
            rsa.generate_private_key(3, 2048).public_key().public_bytes(serialization.Encoding.DER, spki)
        ),
    }[kind]()
    refused(ask(holder, public_key=unfit), PublicKeyUnfit)


@pytest.mark.parametrize(
    "changes",
    [
        {"name_substitution": "0"},
        {"sex": "9"},
        {"birth_date": "019800217"},
        {"birth_date": "419800217"},
        {"municipality": "清瀬市"},
        {"municipality_code": "1322"},
        {"address": "", "address_substitution": ""},
    ],
)
def test_a_holder_whose_data_do_not_fit_the_profile_is_refused(realm: Realm, changes: dict[str, str]) -> None:
    refused(ask(make_holder(realm, **changes)), HolderUnfit)


def test_what_breaks_a_rule_is_not_signed_and_the_rule_is_named(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(holder)
    monkeypatch.setattr(assembly, "end_of_card_life", lambda issued, born: issued + timedelta(days=1))
    row = refused(row, LintFailed)
    assert "_validity" in row.error_detail
    assert not row.tbs


def test_a_realm_without_authority_says_so_and_the_request_waits(db: None) -> None:
    realm = Realm.objects.create(slug="bare", name="bare")
    row = ask(make_holder(realm))
    with pytest.raises(NoAuthority):
        issuance.issue(row.pk)
    row.refresh_from_db()
    assert (row.state, row.lease_until) == (State.REQUESTED, None)


def test_a_process_without_the_passphrase_signs_nothing_and_the_next_one_goes_on(holder: Holder, settings: Any) -> None:
    row = ask(holder)
    with override_settings(CA_KEYS_PASSPHRASE=None), pytest.raises(KeysUnavailable):
        issuance.issue(row.pk)
    row.refresh_from_db()
    assert (row.state, row.lease_until) == (State.SIGNING, None)
    assert issuance.issue(row.pk).status == Certificate.Status.VALID


# --- Crashes
STEPS = [(steps, "reserve"), (issuing, "draft"), (steps, "record_intents"), (issuing, "signing"), (steps, "store")]


@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_worker_killed_at_any_step_leaves_work_that_the_next_one_finishes_once(
    realm: Realm,
    holder: Holder,
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    step: str,
    deliver: Callable[..., list[str]],
) -> None:
    row = ask(holder)
    with monkeypatch.context() as patch:
        kill_at(patch, place, step)
        with pytest.raises(WorkerKilled):
            issuance.issue(row.pk)
    row.refresh_from_db()
    if step == "reserve":
        assert (row.state, row.lease_until, row.serial_number) == (State.REQUESTED, None, "")  # as if never begun
    else:
        with pytest.raises(IssuanceInProgress):
            issuance.issue(row.pk)
    assert tasks.sweep_issuances() == 0  # it may still be at work
    end_leases()
    assert tasks.sweep_issuances() == 1
    assert "ca.issue" in deliver("ca")
    row.refresh_from_db()
    assert row.state == State.ISSUED
    assert Certificate.objects.filter(holder=holder).count() == 1
    assert kinds(realm).count("issuance.intended") == 1
    assert kinds(realm).count("certificate.issued") == 1
    assert journal.verify(realm) is None


def test_a_crash_between_signing_and_storing_ends_in_the_identical_certificate_and_the_journal_shows_it(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(holder)
    signed: list[bytes] = []

    def die(_: Realm, some: list[tuple[Draft, bytes]], **__: object) -> None:
        signed.extend(certificate_der for _, certificate_der in some)
        raise WorkerKilled

    with monkeypatch.context() as patch:
        patch.setattr(steps, "store", die)
        with pytest.raises(WorkerKilled):
            issuance.issue(row.pk)
    row.refresh_from_db()
    assert row.state == State.SIGNING
    assert not Certificate.objects.exists()
    end_leases()
    certificate = issuance.issue(row.pk)
    assert bytes(certificate.der) == signed[0]
    entry = JournalEntry.objects.get(realm=realm, kind="certificate.issued")
    assert entry.data["settled_after_crash"] is True


def test_a_recorded_intent_is_settled_even_when_the_card_certificate_fell_meanwhile(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ca import linkage

    card = issue_card(holder)
    row = ask_phone(card)
    with monkeypatch.context() as patch:
        kill_at(patch, steps, "store")
        with pytest.raises(WorkerKilled):
            issuance.issue(row.pk)
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    end_leases()
    # It may have been signed, so it is kept; the sweep takes it away.
    phone = issuance.issue(row.pk)
    assert linkage.sweep(realm) == [phone.pk]


def test_a_worker_that_lost_its_lease_stores_no_second_certificate(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(holder)
    signing = issuing.signing

    def slow(generation: Generation) -> Callable[[bytes], bytes]:
        monkeypatch.setattr(issuing, "signing", signing)
        end_leases()
        issuance.issue(row.pk)  # another worker, the whole way
        return signing(generation)

    monkeypatch.setattr(issuing, "signing", slow)
    certificate = issuance.issue(row.pk)
    assert Certificate.objects.get() == certificate


def test_a_worker_overtaken_before_its_intent_gives_way(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(holder)
    draft = issuing.draft

    def overtaken(*arguments: Any) -> Draft:
        monkeypatch.setattr(issuing, "draft", draft)
        mine = draft(*arguments)
        end_leases()
        issuance.issue(row.pk)
        return mine

    monkeypatch.setattr(issuing, "draft", overtaken)
    certificate = issuance.issue(row.pk)
    assert Certificate.objects.get() == certificate
    assert kinds(realm).count("issuance.intended") == 1


# --- At once
def at_once(*works: Callable[[], object]) -> list[object]:
    """Do everything at the same moment, a thread and a database connection each; return results or errors."""
    start = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(number: int, work: Callable[[], object]) -> None:
        start.wait()
        try:
            results[number] = work()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_one_request_make_one_certificate(realm: Realm, holder: Holder) -> None:
    row = ask(holder)
    results = at_once(*[lambda: issuance.issue(row.pk)] * 8)
    certificate = Certificate.objects.get()
    for result in results:
        assert result == certificate or isinstance(result, IssuanceInProgress), result
    assert kinds(realm).count("issuance.intended") == 1
    assert journal.verify(realm) is None


@pytest.mark.django_db(transaction=True)
def test_many_issues_at_once_get_different_serial_numbers_and_one_chain_of_journal(
    realm: Realm, holder: Holder
) -> None:
    rows = [ask(make_holder(realm), request_key=str(number), public_key=public_key(20 + number)) for number in range(6)]
    results = at_once(*[lambda row=row: issuance.issue(row.pk) for row in rows])
    assert all(isinstance(result, Certificate) for result in results), results
    assert len({certificate.serial_number for certificate in Certificate.objects.all()}) == 6
    assert journal.verify(realm) is None


@pytest.mark.django_db(transaction=True)
def test_two_phones_activated_at_once_leave_one_valid(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    phones = [issue_phone(card, key=10 + number, pending=True) for number in range(2)]
    results = at_once(*[lambda phone=phone: revocation.activate(phone, now=clock.now(realm)) for phone in phones])
    assert sorted(str(type(result).__name__) for result in results) == ["NoneType", "PhoneCertificateExists"]
    assert Certificate.objects.filter(medium=Medium.PHONE, status=Certificate.Status.VALID).count() == 1


# --- Continuation
@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Collect what is handed to the broker."""
    found: list[tuple[Any, ...]] = []

    def keep(*message: Any) -> bool:
        found.append(message)
        return True

    monkeypatch.setattr(messages, "send", keep)
    return found


GO_ON = {"task": "tsm.continue", "args": ["enrolment 1"]}


def ask_pair(holder: Holder) -> list[int]:
    return [
        ask(holder, purpose=purpose, public_key=public_key(number), request_key=purpose, continuation=GO_ON).pk
        for number, purpose in enumerate(Purpose)
    ]


def test_the_continuation_goes_out_once_when_the_whole_pair_is_issued(
    holder: Holder, sent: list[tuple[Any, ...]]
) -> None:
    first, second = ask_pair(holder)
    tasks.issue([first])
    assert ("tsm.continue", "enrolment 1") not in sent
    tasks.issue([first, second])
    assert sent.count(("tsm.continue", "enrolment 1")) == 1


def test_the_continuation_goes_out_when_one_is_refused(holder: Holder, sent: list[tuple[Any, ...]]) -> None:
    rows = ask_pair(holder)
    Issuance.objects.filter(pk=rows[0]).update(public_key=b"no key")
    tasks.issue(rows)
    assert sent.count(("tsm.continue", "enrolment 1")) == 1


def test_a_continuation_that_was_lost_goes_out_with_the_sweep(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ask_pair(holder)
    sent: list[tuple[Any, ...]] = []
    with monkeypatch.context() as patch:
        patch.setattr(messages, "send", lambda *_: False)  # no broker
        tasks.issue(rows)
    assert Issuance.objects.filter(state=State.ISSUED, continued_at=None).count() == 2
    end_leases()

    def run(task: str, *arguments: Any) -> bool:
        sent.append((task, *arguments))
        if task == "ca.issue":
            tasks.issue(*arguments)
        return True

    monkeypatch.setattr(messages, "send", run)
    assert tasks.sweep_issuances() == 1
    assert sent == [("ca.issue", rows), ("tsm.continue", "enrolment 1")]
    assert tasks.sweep_issuances() == 0


def test_a_redelivered_task_sends_the_continuation_again(holder: Holder, sent: list[tuple[Any, ...]]) -> None:
    rows = ask_pair(holder)
    tasks.issue(rows)
    tasks.issue(rows)
    assert sent.count(("tsm.continue", "enrolment 1")) == 2
    assert Certificate.objects.count() == 2


def test_the_sweep_leaves_fresh_requests_alone(holder: Holder, sent: list[tuple[Any, ...]]) -> None:
    ask_pair(holder)
    assert tasks.sweep_issuances() == 0
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_issued_inside_an_open_transaction(holder: Holder) -> None:
    row = ask(holder)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        issuance.issue(row.pk)


def test_the_newest_generation_signs(realm: Realm) -> None:
    assert issuance.newest_generation(realm, Purpose.SIGNATURE) == Generation.objects.get(
        authority__realm=realm, authority__purpose=Purpose.SIGNATURE
    )
    assert set(PROFILES) == {(purpose, medium) for purpose in Purpose for medium in Medium}


def test_the_sweep_needs_no_keys(holder: Holder, sent: list[tuple[Any, ...]]) -> None:
    rows = ask_pair(holder)
    end_leases()
    with override_settings(CA_KEYS_PASSPHRASE=None, RESPONDER_KEYS_PASSPHRASE=None):
        assert tasks.sweep_issuances() == 1
    assert sent == [("ca.issue", rows)]


def test_one_request_that_cannot_be_issued_now_does_not_hold_up_the_others(
    holder: Holder, sent: list[tuple[Any, ...]]
) -> None:
    Generation.objects.filter(authority__purpose=Purpose.SIGNATURE).update(key_label="lost")
    rows = ask_pair(holder)
    tasks.issue(rows)
    states = [Issuance.objects.get(pk=pk).state for pk in rows]
    assert states == [State.SIGNING, State.ISSUED]
    assert ("tsm.continue", "enrolment 1") not in sent


def test_a_broker_that_cannot_be_reached_is_told_and_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Celery("nowhere", broker="redis+socket:///nonexistent/redis.sock", set_as_current=False)
    monkeypatch.setattr(messages, "current_app", app)
    assert messages.send("ca.issue", [1]) is False


def test_a_process_that_runs_its_tasks_itself_runs_those_sent_by_name(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Celery("eager", broker="memory://", set_as_current=False)
    app.conf.task_always_eager = True
    monkeypatch.setattr(messages, "current_app", app)
    row = ask(holder)
    assert messages.send("ca.issue", [row.pk]) is True
    row.refresh_from_db()
    assert row.state == State.ISSUED
