"""Generations: one name, two keys, both in their time. Who signed what is found by key identifier, never by name."""

from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command

from ca import ceremony, clock, crl, journal, revocation, status
from ca.errors import GenerationOutOfTurn, NoAuthority
from ca.models import Certificate, Generation, Holder, JournalEntry, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from portal.handoff.trust import trust_list
from tests.ca.fixtures import (
    assert_on_crl,
    issue_card,
    issue_phone,
    make_holder,
    openssl,
    openssl_verify,
    write_pem,
)
from tests.ca.test_ocsp import ask as ask_ocsp
from tests.ca.test_ocsp import authority as authority_of
from tests.ca.test_ocsp import http, question
from tests.ca.test_openssl import ask


@pytest.fixture
def pair(realm: Realm, holder: Holder) -> tuple[Certificate, Certificate]:
    """Return a card certificate of generation 1 and one of generation 2."""
    first = issue_card(holder)
    ceremony.next_generation(realm, Purpose.SIGNATURE)
    return first, issue_card(make_holder(realm), key=1)


def loaded(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes(der))


def test_the_next_generation_has_the_name_another_key_and_the_next_serial_number(
    realm: Realm, pair: tuple[Certificate, Certificate]
) -> None:
    old, new = Generation.objects.filter(authority__purpose=Purpose.SIGNATURE).order_by("number")
    assert (old.number, new.number) == (1, 2)
    assert loaded(old.certificate).subject == loaded(new.certificate).subject
    assert loaded(old.certificate).public_key() != loaded(new.certificate).public_key()
    assert old.key_label != new.key_label
    loaded(new.certificate).verify_directly_issued_by(loaded(new.certificate))
    # One counter: authority, responder, certificate, next authority, its responder, its first certificate.
    responder = new.responder_keys.get()
    numbers = [pair[0].serial_number, new.serial_number, responder.serial_number, pair[1].serial_number]
    assert numbers == ["03", "04", "05", "06"]
    assert (pair[0].generation, pair[1].generation) == (old, new)
    assert journal.verify(realm) is None


def test_issuing_uses_the_newest_and_a_phone_certificate_stands_on_a_card_certificate_of_the_one_before(
    pair: tuple[Certificate, Certificate],
) -> None:
    phone = issue_phone(pair[0])
    assert phone.generation == pair[1].generation != pair[0].generation
    assert phone.linked_to == pair[0]
    assert phone.not_after == pair[0].not_after


def test_the_other_authority_stays_at_its_generation(pair: tuple[Certificate, Certificate]) -> None:
    numbers = Generation.objects.filter(authority__purpose=Purpose.USER_AUTHENTICATION).values_list("number", flat=True)
    assert list(numbers) == [1]


def test_openssl_verifies_both_each_with_its_own_generation_and_crl(
    pair: tuple[Certificate, Certificate], tmp_path: Path
) -> None:
    for certificate, other in (pair, pair[::-1]):
        answer = openssl_verify(tmp_path, certificate)
        assert answer.returncode == 0, answer.stderr
        stranger = write_pem(tmp_path, "other.pem", "CERTIFICATE", bytes(other.generation.certificate))
        refused = openssl(
            "verify", "-CAfile", stranger, write_pem(tmp_path, "c.pem", "CERTIFICATE", bytes(certificate.der))
        )
        assert refused.returncode != 0


def test_openssl_finds_its_way_where_both_generations_and_both_crls_lie_together(
    pair: tuple[Certificate, Certificate], tmp_path: Path
) -> None:
    together, lists = tmp_path / "both.pem", tmp_path / "lists.pem"
    pems = [write_pem(tmp_path, "a.pem", "CERTIFICATE", bytes(c.generation.certificate)).read_text() for c in pair]
    together.write_text("".join(pems))
    pems = [write_pem(tmp_path, "l.pem", "X509 CRL", bytes(crl.publish(c.partition).der)).read_text() for c in pair]
    lists.write_text("".join(pems))
    for certificate in pair:
        file = write_pem(tmp_path, "c.pem", "CERTIFICATE", bytes(certificate.der))
        answer = openssl("verify", "-x509_strict", "-crl_check", "-CAfile", together, "-CRLfile", lists, file)
        assert answer.returncode == 0, answer.stderr


def test_a_revocation_stands_on_its_own_generations_crl_and_on_no_other(
    realm: Realm, pair: tuple[Certificate, Certificate]
) -> None:
    old, new = pair
    revocation.revoke(old, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    assert_on_crl(old, x509.ReasonFlags.key_compromise)
    other = x509.load_der_x509_crl(bytes(crl.publish(new.partition).der))
    assert other.get_revoked_certificate_by_serial_number(int(old.serial_number, 16)) is None
    for certificate in pair:
        published = crl.newest(certificate.partition)
        assert published is not None
        path = f"/crl/test/signature/card/13221.crl?generation={certificate.generation.number}"
        assert http("GET", path)[2] == bytes(published.der)


def test_the_old_generations_crl_goes_on(realm: Realm, pair: tuple[Certificate, Certificate]) -> None:
    for certificate in pair:
        crl.publish(certificate.partition)
    assert not crl.due(realm)
    realm.clock_offset = crl.interval()
    realm.save()
    assert {partition.generation.number for partition in crl.due(realm)} == {1, 2}


def test_the_verdict_finds_the_generation_by_its_key(realm: Realm, pair: tuple[Certificate, Certificate]) -> None:
    for certificate in pair:
        verdict = status.check_certificate(realm, bytes(certificate.der), now=clock.now(realm))
        assert (verdict.standing, verdict.certificate) == (status.Standing.VALID, certificate)


def test_the_trust_list_names_both_generations(realm: Realm, pair: tuple[Certificate, Certificate]) -> None:
    listed = [entry for entry in trust_list("test")["authorities"] if entry["purpose"] == Purpose.SIGNATURE]
    assert [entry["generation"] for entry in listed] == [1, 2]
    assert {entry["subject_key_identifier"] for entry in listed} == {c.generation.subject_key_identifier for c in pair}


def test_each_is_answered_by_its_own_generations_responder(pair: tuple[Certificate, Certificate]) -> None:
    for certificate in pair:
        answer = ask_ocsp(certificate, question(certificate))
        (responder,) = answer.certificates
        responder.verify_directly_issued_by(authority_of(certificate))
        assert responder == loaded(certificate.generation.responder_keys.get().certificate)


@pytest.mark.django_db(transaction=True)
def test_openssl_gets_an_answer_for_both_generations_at_one_url(
    responder_address: str, realm: Realm, pair: tuple[Certificate, Certificate], tmp_path: Path
) -> None:
    old, new = pair
    revocation.revoke(old, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    assert "c.pem: revoked" in ask(tmp_path, responder_address, old, Medium.CARD, "-sha1")
    assert "c.pem: good" in ask(tmp_path, responder_address, new, Medium.CARD, "-sha256")


# --- The command and its refusals
def test_the_command_makes_one_generation_and_says_what_there_is(realm: Realm) -> None:
    said = StringIO()
    command = ("next_generation", "--realm", "test", "--purpose", "user-authentication", "--number", "2")
    call_command(*command, stdout=said)
    assert "generation 1 serial 01" in said.getvalue()
    assert "generation 2 serial 03" in said.getvalue()
    with pytest.raises(CommandError, match="generation_out_of_turn"):
        call_command(*command)
    assert Generation.objects.filter(authority__purpose=Purpose.USER_AUTHENTICATION).count() == 2


def test_the_command_refuses_a_realm_that_there_is_not(db: None) -> None:
    with pytest.raises(CommandError, match="no realm"):
        call_command("next_generation", "--realm", "none", "--purpose", "signature")


def test_an_authority_that_there_is_not_has_no_next_generation(db: None) -> None:
    with pytest.raises(NoAuthority):
        ceremony.next_generation(ceremony.create_realm("empty"), Purpose.SIGNATURE)


def test_without_the_responders_passphrase_nothing_is_left_of_it(realm: Realm, settings: object) -> None:
    settings.RESPONDER_KEYS_PASSPHRASE = None  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="keys_unavailable"):
        call_command("next_generation", "--realm", "test", "--purpose", "signature")
    assert Generation.objects.count() == 2


def test_two_ceremonies_at_once_make_one_generation(realm: Realm) -> None:
    authority = realm.authorities.get(purpose=Purpose.SIGNATURE)
    ceremony._create_generation(authority, 2)
    with pytest.raises(GenerationOutOfTurn, match="another ceremony"):
        ceremony._create_generation(authority, 2)
    assert [g.number for g in authority.generations.order_by("number")] == [1, 2]
    assert journal.verify(realm) is None


def test_the_ceremony_stands_in_the_journal_key_by_key(realm: Realm) -> None:
    before = JournalEntry.objects.filter(realm=realm).count()
    made = ceremony.next_generation(realm, Purpose.SIGNATURE)
    entries = list(JournalEntry.objects.filter(realm=realm).order_by("sequence"))[before:]
    assert [entry.kind for entry in entries] == [
        *("key.created", "authority.intended", "key.used"),
        *("key.created", "responder.intended", "key.used"),
        *("authority.created", "responder.created"),
    ]
    assert entries[0].data["store"] == "authorities"
    assert entries[3].data["store"] == "responders"
    assert {entry.data["key_label"] for entry in entries if entry.kind == "key.used"} == {made.key_label}
