"""What OpenSSL, which knows nothing of us, makes of certificates, CRLs and OCSP answers."""

from datetime import timedelta
from pathlib import Path

import pytest

from ca import clock, revocation
from ca.models import Certificate, Holder, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone, openssl, openssl_verify, write_pem


def test_openssl_accepts_all_four_kinds_against_authority_and_crl(holder: Holder, tmp_path: Path) -> None:
    for certificate in issue_all_four(holder):
        answer = openssl_verify(tmp_path, certificate)
        assert answer.returncode == 0, answer.stderr


def test_openssl_refuses_a_revoked_certificate(realm: Realm, holder: Holder, tmp_path: Path) -> None:
    card = issue_card(holder)
    revocation.revoke(card, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    answer = openssl_verify(tmp_path, card)
    assert answer.returncode != 0
    assert "certificate revoked" in answer.stderr


@pytest.mark.parametrize("pending", [True, False])
def test_openssl_refuses_a_certificate_on_hold_and_one_awaiting_activation(
    realm: Realm, holder: Holder, tmp_path: Path, pending: bool
) -> None:
    phone = issue_phone(issue_card(holder), pending=pending)
    if not pending:
        revocation.hold(phone, cause=Cause.LOSS, now=clock.now(realm))
    answer = openssl_verify(tmp_path, phone)
    assert answer.returncode != 0
    assert "certificate revoked" in answer.stderr


def test_openssl_does_not_take_the_card_crl_for_a_phone_certificate(holder: Holder, tmp_path: Path) -> None:
    from ca import crl

    card = issue_card(holder)
    phone = issue_phone(card)
    answer = openssl(
        "verify",
        "-crl_check",
        "-CAfile",
        write_pem(tmp_path, "authority.pem", "CERTIFICATE", bytes(phone.generation.certificate)),
        "-CRLfile",
        write_pem(tmp_path, "crl.pem", "X509 CRL", bytes(crl.publish(card.partition).der)),
        write_pem(tmp_path, "certificate.pem", "CERTIFICATE", bytes(phone.der)),
    )
    assert answer.returncode != 0
    assert "scope" in answer.stderr or "unable to get certificate CRL" in answer.stderr


def ask(
    folder: Path,
    address: str,
    certificate: Certificate,
    medium: Medium,
    *options: str,
    serial: str = "",
) -> str:
    """Ask by `openssl ocsp` at the URL of the medium; return what it printed."""
    authority = write_pem(folder, "authority.pem", "CERTIFICATE", bytes(certificate.generation.certificate))
    url = f"{address}/ocsp/{certificate.realm.slug}/{Purpose(certificate.purpose).slug}/{medium}"
    named = (
        ["-serial", serial] if serial else ["-cert", str(write_pem(folder, "c.pem", "CERTIFICATE", certificate.der))]
    )
    answer = openssl("ocsp", *options, "-issuer", authority, *named, "-CAfile", authority, "-url", url)
    assert "Response verify OK" in answer.stderr, answer.stderr
    assert "WARNING" not in answer.stderr, answer.stderr
    return answer.stdout


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
def test_openssl_gets_good_and_revoked_and_unknown_at_the_urls_of_card_and_phone(
    responder_address: str, realm: Realm, holder: Holder, tmp_path: Path, digest: str
) -> None:
    for certificate in issue_all_four(holder):
        own, other = Medium(certificate.medium), next(m for m in Medium if m != certificate.medium)
        assert "c.pem: good" in ask(tmp_path, responder_address, certificate, own, digest)
        assert "c.pem: unknown" in ask(tmp_path, responder_address, certificate, other, digest)
        assert "0x7FFFFF: unknown" in ask(tmp_path, responder_address, certificate, own, digest, serial="0x7FFFFF")
        revocation.revoke(certificate, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
        said = ask(tmp_path, responder_address, certificate, own, digest)
        assert "c.pem: revoked" in said
        assert "Reason: keyCompromise" in said


@pytest.mark.django_db(transaction=True)
def test_openssl_gets_certificate_hold_while_a_phone_certificate_awaits_activation(
    responder_address: str, realm: Realm, holder: Holder, tmp_path: Path
) -> None:
    phone = issue_phone(issue_card(holder), pending=True)
    said = ask(tmp_path, responder_address, phone, Medium.PHONE, "-sha256")
    assert "revoked" in said
    assert "Reason: certificateHold" in said
    revocation.activate(phone, now=clock.now(realm))
    assert "c.pem: good" in ask(tmp_path, responder_address, phone, Medium.PHONE, "-sha256")


@pytest.mark.django_db(transaction=True)
def test_openssl_follows_a_realm_that_travels_in_time(
    responder_address: str, realm: Realm, holder: Holder, tmp_path: Path
) -> None:
    card = issue_card(holder)
    realm.clock_offset = timedelta(days=400)
    realm.save()
    at = str(int(clock.now(realm).timestamp()))
    assert "c.pem: good" in ask(
        tmp_path, responder_address, card, Medium.CARD, "-attime", at, "-validity_period", str(401 * 86400)
    )
