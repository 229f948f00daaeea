"""Status: the verdict, every reason, and that every reason is named."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.db import DatabaseError, connection

from ca import assembly, clock, issuance, records, revocation, status
from ca.errors import StatusUnknown
from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from ca.status import Reason, Standing, Verdict
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone, make_holder, make_realm, private_key

TEXT = "申込".encode()


def check(certificate: Certificate, **changes: object) -> Verdict:
    fields: dict[str, object] = {"now": clock.now(certificate.realm)}
    return status.check_certificate(certificate.realm, bytes(certificate.der), **(fields | changes))  # type: ignore[arg-type]


def sign(number: int, text: bytes = TEXT) -> bytes:
    return private_key(number).sign(text, padding.PKCS1v15(), hashes.SHA256())


def test_all_four_kinds_are_valid_and_say_what_they_are(holder: Holder) -> None:
    for certificate in issue_all_four(holder):
        verdict = check(certificate, purpose=Purpose(certificate.purpose), medium=Medium(certificate.medium))
        assert verdict == Verdict(
            Standing.VALID, (), certificate.pk, Medium(certificate.medium), Purpose(certificate.purpose)
        )
        assert verdict.certificate == certificate


def test_a_signature_by_the_holders_key_is_valid(holder: Holder) -> None:
    card = issue_card(holder)
    verdict = status.check_signature(
        holder.realm, bytes(card.der), TEXT, sign(0), now=clock.now(holder.realm), purpose=Purpose.SIGNATURE
    )
    assert verdict.standing is Standing.VALID


@pytest.mark.parametrize("how", ["another text", "another key", "nothing"])
def test_signature_wrong(holder: Holder, how: str) -> None:
    card = issue_card(holder)
    signature = {"another text": sign(0, b"x"), "another key": sign(1), "nothing": b""}[how]
    verdict = status.check_signature(
        holder.realm, bytes(card.der), TEXT, signature, now=clock.now(holder.realm), purpose=Purpose.SIGNATURE
    )
    assert (verdict.standing, verdict.reasons) == (Standing.INVALID, (Reason.SIGNATURE_WRONG,))


@pytest.mark.parametrize("octets", [b"", b"not a certificate", bytes.fromhex("3003020101"), b"\x30\x82\xff\xff"])
def test_malformed(realm: Realm, octets: bytes) -> None:
    now = clock.now(realm)
    verdict = status.check_certificate(realm, octets, now=now)
    assert (verdict.standing, verdict.reasons) == (Standing.INVALID, (Reason.MALFORMED,))
    assert status.check_signature(realm, octets, TEXT, b"", now=now, purpose=Purpose.SIGNATURE) == verdict


def test_expired_and_not_yet_valid(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    late = check(card, now=card.not_after + timedelta(seconds=1))
    early = check(card, now=card.not_before - timedelta(seconds=1))
    assert (late.standing, late.reasons) == (Standing.INVALID, (Reason.EXPIRED,))
    assert (early.standing, early.reasons) == (Standing.INVALID, (Reason.NOT_YET_VALID,))
    assert check(card, now=card.not_after).standing is Standing.VALID
    assert check(card, now=card.not_before).standing is Standing.VALID


def test_revoked_and_on_hold_and_pending(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    phone = issue_phone(card, pending=True)
    assert check(phone).reasons == (Reason.ON_HOLD,)
    revocation.activate(phone, now=clock.now(realm))
    assert check(phone).standing is Standing.VALID
    revocation.hold(phone, cause=Cause.LOSS, now=clock.now(realm))
    assert check(phone).reasons == (Reason.ON_HOLD,)
    revocation.revoke(phone, cause=Cause.PHONE_USE_ENDED, now=clock.now(realm))
    assert check(phone).reasons == (Reason.REVOKED,)


def test_a_clock_that_was_set_back_does_not_undo_a_revocation(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm) + timedelta(days=2))
    assert check(card, now=clock.now(realm) + timedelta(days=1)).reasons == (Reason.REVOKED,)


def test_wrong_purpose_and_wrong_medium(holder: Holder) -> None:
    card = issue_card(holder)
    assert check(card, purpose=Purpose.USER_AUTHENTICATION).reasons == (Reason.WRONG_PURPOSE,)
    assert check(card, medium=Medium.PHONE).reasons == (Reason.WRONG_MEDIUM,)


def test_every_reason_is_named_at_once(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.DEATH, now=clock.now(realm))
    verdict = status.check_signature(
        realm,
        bytes(card.der),
        TEXT,
        b"",
        now=card.not_after + timedelta(days=1),
        purpose=Purpose.USER_AUTHENTICATION,
        medium=Medium.PHONE,
    )
    assert verdict.reasons == (
        Reason.EXPIRED,
        Reason.REVOKED,
        Reason.WRONG_PURPOSE,
        Reason.WRONG_MEDIUM,
        Reason.SIGNATURE_WRONG,
    )
    assert verdict.certificate == card


def forged(certificate: Certificate, **changes: object) -> bytes:
    """Return the certificate once more, signed by a key that is not the authority's."""
    own = x509.load_der_x509_certificate(bytes(certificate.der))
    builder = (
        x509.CertificateBuilder()
        .issuer_name(own.issuer)
        .subject_name(own.subject)
        .serial_number(own.serial_number)
        .not_valid_before(own.not_valid_before_utc)
        .not_valid_after(own.not_valid_after_utc)
        .public_key(rsa.generate_private_key(65537, 2048).public_key())
    )
    for extension in own.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(private_key(99), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_chain_broken_by_a_forged_signature_under_our_name_and_key_identifier(holder: Holder) -> None:
    card = issue_card(holder)
    for now in (clock.now(holder.realm), card.not_after + timedelta(days=1)):
        verdict = status.check_certificate(holder.realm, forged(card), now=now)
        assert verdict.standing is Standing.INVALID
        assert Reason.CHAIN_BROKEN in verdict.reasons
        assert verdict.certificate is None


def test_chain_broken_in_another_realm(holder: Holder) -> None:
    card = issue_card(holder)
    other = make_realm("other")
    verdict = status.check_certificate(other, bytes(card.der), now=clock.now(other))
    assert (verdict.standing, verdict.reasons) == (Standing.INVALID, (Reason.CHAIN_BROKEN,))


def test_a_changed_octet_breaks_the_chain(holder: Holder) -> None:
    card = issue_card(holder)
    octets = bytearray(card.der)
    octets[-1] ^= 1
    verdict = status.check_certificate(holder.realm, bytes(octets), now=clock.now(holder.realm))
    assert verdict.reasons == (Reason.CHAIN_BROKEN,)


def test_unknown_certificate_rightly_signed_is_undecided(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    generation = card.generation
    # The same certificate with another serial number, signed by the real key and never recorded.
    tbs = x509.load_der_x509_certificate(bytes(card.der)).tbs_certificate_bytes
    serial = bytes.fromhex("02" + f"{len(card.serial_number) // 2:02X}" + card.serial_number)
    assert tbs.count(serial) >= 1
    unknown = issuance.sign(generation, tbs.replace(serial, serial[:2] + b"\x7e" * (len(serial) - 2), 1))
    verdict = status.check_certificate(realm, unknown, now=clock.now(realm))
    assert (verdict.standing, verdict.reasons) == (Standing.UNDECIDED, (Reason.UNKNOWN_CERTIFICATE,))
    assert verdict.certificate is None


def test_the_authoritys_and_the_responders_own_certificates_are_no_holders(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    responder = card.generation.responder_keys.get()
    for octets in (bytes(card.generation.certificate), bytes(responder.certificate)):
        verdict = status.check_certificate(realm, octets, now=clock.now(realm))
        assert verdict.standing is Standing.INVALID
        assert Reason.WRONG_PURPOSE in verdict.reasons


def test_the_generation_is_found_by_its_key_not_by_its_name(realm: Realm, holder: Holder) -> None:
    from ca import ceremony

    old = issue_card(holder)
    second = ceremony._create_generation(old.authority, 2)
    new = issue_card(holder, key=1)
    assert new.generation == second
    names = {assembly.Issuer.of(c.generation).name.public_bytes() for c in (old, new)}
    assert len(names) == 1
    assert check(old).standing is check(new).standing is Standing.VALID


def test_records_that_cannot_be_read_are_no_verdict(
    realm: Realm, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = issue_card(holder)

    def fail(*_: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(records, "of", fail)
    with pytest.raises(StatusUnknown):
        check(card)
    with pytest.raises(StatusUnknown):
        status.check_signature(realm, bytes(card.der), TEXT, sign(0), now=clock.now(realm), purpose=Purpose.SIGNATURE)


def recorded(certificate: Certificate, octets: bytes) -> bytes:
    """Put other octets into our record of a certificate, as who writes the database could."""
    Certificate.objects.filter(pk=certificate.pk).update(der=octets)
    return octets


def test_of_many_alike_each_is_held_against_the_authoritys_key_and_name(realm: Realm, holder: Holder) -> None:
    cards = [issue_card(make_holder(realm), key=number) for number in range(4)]
    questions = [status.Question(bytes(card.der)) for card in cards]
    # The record says that it is ours: of the last two only the path can tell that they are not.
    questions[2] = status.Question(recorded(cards[2], forged(cards[2])))
    name = assembly.Issuer.of(cards[3].generation).name.public_bytes()
    tbs = x509.load_der_x509_certificate(bytes(cards[3].der)).tbs_certificate_bytes
    other_name = issuance.sign(cards[3].generation, tbs.replace(name, name[:-1] + b"\x7e", 1))
    questions[3] = status.Question(recorded(cards[3], other_name))
    reasons = [verdict.reasons for verdict in status.check_all(realm, questions, now=clock.now(realm))]
    assert reasons == [(), (), (Reason.CHAIN_BROKEN,), (Reason.CHAIN_BROKEN,)]


def test_one_verdict_reads_our_records_once(realm: Realm, holder: Holder, django_assert_num_queries: Any) -> None:
    card = issue_card(holder)
    check(card)  # the authority is loaded
    with django_assert_num_queries(0 if connection.vendor == "postgresql" else 1):  # PostgreSQL's goes past Django
        assert check(card).standing is Standing.VALID
