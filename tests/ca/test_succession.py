"""A new CRL follows from the last one, or the last one stays; and its bytes are what `cryptography` would write."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from ca import assembly, clock, crl, entries, journal, points, revocation, succession, tasks
from ca.der import integer_hex, signed
from ca.errors import CrlRefused
from ca.models import Certificate, Crl, Holder, JournalEntry, Realm
from ca.profiles import Purpose
from ca.revocation import REASON_CODES, Cause
from tests.ca.fixtures import issue_card, issue_phone, make_holder

NOW = datetime(2026, 4, 1, 12, 0, 0, tzinfo=UTC)
Row = tuple[int, datetime, x509.ReasonFlags]
OWN = 2  # the authorities' own lists
SERIALS = (0, 1, 0x7F, 0x80, 0xFFFF, 0x067C6A21, 2**158)


def built(rows: list[Row]) -> x509.CertificateRevocationList:
    """Return what cryptography's builder makes of them."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.Name([]))
        .last_update(NOW)
        .next_update(NOW + timedelta(days=2))
        .add_extension(x509.CRLNumber(7), critical=False)
    )
    for serial, at, reason in rows:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
        if reason is not x509.ReasonFlags.unspecified:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(assembly.throw_away_key(), hashes.SHA256())


def vanished(before: list[Row], after: list[Row]) -> dict[str, bool]:
    old, new = (built(rows).public_bytes(Encoding.DER) for rows in (before, after))
    return succession.vanished(old, succession.outline(old).entries, new, succession.outline(new).entries)


ROWS = [
    (serial + number, at, reason)
    for number, reason in enumerate(REASON_CODES)
    for serial in SERIALS[1:]
    for at in (NOW, datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC))
]


def test_entries_are_the_builders_byte_for_byte() -> None:
    ours = b"".join(entries.entry(integer_hex(serial), at, REASON_CODES[reason]) for serial, at, reason in ROWS)
    der = built(ROWS).public_bytes(Encoding.DER)
    assert der[succession.outline(der).entries] == ours


def test_a_published_list_is_the_builders_byte_for_byte(realm: Realm, holder: Holder) -> None:
    for number, cause in enumerate((Cause.KEY_COMPROMISE, Cause.NOT_DELIVERED, Cause.DEATH)):
        revocation.revoke(issue_card(make_holder(realm), key=number), cause=cause, now=clock.now(realm))
    card = issue_card(holder, key=5)
    revocation.hold(card, cause=Cause.LOSS, now=clock.now(realm))
    published = crl.publish(card.partition)
    assert published.entries == 4
    parsed = x509.load_der_x509_crl(bytes(published.der))
    builder = x509.CertificateRevocationListBuilder(
        parsed.issuer, parsed.last_update_utc, parsed.next_update_utc, list(parsed.extensions), list(parsed)
    )
    twin = builder.sign(assembly.throw_away_key(), hashes.SHA256())
    assert twin.tbs_certlist_bytes == parsed.tbs_certlist_bytes


@pytest.mark.parametrize("block", [64, 100, 1 << 20])
def test_what_vanished_is_found_wherever_blocks_end(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "_BLOCK", block)
    rows = [(1000 + n, NOW, [*REASON_CODES][n % 7]) for n in range(300)]
    after = [(1, NOW, x509.ReasonFlags.superseded), *rows[:50], *rows[53:200], *rows[202:]]
    gone = {integer_hex(1000 + n): n % 7 == 6 for n in (50, 51, 52, 200, 201)}
    assert vanished(rows, after) == gone
    assert vanished(rows, rows) == vanished([], rows) == {}
    changed = [(serial, NOW, x509.ReasonFlags.superseded) for serial, _, _ in rows]
    assert vanished(rows, changed) == {}, "the reason of an entry may change"


serials = st.integers(1, 60).map(lambda number: number**5)


@given(
    st.lists(serials, unique=True),
    st.lists(serials, unique=True),
    st.sampled_from([64, 150, 1 << 16]),
    st.sampled_from([1, 200, 1 << 20]),
)
def test_what_vanished_is_what_sets_would_say_in_any_order(
    before: list[int], after: list[int], block: int, reach: int
) -> None:
    reasons = [*REASON_CODES]
    rows = [[(serial, NOW, reasons[serial % 7]) for serial in one] for one in (before, after)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(succession, "_BLOCK", block)
        patch.setattr(succession, "_REACH", reach)
        assert vanished(*rows) == {integer_hex(s): s % 7 == 6 for s in set(before) - set(after)}


@pytest.mark.parametrize("at", [0, 1, 3, 10, 35, 36])
def test_entries_with_an_octet_too_few_are_none_of_ours(at: int) -> None:
    entry = entries.entry("10000000", NOW, 3)
    assert len(entry) == 37
    for broken in (entry[:at] + entry[at + 1 :], entry + entry[:at] + entry[at + 1 :]):
        with pytest.raises(ValueError, match="no authority of ours writes"):
            succession.vanished(b"", slice(0, 0), broken, slice(0, len(broken)))


def test_a_list_with_an_entry_that_was_damaged_in_its_row_is_not_published(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    entry = Certificate.objects.get(pk=card.pk).crl_entry
    Certificate.objects.filter(pk=card.pk).update(crl_entry=bytes(entry or b"")[:-1])
    with pytest.raises(CrlRefused, match="can't be read"):
        crl.publish(card.partition)


def lose(certificate: Certificate) -> None:
    """Change the row behind the application's back, as a fault or an intruder in the database would."""
    Certificate.objects.filter(pk=certificate.pk).update(status="valid", cause="", revoked_at=None, crl_entry=None)


def test_a_list_from_which_a_serial_vanished_is_not_published(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    good = crl.publish(card.partition)
    lose(card)
    with pytest.raises(CrlRefused, match=f"vanished before their certificates expired: {card.serial_number}") as caught:
        crl.publish(card.partition)
    assert caught.value.code == "crl_refused"
    with pytest.raises(CrlRefused):
        crl.publish(card.partition)
    assert crl.newest(card.partition) == good
    entry = JournalEntry.objects.get(kind="crl.refused")  # said once
    assert card.serial_number in entry.data["findings"][0]
    assert journal.verify(realm) is None


def test_a_row_that_is_gone_and_an_expiry_that_was_moved_excuse_nothing(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    crl.publish(card.partition)
    Certificate.objects.filter(pk=card.pk).update(not_after=clock.now(realm) - timedelta(days=1))
    with pytest.raises(CrlRefused, match=card.serial_number):
        crl.publish(card.partition)


def test_one_partitions_refusal_stops_no_other(realm: Realm, holder: Holder) -> None:
    card, other = issue_card(holder), issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    for one in (card, other):
        revocation.revoke(one, cause=Cause.DEATH, now=clock.now(realm))
        crl.publish(one.partition)
    lose(card)
    realm.clock_offset = crl.interval()
    realm.save()
    assert tasks.publish_due_crls() == 1 + OWN
    assert (card.partition.crls.count(), other.partition.crls.count()) == (1, 2)


def test_release_and_activation_take_entries_off_and_may(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.hold(card, cause=Cause.LOSS, now=clock.now(realm))
    assert crl.publish(card.partition).entries == 1
    revocation.release(card, now=clock.now(realm))
    assert crl.publish(card.partition).entries == 0
    phone = issue_phone(card, pending=True)
    assert crl.publish(phone.partition).entries == 1
    revocation.activate(phone, now=clock.now(realm))
    assert crl.publish(phone.partition).entries == 0


def test_number_point_and_signature_are_looked_at(realm: Realm, holder: Holder) -> None:
    partition = issue_card(holder).partition
    last = crl.publish(partition)
    tbs = x509.load_der_x509_crl(bytes(last.der)).tbs_certlist_bytes
    forged = signed(tbs, assembly.throw_away_key().sign(tbs, padding.PKCS1v15(), hashes.SHA256()))
    elsewhere = points.extension(issue_card(holder, Purpose.USER_AUTHENTICATION, key=1).partition)
    assert succession.examine(partition, forged, last, elsewhere) == [
        "its signature does not verify with its generation's certificate",
        "its issuing distribution point is not the partition's",
        "its number 1 is not above the last one's 1",
    ]
    assert succession.examine(partition, bytes(last.der), None, points.extension(partition)) == []


def test_an_entry_that_a_row_lacks_is_made_good(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    before = Certificate.objects.get(pk=card.pk).crl_entry
    Certificate.objects.filter(pk=card.pk).update(crl_entry=None)
    assert crl.publish(card.partition).entries == 1
    assert Certificate.objects.get(pk=card.pk).crl_entry == before


def test_the_end_of_a_list_is_a_setting_and_the_intent_stands_before_it(
    realm: Realm, holder: Holder, settings: Any
) -> None:
    settings.CRL_VALIDITY_SECONDS = 48 * 3600 + 60
    published: Crl = crl.publish(issue_card(holder).partition)
    assert published.next_update - published.this_update == timedelta(hours=48, minutes=1)
    intent, done = JournalEntry.objects.filter(kind__startswith="crl.").order_by("sequence")
    assert (intent.kind, done.kind) == ("crl.intended", "crl.published")
    assert intent.data["key_label"] == done.data["key_label"] == published.partition.generation.key_label
