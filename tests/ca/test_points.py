"""Distribution points over generations: who follows a certificate's own words gets the list that validates."""

import base64
import time
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from celery.contrib.testing.worker import start_worker
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import close_old_connections

from ca import ceremony, clock, crl, journal, revocation, status, tasks
from ca.crl import drafts
from ca.models import Certificate, Crl, Generation, Holder, JournalEntry, Partition, Realm
from ca.profiles import Purpose
from ca.revocation import Cause
from portal.celery import app
from tests.ca.fixtures import issue_card, make_holder, openssl, write_pem
from tests.ca.test_ocsp import http


@pytest.fixture
def pair(realm: Realm, holder: Holder) -> tuple[Certificate, Certificate]:
    """Return a card certificate of generation 1 and one of generation 2, of one municipality."""
    first = issue_card(holder)
    ceremony.next_generation(realm, Purpose.SIGNATURE)
    return first, issue_card(make_holder(realm), key=1)


def point_of(der: bytes) -> str:
    """Return the directory's address for the CRL distribution point that stands in a certificate."""
    points = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (name,) = points[0].full_name or ()
    encoded = base64.urlsafe_b64encode(name.value.public_bytes()).decode().rstrip("=")
    return f"/directory/test/{encoded}"


def issuer_key(der: bytes) -> str:
    """Return the key identifier of a certificate's issuer; an authority's own, of one that is self-signed, its own."""
    extensions = x509.load_der_x509_certificate(der).extensions
    try:
        found = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        found = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert found is not None
    return found.hex()


def followed(der: bytes) -> bytes:
    """Return the list that a certificate leads to, by nothing but what stands in it."""
    answer, headers, body = http("GET", f"{point_of(der)}?key={issuer_key(der)}")
    assert (answer, headers["Content-Type"]) == ("200 OK", "application/pkix-crl")
    return body


def verify(folder: Path, certificate: Certificate, lists: list[bytes], *more: str) -> CompletedProcess[str]:
    """Let openssl verify, trusting every generation, with these lists."""
    together, file = folder / "authorities.pem", folder / "lists.pem"
    generations = Generation.objects.filter(authority=certificate.issuer)
    pems = [write_pem(folder, "a.pem", "CERTIFICATE", bytes(g.certificate)).read_text() for g in generations]
    together.write_text("".join(pems))
    file.write_text("".join(write_pem(folder, "l.pem", "X509 CRL", one).read_text() for one in lists))
    leaf = write_pem(folder, "c.pem", "CERTIFICATE", bytes(certificate.der))
    return openssl("verify", "-x509_strict", *more, "-CAfile", together, "-CRLfile", file, leaf)


def test_each_generations_certificate_leads_to_the_list_that_validates_it(
    realm: Realm, pair: tuple[Certificate, Certificate], tmp_path: Path
) -> None:
    old, new = pair
    assert point_of(bytes(old.der)) == point_of(bytes(new.der)), "one name for both"
    revocation.revoke(old, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    tasks.publish_due_crls()
    said = verify(tmp_path, old, [followed(bytes(old.der))], "-crl_check")
    assert "certificate revoked" in said.stderr
    said = verify(tmp_path, new, [followed(bytes(new.der))], "-crl_check")
    assert said.returncode == 0, said.stderr


def test_the_directorys_entry_holds_the_lists_of_all_generations(
    realm: Realm, pair: tuple[Certificate, Certificate], tmp_path: Path
) -> None:
    tasks.publish_due_crls()
    for certificate in pair:
        kind, body = http("GET", point_of(bytes(certificate.der)))[1:]
        lists = x509.load_pem_x509_crl(body), x509.load_pem_x509_crl(body[body.rindex(b"-----BEGIN") :])
        assert kind["Content-Type"] == "application/x-pem-file"
        assert body.count(b"-----BEGIN X509 CRL-----") == 2
        said = verify(tmp_path, certificate, [one.public_bytes(Encoding.DER) for one in lists], "-crl_check")
        assert said.returncode == 0, said.stderr


def test_another_generations_list_never_makes_a_certificate_good(
    realm: Realm, pair: tuple[Certificate, Certificate], tmp_path: Path
) -> None:
    old, new = pair
    revocation.revoke(old, cause=Cause.KEY_COMPROMISE, now=clock.now(realm))
    tasks.publish_due_crls()
    wrong = followed(bytes(new.der))
    assert verify(tmp_path, old, [wrong], "-crl_check").returncode != 0
    verdict = status.check_certificate(realm, bytes(old.der), now=clock.now(realm), crl=wrong)
    assert verdict.reasons == (status.Reason.REVOCATION_UNKNOWN,)
    right = status.check_certificate(realm, bytes(old.der), now=clock.now(realm), crl=followed(bytes(old.der)))
    assert right.reasons == (status.Reason.REVOKED,)


def test_numbers_are_one_sequence_over_the_generations_of_a_point(pair: tuple[Certificate, Certificate]) -> None:
    old, new = pair
    published = [crl.publish(certificate.partition).number for certificate in (old, new, old, new)]
    assert published == [1, 2, 3, 4]


def test_a_number_that_another_generation_took_meanwhile_is_not_used(
    pair: tuple[Certificate, Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = pair
    assemble = drafts.assemble

    def publish_meanwhile(*arguments: object) -> bytes:
        monkeypatch.setattr(drafts, "assemble", assemble)
        assert crl.publish(new.partition).number == 1
        return assemble(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(drafts, "assemble", publish_meanwhile)
    assert crl.publish(old.partition).number == 2
    assert list(Crl.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


# --- The authorities' own lists
def test_every_generation_has_a_list_of_its_own_certificates_at_its_point(
    realm: Realm, pair: tuple[Certificate, Certificate], tmp_path: Path
) -> None:
    tasks.publish_due_crls()
    for certificate in pair:
        authority = bytes(certificate.generation.certificate)
        own = followed(authority)
        parsed = x509.load_der_x509_crl(own)
        said = parsed.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        subject = x509.load_der_x509_certificate(authority).subject
        assert said.critical
        assert said.value.only_contains_ca_certs
        assert said.value.full_name == [x509.DirectoryName(subject)]
        assert len(parsed) == 0
        assert http("GET", f"/arl/test/signature.crl?key={issuer_key(authority)}")[2] == own
        lists = [followed(bytes(certificate.der)), own]
        answer = verify(tmp_path, certificate, lists, "-crl_check_all")
        assert answer.returncode == 0, answer.stderr
        assert "different CRL scope" in verify(tmp_path, certificate, lists[:1], "-crl_check_all").stderr


def test_the_authorities_own_lists_are_held_against_the_last_kept_and_journaled(realm: Realm) -> None:
    assert tasks.publish_due_crls() == 2
    assert tasks.publish_due_crls() == 0
    realm.clock_offset = crl.interval()
    realm.save()
    assert tasks.publish_due_crls() == 2
    own = Partition.objects.get(medium=Partition.OWN, generation__authority__purpose=Purpose.SIGNATURE)
    assert list(own.crls.order_by("number").values_list("number", flat=True)) == [1, 2]
    entries = JournalEntry.objects.filter(subject="signature/authority").order_by("sequence")
    assert [entry.kind for entry in entries] == ["crl.intended", "crl.published"] * 2
    assert {entry.data["key_label"] for entry in entries} == {own.generation.key_label}
    assert journal.verify(realm) is None


# --- What is asked wrongly, and what is asked again
def test_what_is_no_point_or_no_key_of_it_is_not_found(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    crl.publish(card.partition)
    elsewhere = make_holder(realm, municipality="Naka-ku", municipality_code="14104")
    there = issue_card(elsewhere, key=1)  # no list yet
    authentication = issue_card(holder, Purpose.USER_AUTHENTICATION, key=2)
    point = point_of(bytes(card.der))
    for path in (
        point_of(bytes(there.der)),
        "/directory/test/MAA",
        "/directory/test/AAAA",
        "/directory/other" + point.removeprefix("/directory/test"),
        f"{point}?key={issuer_key(bytes(authentication.der))}",
        f"{point}?key=00",
        "/arl/test/signature.crl",
    ):
        assert http("GET", path)[0] == "404 Not Found", path
    assert http("GET", f"/crl/test/signature/card/13221.crl?key={issuer_key(bytes(card.der))}")[0] == "200 OK"
    assert http("GET", f"/authority/test/signature.cer?key={issuer_key(bytes(card.der))}")[0] == "200 OK"


def test_a_list_that_the_client_has_is_not_sent_again(holder: Holder) -> None:
    card = issue_card(holder)
    crl.publish(card.partition)
    path = "/crl/test/signature/card/13221.crl"
    tag = http("GET", path)[1]["ETag"]
    again = http("GET", path, If_None_Match=tag)
    assert (again[0], again[2]) == ("304 Not Modified", b"")
    crl.publish(card.partition)
    assert http("GET", path, If_None_Match=tag)[0] == "200 OK"


# --- At once
@pytest.mark.django_db(transaction=True)
def test_the_list_follows_a_revocation_by_itself(realm: Realm) -> None:
    cards = [issue_card(make_holder(realm), key=number) for number in range(3)]
    partition = cards[0].partition
    crl.publish(partition)
    with start_worker(app, pool="solo", queues=["ca"], perform_ping_check=False, shutdown_timeout=30):
        for listed, card in enumerate(cards, 1):
            revocation.revoke(card, cause=Cause.HOLDER_REQUEST, now=clock.now(realm))
            begin = time.monotonic()
            while not Crl.objects.filter(partition=partition, entries=listed).exists():
                assert time.monotonic() - begin < 60, "the list does not follow"
                time.sleep(0.01)
        close_old_connections()
    newest = crl.newest(partition)
    assert newest is not None
    parsed = x509.load_der_x509_crl(bytes(newest.der))
    assert {entry.serial_number for entry in parsed} == {int(card.serial_number, 16) for card in cards}
