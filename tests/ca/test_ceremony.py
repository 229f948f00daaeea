"""Ceremonies: realms and authorities come into being once, and say so in the journal."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command

from ca import ceremony, clock, journal
from ca.models import Authority, Generation, JournalEntry, Realm, ResponderKey
from ca.profiles import Purpose
from tests.ca.fixtures import openssl, write_pem


def test_the_command_makes_a_realm_with_both_authorities_and_says_what_it_has(db: None) -> None:
    said = StringIO()
    call_command("create_authorities", "--realm", "fresh", "--organisation", "JPKI-TEST", stdout=said)
    realm = Realm.objects.get(slug="fresh")
    assert {authority.purpose for authority in realm.authorities.all()} == set(Purpose)
    assert said.getvalue().count("generation 1 serial 01") == 2
    assert journal.verify(realm) is None


def test_a_second_ceremony_changes_nothing(realm: Realm) -> None:
    before = (Generation.objects.count(), ResponderKey.objects.count(), JournalEntry.objects.count())
    assert ceremony.create_realm("test") == realm
    ceremony.create_authorities(realm)
    assert (Generation.objects.count(), ResponderKey.objects.count(), JournalEntry.objects.count()) == before


def test_the_authority_is_self_signed_and_openssl_accepts_the_responder_under_it(realm: Realm, tmp_path: Path) -> None:
    for generation in Generation.objects.filter(authority__realm=realm):
        own = x509.load_der_x509_certificate(bytes(generation.certificate))
        own.verify_directly_issued_by(own)
        assert f"{own.serial_number:02X}" == generation.serial_number == "01"
        authority = write_pem(tmp_path, "authority.pem", "CERTIFICATE", bytes(generation.certificate))
        key = generation.responder_keys.get()
        responder = write_pem(tmp_path, "responder.pem", "CERTIFICATE", bytes(key.certificate))
        answer = openssl("verify", "-x509_strict", "-purpose", "ocsphelper", "-CAfile", authority, responder)
        assert answer.returncode == 0, answer.stderr
        assert openssl("verify", "-CAfile", authority, authority).returncode == 0


def test_each_step_is_journaled_before_the_key_signs(realm: Realm) -> None:
    kinds = list(JournalEntry.objects.filter(realm=realm).order_by("sequence").values_list("kind", flat=True))
    assert kinds == [
        *("key.created", "authority.intended", "key.used"),
        *("key.created", "responder.intended", "key.used"),
        *("authority.created", "responder.created"),
    ] * 2  # fmt: skip
    used = JournalEntry.objects.filter(realm=realm, kind="key.used")
    for label in Generation.objects.values_list("key_label", flat=True):
        # Its own certificate, and its responder's.
        assert [entry.data["key_label"] for entry in used].count(label) == 2
        assert JournalEntry.objects.filter(realm=realm, kind="key.created", subject=label).count() == 1


def test_a_responder_near_its_end_gets_a_successor(realm: Realm) -> None:
    ends = ResponderKey.objects.values_list("not_after", flat=True)
    realm.clock_offset = max(ends) - timedelta(days=30) - clock.machine()
    realm.save()
    ceremony.create_authorities(realm)
    ceremony.create_authorities(realm)
    assert ResponderKey.objects.count() == 4
    assert Generation.objects.count() == 2


def test_the_organisation_is_the_realms(db: None) -> None:
    realm = ceremony.create_realm("own", organisation="OWN-TEST")
    authority = ceremony.create_authorities(realm)[0]
    own = x509.load_der_x509_certificate(bytes(authority.generations.get().certificate))
    assert "O=OWN-TEST" in own.subject.rfc4514_string()


def test_without_passphrases_there_is_no_ceremony(db: None, settings: object) -> None:
    settings.CA_KEYS_PASSPHRASE = None  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="keys_unavailable"):
        call_command("create_authorities", "--realm", "fresh")
    assert not Generation.objects.exists()
    assert Authority.objects.count() <= 1
