"""Responder certificates: renewed by the `ca` worker ahead of their end, for a key that it can't open."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connections

from ca import ceremony, clock, journal, ocsp, responders
from ca.errors import KeyNotFound, KeysUnavailable
from ca.models import Generation, Holder, JournalEntry, Realm, ResponderKey
from ca.ocsp import house
from ca.profiles import Medium, Purpose
from ca.tasks import renew_responders
from portal.celery import app
from tests.ca.fixtures import issue_card
from tests.ca.test_ocsp import ask, question
from tests.ca.test_openssl import ask as ask_with_openssl


def travel(realm: Realm, days_before_end: float) -> None:
    """Set the realm's clock so many days before its responders' certificates end."""
    end = min(ResponderKey.objects.filter(generation__authority__realm=realm).values_list("not_after", flat=True))
    realm.clock_offset = end - timedelta(days=days_before_end) - clock.machine()
    realm.save()


@pytest.fixture
def as_ca_worker(settings: Any) -> None:
    settings.RESPONDER_KEYS_PASSPHRASE = None


def spki(key: ResponderKey) -> object:
    return x509.load_der_x509_certificate(bytes(key.certificate)).public_key()


def test_nothing_is_renewed_before_its_time(realm: Realm, as_ca_worker: None) -> None:
    travel(realm, configured.RESPONDER_RENEW_DAYS + 1)
    assert renew_responders() == 0
    assert ResponderKey.objects.count() == 2


@pytest.mark.parametrize("days", [89, 1, -30])
def test_a_certificate_that_ends_soon_or_has_ended_is_renewed_once_for_the_same_key(
    realm: Realm, as_ca_worker: None, days: int
) -> None:
    travel(realm, days)
    assert renew_responders() == 2
    assert renew_responders() == 0
    for generation in Generation.objects.all():
        old, new = generation.responder_keys.order_by("pk")
        assert new.key_label == old.key_label
        assert spki(new) == spki(old)
        assert new.serial_number != old.serial_number
        assert new.not_after > old.not_after
        loaded = x509.load_der_x509_certificate(bytes(new.certificate))
        loaded.verify_directly_issued_by(x509.load_der_x509_certificate(bytes(generation.certificate)))


def test_an_authority_whose_key_is_gone_keeps_no_other_responder_from_being_renewed(
    realm: Realm, settings: Any
) -> None:
    other = ceremony.create_realm("other")
    ceremony.create_authorities(other)
    settings.RESPONDER_KEYS_PASSPHRASE = None
    for one in (realm, other):
        travel(one, 30)
    lost = Generation.objects.filter(authority__realm=realm).earliest("pk")
    Generation.objects.filter(pk=lost.pk).update(key_label="lost.signature.1")
    with pytest.raises(KeyNotFound, match=r"lost\.signature\.1"):
        renew_responders()
    counted = {one.pk: one.responder_keys.count() for one in Generation.objects.all()}
    assert counted.pop(lost.pk) == 1
    assert list(counted.values()) == [2, 2, 2]


def test_each_renewal_stands_in_the_journal_with_the_key_that_signed(realm: Realm, as_ca_worker: None) -> None:
    travel(realm, 30)
    before = JournalEntry.objects.count()
    renew_responders()
    entries = list(JournalEntry.objects.order_by("pk"))[before:]
    assert [entry.kind for entry in entries] == ["responder.intended", "key.used", "responder.renewed"] * 2
    used = {entry.data["key_label"] for entry in entries if entry.kind == "key.used"}
    assert used == set(Generation.objects.values_list("key_label", flat=True))
    assert {entry.data["replaces"] for entry in entries if entry.kind == "responder.renewed"} == {"02"}
    assert journal.verify(realm) is None


def test_the_responder_answers_with_the_renewed_certificate(realm: Realm, holder: Holder) -> None:
    travel(realm, 30)
    card = issue_card(holder)
    old = ask(card, question(card)).certificates
    renew_responders()
    house.forget()  # a second later
    (new,) = ask(card, question(card)).certificates
    assert [new] != old
    assert new.public_key() == old[0].public_key()


@pytest.mark.django_db(transaction=True)
def test_openssl_accepts_answers_after_the_first_certificate_has_ended(
    responder_address: str, realm: Realm, holder: Holder, tmp_path: Path
) -> None:
    travel(realm, 30)
    renew_responders()
    travel(realm, -1)
    card = issue_card(holder)
    at = str(int(clock.now(realm).timestamp()))
    said = ask_with_openssl(
        tmp_path, responder_address, card, Medium.CARD, "-attime", at, "-validity_period", str(6 * 366 * 86400)
    )
    assert "c.pem: good" in said


def test_without_a_renewal_it_would_have_been_silent(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    asked = question(card)
    travel(realm, -1)
    said = ocsp.answer(Realm.objects.get(), Purpose.SIGNATURE, Medium.CARD, asked)
    assert said == ocsp.refusal(ocsp.ResponseStatus.TRY_LATER)
    renew_responders()
    assert ocsp.answer(Realm.objects.get(), Purpose.SIGNATURE, Medium.CARD, asked) != said


def test_a_generation_in_its_last_days_is_not_renewed_for_ever(realm: Realm, as_ca_worker: None) -> None:
    for days in (30, 30, 30, 30):
        newest = ResponderKey.objects.order_by("-not_after")[0]
        realm.clock_offset = newest.not_after - timedelta(days=days) - clock.machine()
        realm.save()
        renew_responders()
    ends = {
        x509.load_der_x509_certificate(bytes(generation.certificate)).not_valid_after_utc
        for generation in Generation.objects.all()
    }
    assert max(ResponderKey.objects.values_list("not_after", flat=True)) in ends
    assert renew_responders() == 0


def test_both_generations_are_renewed(realm: Realm) -> None:
    ceremony.next_generation(realm, Purpose.SIGNATURE)
    travel(realm, 30)
    assert renew_responders() == 3
    assert all(generation.responder_keys.count() == 2 for generation in Generation.objects.all())


def test_a_clock_that_was_set_back_is_served_again(realm: Realm, as_ca_worker: None) -> None:
    ResponderKey.objects.update(not_before=clock.now(realm) + timedelta(days=1))
    assert renew_responders() == 2
    assert renew_responders() == 0


def test_when_the_keys_cant_be_opened_the_next_worker_need_not_wait(realm: Realm, settings: Any) -> None:
    travel(realm, 30)
    passphrase, settings.CA_KEYS_PASSPHRASE = settings.CA_KEYS_PASSPHRASE, None
    with pytest.raises(KeysUnavailable):
        renew_responders()
    settings.CA_KEYS_PASSPHRASE = passphrase
    assert renew_responders() == 2


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_renew_each_certificate_once(realm: Realm, as_ca_worker: None) -> None:
    travel(realm, 30)
    start, counts = threading.Barrier(4), []

    def work() -> None:
        start.wait()
        try:
            counts.append(renew_responders())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 2
    assert ResponderKey.objects.count() == 4
    assert journal.verify(realm) is None


def test_a_ceremony_gives_responders_new_keys_and_they_answer_with_them(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    (old,) = ask(card, question(card)).certificates
    call_command("next_responder_keys", "--realm", "test", "--purpose", "signature")
    house.forget()  # a second later
    (new,) = ask(card, question(card)).certificates
    assert new.public_key() != old.public_key()
    newest = responders.newest(card.generation, clock.now(realm))
    assert newest is not None
    assert JournalEntry.objects.filter(kind="key.created", subject=newest.key_label).count() == 1


def test_beat_sends_the_renewal_to_the_ca_workers() -> None:
    (entry,) = (e for e in configured.CELERY_BEAT_SCHEDULE.values() if e["task"] == "ca.renew_responders")
    assert app.amqp.router.route({}, entry["task"])["queue"].name == "ca"
