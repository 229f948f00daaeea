"""After a restore: no number twice, nothing good that was revoked, the journal whole."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from ca import assembly, clock, crl, issuance, journal, restoring, revocation, seals, tasks, transcript
from ca.causes import Cause
from ca.errors import RecordsBehind, RestoreRefused
from ca.models import Authority, Certificate, Crl, Holder, Issuance, JournalEntry, JournalSeal, Partition, Realm
from ca.profiles import Medium, Purpose
from ca.restoring import lost as what_is_lost
from tests.ca.fixtures import issue_card, issue_phone, make_holder, public_key
from tests.ca.test_transcript import folder, lost

__all__ = ["folder"]
Status = Certificate.Status


def restored(realm: Realm, **options: Any) -> restoring.Report:
    """Do what follows a restore: halt, then go on."""
    realm.refresh_from_db()
    transcript.halt(realm)
    return restoring.go_on(realm, who="J-LIS 青木", **options)


def numbers(certificates: list[Certificate]) -> list[int]:
    return [int(one.serial_number, 16) for one in certificates]


def test_no_serial_number_is_given_twice(folder: Path, holder: Holder) -> None:
    card = issue_card(holder)
    with lost():
        gone = [issue_card(make_holder(holder.realm), key=number) for number in range(2, 6)]
    report = restored(holder.realm)
    anew = [issue_card(make_holder(holder.realm), key=number) for number in range(2, 6)]
    assert min(numbers(anew)) > max(numbers(gone))
    assert (report.proved, report.replayed) == (True, True)
    assert {one["serial_number"] for one in report.lost_certificates} == {one.serial_number for one in gone}
    assert card.serial_number not in {one["serial_number"] for one in report.lost_certificates}


def test_a_lost_certificate_is_on_its_list_until_it_ends(
    folder: Path, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issue_card(holder)
    crl.publish(card.partition)
    with lost():
        gone = issue_card(make_holder(holder.realm), key=2)
        ended = issue_card(make_holder(holder.realm), key=3)
        revocation.revoke(Certificate.objects.get(pk=ended.pk), cause=Cause.KEY_COMPROMISE, now=clock.now(holder.realm))
        seals.seal(holder.realm)
    report = restored(holder.realm)
    assert [one["listed"] for one in report.lost_certificates] == [True, True]
    partition = Partition.objects.get(pk=card.partition_id)
    found = x509.load_der_x509_crl(bytes(crl.publish(partition).der))
    entries = {f"{entry.serial_number:02X}": [one.value for one in entry.extensions] for entry in found}
    assert entries[ended.serial_number] == [x509.CRLReason(x509.ReasonFlags.key_compromise)]
    assert entries[gone.serial_number] == []
    # RFC 5280 3.3: once more after its end, then no more; and that is no gap in the succession.
    realm = holder.realm
    Realm.objects.filter(pk=realm.pk).update(clock_offset=gone.not_after - card.not_before + timedelta(days=2))
    for expected in (True, False):
        partition = Partition.objects.select_related("generation__authority__realm").get(pk=card.partition_id)
        found = x509.load_der_x509_crl(bytes(crl.publish(partition).der))
        listed = found.get_revoked_certificate_by_serial_number(int(gone.serial_number, 16)) is not None
        assert listed is expected


def test_a_number_that_was_reserved_before_the_backup_and_signed_after_it_is_not_signed_again(
    folder: Path, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = issuance.request(
        realm=holder.realm,
        purpose=Purpose.SIGNATURE,
        medium=Medium.CARD,
        holder=holder,
        public_key=public_key(),
        request_key="reserved",
    )
    number = issuance.take_serial_number(Authority.objects.get(realm=holder.realm, purpose=Purpose.SIGNATURE))
    Issuance.objects.filter(pk=row.pk).update(state=Issuance.State.RESERVED, serial_number=f"{number:X}")
    with lost():
        before = issuance.issue(row.pk)
        assert numbers([before]) == [number]
    report = restored(holder.realm)
    after = issuance.issue(row.pk)
    assert report.asked_anew == 1
    assert numbers([after])[0] > number


def test_what_was_recorded_to_be_signed_is_the_same_certificate_again(
    folder: Path, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup between the intent and the certificate: the same octets are signed, so it is the same certificate."""
    from ca.issuance import issuing

    row = issuance.request(
        realm=holder.realm,
        purpose=Purpose.SIGNATURE,
        medium=Medium.CARD,
        holder=holder,
        public_key=public_key(),
        request_key="recorded",
    )
    with monkeypatch.context() as patched:
        patched.setattr(issuing.Batch, "_sign", lambda self, drafts: list(drafts) and [])
        with pytest.raises(Exception, match="being issued"):
            issuance.issue(row.pk)
    Issuance.objects.filter(pk=row.pk).update(lease_until=None)
    with lost():
        before = issuance.issue(row.pk)
    restored(holder.realm)
    assert bytes(issuance.issue(row.pk).der) == bytes(before.der)


def test_no_crl_number_is_given_twice_and_every_list_comes_anew(folder: Path, holder: Holder) -> None:
    card = issue_card(holder)
    crl.publish(card.partition)
    with lost():
        for _ in range(3):
            last = crl.publish(Partition.objects.get(pk=card.partition_id))
        elsewhere = issue_card(
            make_holder(holder.realm, municipality="Musashino-shi", municipality_code="13203"), key=7
        )
        crl.publish(elsewhere.partition)
    restored(holder.realm)
    tasks.publish_due_crls()
    published = Crl.objects.filter(partition=card.partition_id).order_by("-number")
    assert published[0].number > last.number
    # A point that the database has forgotten begins above what it had.
    again = issue_card(make_holder(holder.realm, municipality="Musashino-shi", municipality_code="13203"), key=8)
    assert crl.publish(again.partition).number > last.number


def test_what_was_revoked_or_held_after_the_backup_is_so_again_since_when_it_was(folder: Path, holder: Holder) -> None:
    card, other = issue_card(holder), issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    phone = issue_phone(card, pending=True)
    with lost():
        for certificate, event, cause in (
            (other, revocation.hold, Cause.LOSS),
            (card, revocation.revoke, Cause.KEY_COMPROMISE),
        ):
            event(Certificate.objects.get(pk=certificate.pk), cause=cause, now=clock.now(holder.realm))
        crl.publish(Partition.objects.get(pk=card.partition_id))
        since = Certificate.objects.get(pk=card.pk).revoked_at
    assert Certificate.objects.get(pk=card.pk).status == Status.VALID
    report = restored(holder.realm)
    again = Certificate.objects.get(pk=card.pk)
    assert (again.status, again.cause, again.revoked_at) == (Status.REVOKED, Cause.KEY_COMPROMISE, since)
    assert Certificate.objects.get(pk=other.pk).status == Status.ON_HOLD
    assert report.revoked_again == [f"signature {card.serial_number}"]
    assert report.held_again == [f"user_authentication {other.serial_number}"]
    tasks.publish_due_crls()
    newest = x509.load_der_x509_crl(bytes(Crl.objects.filter(partition=card.partition_id).latest("number").der))
    assert newest.get_revoked_certificate_by_serial_number(int(card.serial_number, 16)) is not None
    # What stands on it falls with it, as ever.
    tasks.sweep_linkage()
    assert Certificate.objects.get(pk=phone.pk).status == Status.REVOKED


def test_what_was_activated_after_the_backup_stays_on_the_safe_side(folder: Path, holder: Holder) -> None:
    phone = issue_phone(issue_card(holder), pending=True)
    with lost():
        revocation.activate(Certificate.objects.get(pk=phone.pk), now=clock.now(holder.realm))
        seals.seal(holder.realm)
    report = restored(holder.realm)
    assert report.left_stricter == [f"signature {phone.serial_number}"]
    assert Certificate.objects.get(pk=phone.pk).status == Status.PENDING


def test_the_chain_goes_on_where_others_saw_it_last_and_its_seals_hold(folder: Path, holder: Holder) -> None:
    issue_card(holder)
    with lost():
        issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
        sealed = seals.seal(holder.realm)
        assert sealed is not None
        remembered, key = (sealed.sequence, sealed.hash), seals.fingerprint(bytes(sealed.public_key))
        transcript.keep(holder.realm)
    assert not JournalSeal.objects.exists()
    restored(holder.realm)
    assert journal.verify(holder.realm) is None
    assert seals.verify(holder.realm, expected=key, remembered=remembered) is None
    said = JournalEntry.objects.get(kind="records.restored")
    assert (said.data["who"], said.data["replayed"]) == ("J-LIS 青木", True)
    assert seals.seal(holder.realm) is not None
    assert seals.verify(holder.realm, expected=key) is None


def test_where_the_journal_has_gone_on_what_is_lost_is_declared_in_it(folder: Path, holder: Holder) -> None:
    """A replica that lagged became the primary, and the site wrote on before a key was used."""
    card = issue_card(holder)
    with lost():
        gone = issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
        revocation.revoke(Certificate.objects.get(pk=card.pk), cause=Cause.DEATH, now=clock.now(holder.realm))
        seals.seal(holder.realm)
    journal.record(holder.realm, "handoff.asked", "meanwhile")
    with pytest.raises(RecordsBehind):
        seals.seal(holder.realm)
    report = restored(holder.realm)
    assert (report.proved, report.replayed) == (True, False)
    assert journal.verify(holder.realm) is None
    declared = JournalEntry.objects.filter(kind="records.lost", data__kind="certificate.issued").get()
    assert declared.subject == gone.serial_number
    assert Certificate.objects.get(pk=card.pk).status == Status.REVOKED
    # Once more, now to before all that: both branches count.
    again = issue_card(holder, Purpose.USER_AUTHENTICATION, key=2)
    assert numbers([again])[0] > numbers([gone])[0]
    assert what_is_lost.find(holder.realm).lines == ()  # type: ignore[union-attr]


def test_a_backup_from_before_an_earlier_restore_counts_both_branches(folder: Path, holder: Holder) -> None:
    issue_card(holder)
    with lost():
        with lost():
            far = [issue_card(make_holder(holder.realm), key=number) for number in range(2, 6)]
        journal.record(holder.realm, "handoff.asked", "meanwhile")
        restored(holder.realm)
        near = issue_card(make_holder(holder.realm), key=6)
    restored(holder.realm)
    anew = issue_card(make_holder(holder.realm), key=7)
    assert numbers([anew])[0] > max(numbers([*far, near]))
    assert journal.verify(holder.realm) is None


def test_without_a_transcript_the_counters_jump_and_not_by_less_than_is_sure(holder: Holder, settings: Any) -> None:
    assert settings.JOURNAL_TRANSCRIPTS == []
    issue_card(holder)
    with lost():
        gone = [issue_card(make_holder(holder.realm), key=number) for number in range(2, 4)]
        number = crl.publish(gone[0].partition).number
    with pytest.raises(RestoreRefused, match="--serials-ahead 10000"):
        restored(holder.realm)
    assert Realm.objects.get(pk=holder.realm_id).halted_at is not None
    with pytest.raises(RestoreRefused, match="too few"):
        restored(holder.realm, ahead=9_999)
    report = restored(holder.realm, ahead=10_000)
    assert not report.proved
    anew = issue_card(make_holder(holder.realm), key=5)
    assert min(numbers([anew])) > max(numbers(gone))
    assert crl.publish(anew.partition).number > number


def test_published_lists_tell_what_no_transcript_does(holder: Holder, tmp_path: Path) -> None:
    card = issue_card(holder)
    with lost():
        gone = issue_phone(issue_card(holder, Purpose.USER_AUTHENTICATION, key=1), pending=True)
        revocation.revoke(Certificate.objects.get(pk=card.pk), cause=Cause.KEY_COMPROMISE, now=clock.now(holder.realm))
        for partition in (card.partition, gone.partition):
            found = crl.publish(Partition.objects.get(pk=partition.pk))
            (tmp_path / f"{partition.pk}.crl").write_bytes(bytes(found.der))
    published = restoring.read(holder.realm, [tmp_path])
    assert (published.lists, published.strangers) == (2, [])
    report = restored(holder.realm, published=published, ahead=10_000)
    assert report.revoked_again == [f"signature {card.serial_number}"]
    assert Certificate.objects.get(pk=card.pk).cause == Cause.KEY_COMPROMISE
    assert [one["serial_number"] for one in report.lost_certificates] == [gone.serial_number]


def test_a_list_that_no_authority_signed_changes_nothing(holder: Holder, tmp_path: Path) -> None:
    card = issue_card(holder)
    stranger = assembly.throw_away_key()
    now = clock.now(holder.realm)
    forged = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.load_der_x509_certificate(bytes(card.generation.certificate)).subject)
        .last_update(now)
        .next_update(now)
        .add_extension(x509.CRLNumber(9), critical=False)
        .add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(int(card.serial_number, 16)).revocation_date(now).build()
        )
        .sign(stranger, x509.load_der_x509_certificate(bytes(card.der)).signature_hash_algorithm)  # type: ignore[arg-type]
    )
    from cryptography.hazmat.primitives.serialization import Encoding

    (tmp_path / "forged.crl").write_bytes(forged.public_bytes(Encoding.DER))
    published = restoring.read(holder.realm, [tmp_path])
    assert (published.lists, published.entries) == (0, {})
    assert len(published.strangers) == 1
