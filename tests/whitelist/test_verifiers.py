"""Who of the register may ask the responder, when it answers verifiers alone: by token, and by certificate in TLS."""

import base64
import urllib.parse
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ca import clock
from ca.models import Certificate, Holder, Realm, StatusAnswer
from tests.ca.fixtures import issue_card, make_realm
from tests.ca.test_ocsp import http, path_of, question
from tests.whitelist.relying_parties import assertion, key, make_bank, make_credential
from whitelist import credentials
from whitelist.models import Credential, RelyingParty

PROXY = "192.0.2.7"


@pytest.fixture
def card(holder: Holder, settings: Any) -> Certificate:
    settings.OCSP_ACCESS, settings.OCSP_PROXIES, settings.OCSP_LOG_DAYS = "verifiers", "192.0.2.0/28 ::1", 1
    return issue_card(holder)


@pytest.fixture
def credential(realm: Realm) -> Credential:
    return make_credential(make_bank(realm))


def token(client_id: str = "test-bank") -> dict[str, str]:
    given = credentials.exchange(assertion(client_id, "https://token.example"), audience="https://token.example")
    return {"Authorization": f"Bearer {given.value}"}


def own_certificate(private: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank")]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), 1, now, now + timedelta(days=1))
    return builder.sign(private, hashes.SHA256())


def nginx(certificate: x509.Certificate) -> str:
    return urllib.parse.quote(certificate.public_bytes(Encoding.PEM).decode(), safe="")


def rfc_9440(certificate: x509.Certificate) -> str:
    return f":{base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}:"


def status(card: Certificate, headers: dict[str, str], peer: str = PROXY) -> str:
    return http("POST", path_of(card), question(card), peer=peer, **headers)[0]


def test_a_token_of_the_register_is_answered_and_the_answer_noted(card: Certificate, credential: Credential) -> None:
    assert status(card, token(), peer="203.0.113.1") == "200 OK"
    assert [(note.verifier, note.said) for note in StatusAnswer.objects.all()] == [("test-bank", ["good"])]
    assert status(card, {"Authorization": "Bearer another"}) == "401 Unauthorized"
    assert status(card, {}) == "401 Unauthorized"


@pytest.mark.parametrize("written", [nginx, rfc_9440])
def test_a_certificate_for_a_registered_key_is_answered(
    card: Certificate, credential: Credential, written: Any
) -> None:
    assert status(card, {"Client-Cert": written(own_certificate(key(0)))}) == "200 OK"
    assert status(card, {"Client-Cert": written(own_certificate(key(1)))}) == "401 Unauthorized"


@pytest.mark.parametrize("peer", ["", "203.0.113.1", "192.0.2.16", "no address"])
def test_nobody_but_the_proxy_is_believed_about_a_certificate(
    card: Certificate, credential: Credential, peer: str
) -> None:
    assert status(card, {"Client-Cert": nginx(own_certificate(key(0)))}, peer=peer) == "401 Unauthorized"


@pytest.mark.parametrize("written", ["", "x", "::", ":AAAA:", "-----BEGIN%20CERTIFICATE-----", "%" * 20_000, "é"])
def test_a_header_that_is_no_certificate_shows_nothing(card: Certificate, credential: Credential, written: str) -> None:
    assert status(card, {"Client-Cert": written}) == "401 Unauthorized"


@pytest.mark.parametrize("state", [RelyingParty.State.DRAFT, RelyingParty.State.SUSPENDED, RelyingParty.State.REMOVED])
def test_who_is_not_registered_now_is_no_verifier(card: Certificate, credential: Credential, state: str) -> None:
    shown = token()
    RelyingParty.objects.update(state=state)
    assert status(card, shown) == "401 Unauthorized"
    assert status(card, {"Client-Cert": nginx(own_certificate(key(0)))}) == "401 Unauthorized"


def test_a_disabled_key_a_purpose_not_registered_and_a_withdrawn_certification_end_it(
    card: Certificate, credential: Credential
) -> None:
    shown = {"Client-Cert": nginx(own_certificate(key(0)))}
    party = credential.relying_party
    party.ministerial_certifications.update(withdrawn_at=clock.now(party.realm) - timedelta(hours=1))
    assert status(card, shown) == "401 Unauthorized"
    party.ministerial_certifications.update(withdrawn_at=None)
    assert status(card, shown) == "200 OK"
    party.purposes.filter(purpose="signature").delete()
    assert status(card, shown) == "401 Unauthorized"


def test_a_disabled_key_is_none(card: Certificate, credential: Credential) -> None:
    credentials.disable(credential, now=clock.now(credential.relying_party.realm))
    assert status(card, {"Client-Cert": nginx(own_certificate(key(0)))}) == "401 Unauthorized"


def test_another_realms_verifier_is_none_here(card: Certificate) -> None:
    make_credential(make_bank(make_realm("other")))
    assert status(card, token()) == "401 Unauthorized"
