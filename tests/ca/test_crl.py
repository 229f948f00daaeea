"""CRLs: partitions, numbers, times, and when one is due."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test import override_settings

from ca import clock, crl, journal, listed, octets, revocation, tasks
from ca.crl import drafts, publishing
from ca.errors import KeysUnavailable
from ca.models import Crl, Holder, JournalEntry, Partition, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone, make_holder, openssl, write_pem
from tests.ca.test_issuance import at_once


def parse(published: Crl) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(bytes(published.der))


def test_the_crl_says_whose_it_is_and_for_which_point(holder: Holder) -> None:
    for certificate in issue_all_four(holder):
        parsed = parse(crl.publish(certificate.partition))
        own = x509.load_der_x509_certificate(bytes(certificate.der))
        authority = x509.load_der_x509_certificate(bytes(certificate.generation.certificate))
        key = authority.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert parsed.is_signature_valid(key)
        assert parsed.issuer.public_bytes() == authority.subject.public_bytes()
        assert [(extension.oid.dotted_string, extension.critical) for extension in parsed.extensions] == [
            ("2.5.29.35", False),
            ("2.5.29.20", False),
            ("2.5.29.28", True),
        ]
        point = parsed.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
        assert point.full_name == own.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0].full_name
        identifier = parsed.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        assert identifier == authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_openssl_reads_the_crl_and_finds_its_parts(realm: Realm, holder: Holder, tmp_path: Path) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    path = write_pem(tmp_path, "crl.pem", "X509 CRL", bytes(crl.publish(card.partition).der))
    said = openssl("crl", "-in", path, "-noout", "-text").stdout
    for part in ("Version 2", "Issuing Distribution Point: critical", "CRL Number", "Key Compromise"):
        assert part in said


def test_numbers_grow_and_history_is_kept(holder: Holder) -> None:
    partition = issue_card(holder).partition
    published = [crl.publish(partition) for _ in range(3)]
    numbers = [parse(one).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for one in published]
    assert numbers == [1, 2, 3]
    assert partition.crls.count() == 3
    assert crl.newest(partition) == published[-1]


def test_times_are_the_realms_and_the_next_issue_comes_before_the_end(realm: Realm, holder: Holder) -> None:
    realm.clock_offset = timedelta(days=100)
    realm.save()
    published = crl.publish(issue_card(holder).partition)
    parsed = parse(published)
    assert abs(parsed.last_update_utc - clock.now(realm)) < timedelta(seconds=10)
    assert parsed.next_update_utc == published.next_update == published.this_update + 2 * crl.interval()


def test_a_revoked_certificate_bears_the_moment_of_its_revocation(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    at = clock.now(realm)
    revocation.revoke(card, cause=Cause.DEATH, now=at)
    entry = parse(crl.publish(card.partition)).get_revoked_certificate_by_serial_number(int(card.serial_number, 16))
    assert entry is not None
    assert entry.revocation_date_utc == at.replace(microsecond=0)


def test_municipalities_and_media_and_purposes_have_partitions_of_their_own(realm: Realm, holder: Holder) -> None:
    four = issue_all_four(holder)
    naka = make_holder(realm, prefecture="Kanagawa-ken", municipality="Yokohama-shi-Naka-ku", municipality_code="14104")
    elsewhere = issue_card(naka, key=1 + 4)
    assert len({certificate.partition for certificate in [*four, elsewhere]}) == 5
    revocation.revoke(elsewhere, cause=Cause.DEATH, now=clock.now(realm))
    assert [len(parse(crl.publish(certificate.partition))) for certificate in [*four, elsewhere]] == [0, 0, 0, 0, 1]


def test_a_partition_is_due_before_its_first_list_and_after_a_change_and_after_the_interval(
    realm: Realm, holder: Holder
) -> None:
    card = issue_card(holder)
    assert list(crl.due(realm)) == [card.partition]
    crl.publish(card.partition)
    assert list(crl.due(realm)) == []
    revocation.hold(card, cause=Cause.LOSS, now=clock.now(realm))
    assert list(crl.due(realm)) == [card.partition]
    crl.publish(card.partition)
    assert list(crl.due(realm)) == []
    realm.clock_offset = crl.interval()
    realm.save()
    assert list(crl.due(realm)) == [card.partition]
    assert tasks.publish_due_crls() == 1 + 2  # the authorities' own
    assert list(crl.due(realm)) == []


def test_a_list_from_the_realms_future_is_due(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    crl.publish(card.partition, clock.now(realm) + timedelta(days=1))
    assert list(crl.due(realm)) == [card.partition]


def test_publication_on_a_wake_up_that_came_twice_happens_once(holder: Holder) -> None:
    partition = issue_card(holder).partition
    tasks.publish_crls([partition.pk])
    tasks.publish_crls([partition.pk])
    assert partition.crls.count() == 1


def test_an_entry_stays_for_one_list_after_the_end_of_validity_and_then_drops_off(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    end = card.not_after
    entries = [
        crl.publish(card.partition, at).entries
        for at in (clock.now(realm), end - timedelta(hours=1), end + timedelta(hours=1), end + timedelta(hours=2))
    ]
    assert entries == [1, 1, 1, 0]


def test_publication_is_journaled_and_needs_the_keys(realm: Realm, holder: Holder) -> None:
    partition = issue_card(holder).partition
    with override_settings(CA_KEYS_PASSPHRASE=None), pytest.raises(KeysUnavailable):
        crl.publish(partition)
    assert not partition.crls.exists()
    crl.publish(partition)
    entry = JournalEntry.objects.get(kind="crl.published")
    assert entry.subject == "signature/card/13221"
    assert (entry.data["number"], entry.data["entries"]) == (1, 0)
    assert journal.verify(realm) is None


def test_a_change_while_a_list_is_being_signed_is_not_missed(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issue_card(holder)
    assemble = drafts.assemble

    def change_meanwhile(*arguments: Any) -> bytes:
        tbs = assemble(*arguments)
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
        return tbs

    with monkeypatch.context() as patch:
        patch.setattr(drafts, "assemble", change_meanwhile)
        assert crl.publish(card.partition).entries == 0
    assert list(crl.due(realm)) == [card.partition]
    assert crl.publish(card.partition).entries == 1


@pytest.mark.django_db(transaction=True)
def test_publications_at_once_bear_different_numbers_and_show_the_change(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder, Purpose.USER_AUTHENTICATION)
    phone = issue_phone(card)
    revocation.revoke(phone, cause=Cause.PHONE_USE_ENDED, now=clock.now(realm))
    results = at_once(*[lambda: crl.publish(phone.partition)] * 4)
    assert all(isinstance(result, Crl) for result in results), results
    assert all(result.entries == 1 for result in results if isinstance(result, Crl))
    numbers = list(phone.partition.crls.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def test_partitions_are_published_together_and_one_that_was_overtaken_once_more(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"14104": "Naka-ku", "14105": "Minami-ku", "14106": "Hodogaya-ku"}
    cards = [
        issue_card(make_holder(realm, municipality_code=code, municipality=name), key=number)
        for number, (code, name) in enumerate(places.items())
    ]
    for card in cards:
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    assemble, overtaken = drafts.assemble, cards[1].partition

    def publish_meanwhile(partition: Partition, *arguments: Any) -> bytes:
        if partition == overtaken:
            monkeypatch.setattr(drafts, "assemble", assemble)
            crl.publish(partition)
            revocation.revoke(late, cause=Cause.DEATH, now=clock.now(realm))
        return assemble(partition, *arguments)

    late = issue_card(make_holder(realm, municipality_code="14105", municipality="Minami-ku"), key=5)
    monkeypatch.setattr(drafts, "assemble", publish_meanwhile)
    outcomes = list(crl.publish_due(realm))
    assert all(isinstance(outcome, Crl) for outcome in outcomes)
    crl.publish(overtaken)
    assert [card.partition.crls.count() for card in cards][::2] == [1, 1]
    assert [len(parse(newest)) for card in cards if (newest := crl.newest(card.partition))] == [1, 2, 1]
    assert journal.verify(realm) is None
    assert list(crl.due(realm)) == []


def test_many_are_published_in_batches(realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    four = issue_all_four(holder)
    monkeypatch.setattr(publishing, "_BATCH_LISTS", 3)
    own = 2
    assert len(list(crl.publish_due(realm))) == len(four) + own
    for certificate in four[:3]:
        revocation.revoke(certificate, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
    monkeypatch.setattr(publishing, "_BATCH_ENTRIES", 0)
    assert {outcome.entries for outcome in crl.publish_due(realm) if isinstance(outcome, Crl)} == {1}
    assert list(crl.due(realm)) == []


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_entries_come_from_their_index_alone_and_in_its_order() -> None:
    with connection.cursor() as cursor:
        for other in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{other} = off")
        asked = {"partition": 1, "after": 0, "since": datetime(2026, 1, 1, tzinfo=UTC), "rows": 10}
        cursor.execute(f"EXPLAIN {listed._BLOCK}", asked)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using ca_certificate_listed" in plan, plan
    assert "Sort" not in plan, plan


@pytest.mark.postgres
def test_lists_are_read_and_entries_joined_whole_however_they_are_cut(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = [issue_card(make_holder(realm), key=number) for number in range(4)]
    for card in cards:
        revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    partition = cards[0].partition
    first = crl.publish(partition)
    for part, rows in ((1, 1), (len(first.der), 2), (len(first.der) - 1, 4), (1 << 22, 5)):
        monkeypatch.setattr(octets, "PART", part)
        monkeypatch.setattr(listed, "_ROWS", rows)
        assert octets.of(Crl.objects.defer("der").get(pk=first.pk)) == first.der
        assert b"".join(listed.entries(partition, None).parts) in first.der
        assert crl.publish(partition).entries == 4
