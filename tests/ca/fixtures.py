"""Fixtures around the authorities, for every app's tests: a realm after its ceremony, holders, their certificates.

`from tests.ca.fixtures import *  # noqa: F403` in a conftest makes them available. RSA keys are slow to make: the
ceremony is held once a session and its rows are put back for each test, and holders' keys come from a pool.
"""

import subprocess
import uuid
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ca import ceremony, crl, issuance
from ca.models import Authority, Certificate, Generation, Holder, JournalEntry, JournalHead, Realm, ResponderKey
from ca.ocsp import house, memory
from ca.profiles import Medium, Purpose
from tests import key_pool
from tests.ca import responders, standing

__all__ = ["authorities", "holder", "realm", "responder_address"]


# --- The ceremony, once a session
_ceremonies: dict[str, list[Any]] = {}


def make_realm(slug: str = "test") -> Realm:
    """Return a realm with its authorities, as `ceremony` makes them."""
    # Rows of an earlier test had the same ids.
    house.forget()
    memory.forget()
    if slug not in _ceremonies:
        realm = ceremony.create_realm(slug)
        with key_pool.afresh():
            ceremony.create_authorities(realm)
        _ceremonies[slug] = [
            realm,
            list(Authority.objects.filter(realm=realm)),
            list(Generation.objects.filter(authority__realm=realm).select_related("authority")),
            list(ResponderKey.objects.filter(generation__authority__realm=realm).select_related("generation")),
            list(JournalEntry.objects.filter(realm=realm).order_by("sequence")),
            JournalHead.objects.get(realm=realm),
        ]
        return Realm.objects.get(pk=realm.pk)
    realm, authorities, generations, responder_keys, entries, head = _ceremonies[slug]
    new_realm = _again(realm)
    new_authorities = {row.pk: _again(row, realm=new_realm) for row in authorities}
    new_generations = {row.pk: _again(row, authority=new_authorities[row.authority_id]) for row in generations}
    for row in responder_keys:
        _again(row, generation=new_generations[row.generation_id])
    for row in [*entries, head]:
        _again(row, realm=new_realm)
    return Realm.objects.get(slug=slug)


def _again(row: Any, **parents: Any) -> Any:
    fields = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key
    }
    for name in parents:
        del fields[f"{name}_id"]
    return type(row).objects.create(**fields, **parents)


@pytest.fixture
def realm(db: None) -> Realm:
    """Return a realm with both authorities, their keys open to this process."""
    return make_realm()


@pytest.fixture
def authorities(realm: Realm) -> dict[Purpose, Authority]:
    """Return the realm's authorities."""
    return {Purpose(authority.purpose): authority for authority in Authority.objects.filter(realm=realm)}


# --- Holders and what they hold
@cache
def private_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Return a holder's private key, the same for the same number in the whole session."""
    return rsa.generate_private_key(65537, 2048)


def public_key(number: int = 0) -> bytes:
    """Return that key's SubjectPublicKeyInfo, DER."""
    return (
        private_key(number)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def make_holder(realm: Realm, **changes: Any) -> Holder:
    """Return an invented holder."""
    fields: dict[str, Any] = {
        "name": "黒桐　幹也",
        "sex": "1",
        "birth_date": "319800217",
        "born_on": date(1980, 2, 17),
        "address": "東京都清瀬市観布子南１２－７－２０２",
        "prefecture": "Tokyo-to",
        "municipality": "Kiyose-shi",
        "municipality_code": "13221",
    }
    fields |= changes
    # The same for the same number in its realm, whatever the test: `standing`.
    number = Holder.objects.filter(realm=realm).count()
    fields.setdefault("reference", uuid.uuid5(uuid.NAMESPACE_OID, f"{realm.slug} {number}"))
    fields.setdefault("name_substitution", "0" * len(fields["name"]))
    fields.setdefault("address_substitution", "0" * len(fields["address"]))
    return Holder.objects.create(realm=realm, **fields)


@pytest.fixture
def holder(realm: Realm) -> Holder:
    """Return a holder without certificates."""
    return make_holder(realm)


def issue_card(holder: Holder, purpose: Purpose = Purpose.SIGNATURE, *, key: int = 0) -> Certificate:
    """Return a new valid card certificate."""
    row = issuance.request(
        realm=holder.realm,
        purpose=purpose,
        medium=Medium.CARD,
        holder=holder,
        public_key=public_key(key),
        request_key=f"card {holder.reference} {purpose} {key}",
    )
    return issuance.issue(row.pk)


def issue_phone(card: Certificate, *, key: int = 10, pending: bool = False) -> Certificate:
    """Return a new phone certificate that stands on a card certificate."""
    row = issuance.request(
        realm=card.realm,
        purpose=Purpose(card.purpose),
        medium=Medium.PHONE,
        holder=card.holder,
        public_key=public_key(key),
        linked_to=card,
        pending=pending,
        request_key=f"phone {card.holder.reference} {card.purpose} {key}",
    )
    return issuance.issue(row.pk)


def issue_all_four(holder: Holder) -> list[Certificate]:
    """Return card and phone certificates for both purposes, all valid."""
    return standing.certificates(holder, _issue_all_four)


def _issue_all_four(holder: Holder) -> list[Certificate]:
    cards = [issue_card(holder, purpose, key=number) for number, purpose in enumerate(Purpose)]
    return [*cards, *(issue_phone(card, key=10 + number) for number, card in enumerate(cards))]


# --- The responder, on a port, as clients see it
@pytest.fixture
def responder_address(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """Start the responder on a loopback port; return its address."""
    folder = tmp_path / "responder"
    folder.mkdir()
    with responders.started(folder) as (address,):
        yield f"http://{address}"


# --- OpenSSL ---------------------------------------------------------------------------------------------------------
def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run openssl; return what it said and how it ended."""
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=30)


def write_pem(folder: Path, name: str, kind: str, der: bytes) -> Path:
    """Write DER as PEM for openssl; return the file."""
    import base64

    path = folder / name
    path.write_text(f"-----BEGIN {kind}-----\n{base64.encodebytes(der).decode()}-----END {kind}-----\n")
    return path


def openssl_verify(folder: Path, certificate: Certificate) -> subprocess.CompletedProcess[str]:
    """Publish the certificate's CRL and let openssl verify it with authority and CRL."""
    published = crl.publish(certificate.partition)
    return openssl(
        "verify",
        "-x509_strict",
        "-crl_check",
        "-CAfile",
        write_pem(folder, "authority.pem", "CERTIFICATE", bytes(certificate.generation.certificate)),
        "-CRLfile",
        write_pem(folder, "crl.pem", "X509 CRL", bytes(published.der)),
        write_pem(folder, "certificate.pem", "CERTIFICATE", bytes(certificate.der)),
    )


# --- What tests say about certificates
def assert_on_crl(certificate: Certificate, reason: Any) -> None:
    """Hold that a newly published CRL lists the certificate with that reason (None: without a reason)."""
    from cryptography import x509

    entry = _entry(certificate)
    assert entry is not None, f"{certificate} is not on its CRL"
    try:
        found = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        found = None
    assert found == reason


def assert_not_on_crl(certificate: Certificate) -> None:
    """Hold that a newly published CRL does not list the certificate."""
    assert _entry(certificate) is None, f"{certificate} is on its CRL"


def _entry(certificate: Certificate) -> Any:
    from cryptography import x509

    published = crl.publish(certificate.partition)
    serial_number = int(certificate.serial_number, 16)
    return x509.load_der_x509_crl(bytes(published.der)).get_revoked_certificate_by_serial_number(serial_number)
