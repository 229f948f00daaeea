"""OCSP: what is answered to whom, by RFC 6960, and what is not."""

import base64
import contextlib
import hashlib
import urllib.parse
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp as client
from hypothesis import HealthCheck, given, settings, strategies

from ca import ceremony, clock, der, ocsp, revocation
from ca.models import Certificate, Holder, Realm
from ca.profiles import OCSP_NONCE, Medium, Purpose
from ca.reply import Request
from ca.responder import respond
from ca.revocation import Cause
from tests.ca.fixtures import issue_all_four, issue_card, issue_phone

GOOD, REVOKED, UNKNOWN = client.OCSPCertStatus.GOOD, client.OCSPCertStatus.REVOKED, client.OCSPCertStatus.UNKNOWN

_SHA1 = hashes.SHA1()  # noqa: S303  (RFC 6960 clients still ask with it)


def http(
    method: str, path: str, body: bytes = b"", *, peer: str = "", **headers: str
) -> tuple[str, dict[str, str], bytes]:
    """Ask the responder; `headers` have _ for -. Return status, headers and body."""
    lines = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    reply = respond(Request(method, path.encode("latin-1"), lines, body, peer))
    named = dict(line.split(": ", 1) for line in reply.head.decode("latin-1").split("\r\n")[1:-1])
    return reply.status, named, b"" if method == "HEAD" else reply.body


def path_of(certificate: Certificate, medium: str | None = None) -> str:
    slug = Purpose(certificate.purpose).slug
    return f"/ocsp/{certificate.realm.slug}/{slug}/{medium or certificate.medium}"


def parsed(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes(certificate.der))


def authority(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes(certificate.generation.certificate))


def question(certificate: Certificate, digest: hashes.HashAlgorithm | None = None, nonce: bytes = b"") -> bytes:
    builder = client.OCSPRequestBuilder().add_certificate(
        parsed(certificate), authority(certificate), digest or hashes.SHA256()
    )
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def several(*questions: bytes, extensions: bytes = b"") -> bytes:
    """Join the single requests of several OCSPRequests into one."""
    items = [der.whole(der.inner(der.inner(der.elements(one)[0])[0])[0]) for one in questions]
    return der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, *items), extensions))


def ask(certificate: Certificate, data: bytes, medium: str | None = None) -> client.OCSPResponse:
    status, headers, body = http("POST", path_of(certificate, medium), data)
    assert (status, headers["Content-Type"]) == ("200 OK", "application/ocsp-response")
    assert headers["Cache-Control"] == "no-store"
    return client.load_der_ocsp_response(body)


def test_the_answer_is_signed_by_a_delegated_responder_of_the_authority(realm: Realm, holder: Holder) -> None:
    for certificate in issue_all_four(holder):
        answer = ask(certificate, question(certificate))
        (responder,) = answer.certificates
        responder.verify_directly_issued_by(authority(certificate))
        key = responder.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), hashes.SHA256())
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert [oid.dotted_string for oid in usage] == ["1.3.6.1.5.5.7.3.9"]
        assert responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
        bits = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        assert answer.responder_key_hash == hashlib.sha1(bits, usedforsecurity=False).digest()
        assert key != authority(certificate).public_key()


def test_good_then_revoked_at_the_very_next_question(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    assert ask(card, question(card)).certificate_status is GOOD
    at = clock.now(realm)
    revocation.revoke(card, cause=Cause.ATTRIBUTES_CHANGED, now=at)
    answer = ask(card, question(card))
    assert answer.certificate_status is REVOKED
    assert answer.revocation_reason is x509.ReasonFlags.affiliation_changed
    assert answer.revocation_time_utc == at.replace(microsecond=0)


def test_pending_and_on_hold_are_certificate_hold(realm: Realm, holder: Holder) -> None:
    phone = issue_phone(issue_card(holder), pending=True)
    assert ask(phone, question(phone)).revocation_reason is x509.ReasonFlags.certificate_hold
    revocation.activate(phone, now=clock.now(realm))
    assert ask(phone, question(phone)).certificate_status is GOOD
    revocation.hold(phone, cause=Cause.LOSS, now=clock.now(realm))
    assert ask(phone, question(phone)).revocation_reason is x509.ReasonFlags.certificate_hold


def test_the_other_mediums_url_knows_nothing_of_it(holder: Holder) -> None:
    card = issue_card(holder)
    phone = issue_phone(card)
    assert ask(card, question(card), "phone").certificate_status is UNKNOWN
    assert ask(phone, question(phone), "card").certificate_status is UNKNOWN


@pytest.mark.parametrize("digest", [_SHA1, hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_the_answer_names_the_certificate_with_the_digest_of_the_question(
    holder: Holder, digest: hashes.HashAlgorithm
) -> None:
    card = issue_card(holder)
    answer = ask(card, question(card, digest))
    assert answer.certificate_status is GOOD
    assert answer.hash_algorithm.name == digest.name
    assert answer.serial_number == int(card.serial_number, 16)


def test_the_nonce_comes_back_and_none_comes_unasked(holder: Holder) -> None:
    card = issue_card(holder)
    for nonce in (b"\x01", b"n" * 32, b"n" * 128):
        answer = ask(card, question(card, nonce=nonce))
        assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == nonce
    assert not list(ask(card, question(card)).extensions)


@pytest.mark.parametrize("nonce", [b"", b"n" * 129])
def test_a_nonce_of_no_or_too_many_octets_is_malformed(holder: Holder, nonce: bytes) -> None:
    card = issue_card(holder)
    value = der.tlv(der.OCTET_STRING, nonce)
    extension = der.tlv(der.SEQUENCE, der.object_identifier(OCSP_NONCE), der.tlv(der.OCTET_STRING, value))
    data = several(question(card), extensions=der.context(2, der.tlv(der.SEQUENCE, extension)))
    assert ask(card, data).response_status is client.OCSPResponseStatus.MALFORMED_REQUEST


def test_several_questions_are_answered_in_one_in_their_order_and_as_asked(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    second = issue_card(holder, key=1)
    revocation.revoke(second, cause=Cause.SUPERSEDED, now=clock.now(realm))
    phone = issue_phone(card)
    data = several(question(card, _SHA1), question(second, hashes.SHA256()), question(phone))
    answers = list(ask(card, data).responses)
    assert [answer.certificate_status for answer in answers] == [GOOD, REVOKED, UNKNOWN]
    assert [answer.hash_algorithm.name for answer in answers] == ["sha1", "sha256", "sha256"]


def test_a_foreign_issuer_and_serial_numbers_never_issued_are_unknown(holder: Holder) -> None:
    card = issue_card(holder)
    authentication = issue_card(holder, Purpose.USER_AUTHENTICATION, key=1)
    assert ask(card, question(authentication)).certificate_status is UNKNOWN
    issuer = client.load_der_ocsp_request(question(card))
    for serial in (1, 0x7FFFFFFF, 1 << 158):
        builder = client.OCSPRequestBuilder().add_certificate_by_hash(
            issuer.issuer_name_hash, issuer.issuer_key_hash, serial, hashes.SHA256()
        )
        assert ask(card, builder.build().public_bytes(Encoding.DER)).certificate_status is UNKNOWN


def test_get_answers_as_post_does(holder: Holder) -> None:
    card = issue_card(holder)
    encoded = base64.b64encode(question(card)).decode()
    for written in (encoded, urllib.parse.quote(encoded, safe=""), encoded.rstrip("=")):
        status, _, body = http("GET", f"{path_of(card)}/{written}")
        assert status == "200 OK"
        assert client.load_der_ocsp_response(body).certificate_status is GOOD


def test_times_are_the_realms(realm: Realm, holder: Holder) -> None:
    realm.clock_offset = timedelta(days=30)
    realm.save()
    card = issue_card(holder)
    answer = ask(card, question(card))
    assert abs(answer.this_update_utc - clock.now(realm)) < timedelta(seconds=10)
    assert answer.next_update_utc == answer.this_update_utc + ocsp.VALIDITY


def test_without_a_responder_key_that_holds_now_it_says_try_later(realm: Realm, holder: Holder) -> None:
    card = issue_card(holder)
    realm.clock_offset = timedelta(days=365 * 9)
    realm.save()
    assert ask(card, question(card)).response_status is client.OCSPResponseStatus.TRY_LATER
    ceremony.create_authorities(realm)
    assert ask(card, question(card)).certificate_status is GOOD


# --- What is no question
def refusal_of(certificate: Certificate, data: bytes) -> client.OCSPResponseStatus:
    status, headers, body = http("POST", path_of(certificate), data)
    assert (status, headers["Content-Type"]) == ("200 OK", "application/ocsp-response")
    return client.load_der_ocsp_response(body).response_status


def test_what_is_no_request_is_malformed(holder: Holder) -> None:
    card = issue_card(holder)
    right = question(card)
    single = der.inner(der.inner(der.elements(right)[0])[0])[0]
    signature = der.context(0, der.tlv(der.SEQUENCE))
    critical = der.tlv(
        der.SEQUENCE,
        der.object_identifier(x509.ObjectIdentifier("1.2.3")),
        bytes.fromhex("0101ff"),
        der.tlv(der.OCTET_STRING, b"x"),
    )
    wrong = {
        "nothing": b"",
        "text": b"GET / HTTP/1.1",
        "cut": right[:-1],
        "trailing": right + b"\0",
        "empty": bytes.fromhex("3000"),
        "no questions": several(),
        "too many questions": several(*[right] * 51),
        "too long": right + b"\0" * 10_000,
        "version 2": der.tlv(
            der.SEQUENCE,
            der.tlv(der.SEQUENCE, der.context(0, bytes.fromhex("020101")), der.tlv(der.SEQUENCE, der.whole(single))),
        ),
        "critical extension": several(right, extensions=der.context(2, der.tlv(der.SEQUENCE, critical))),
        "something else after": several(right, extensions=der.context(3, der.tlv(der.SEQUENCE))),
        "a second extension block": several(
            right, extensions=der.context(2, der.tlv(der.SEQUENCE)) + der.context(2, der.tlv(der.SEQUENCE))
        ),
        "not a signature": der.tlv(der.SEQUENCE, *map(der.whole, der.elements(right)), der.tlv(der.SEQUENCE)),
        "certificate": bytes(card.der),
    }
    for name, data in wrong.items():
        assert refusal_of(card, data) is client.OCSPResponseStatus.MALFORMED_REQUEST, name
    assert ask(card, der.tlv(der.SEQUENCE, *map(der.whole, der.elements(right)), signature)).certificate_status is GOOD


@given(data=strategies.binary(max_size=400))
@settings(max_examples=200)
def test_any_octets_either_parse_or_are_malformed(data: bytes) -> None:
    with contextlib.suppress(ocsp.Malformed):
        ocsp.parse(data)


@pytest.fixture
def right(holder: Holder) -> tuple[Certificate, bytes]:
    card = issue_card(holder)
    return card, question(card, nonce=b"n" * 16)


@given(data=strategies.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_request_with_any_octet_changed_never_raises(
    right: tuple[Certificate, bytes], data: strategies.DataObject
) -> None:
    card, request = right
    changed = bytearray(request)
    changed[data.draw(strategies.integers(0, len(request) - 1))] = data.draw(strategies.integers(0, 255))
    answer = ocsp.answer(card.realm, Purpose.SIGNATURE, Medium.CARD, bytes(changed))
    client.load_der_ocsp_response(answer)


def test_base64_that_is_none_is_malformed(holder: Holder) -> None:
    card = issue_card(holder)
    for text in ("!", "AAAA%00", "A" * 20_000, "%E3%81%82", "%FF"):
        _, _, body = http("GET", f"{path_of(card)}/{text}")
        assert client.load_der_ocsp_response(body).response_status is client.OCSPResponseStatus.MALFORMED_REQUEST


def test_an_error_inside_is_an_internal_error_without_a_trace(
    holder: Holder, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    card = issue_card(holder)
    settings.RESPONDER_KEYS_PASSPHRASE = None
    status, _, body = http("POST", path_of(card), question(card))
    assert status == "200 OK"
    assert body == bytes.fromhex("30030a0102")
    assert "RESPONDER_KEYS_PASSPHRASE is not set" in caplog.text
