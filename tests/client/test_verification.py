"""A service's own verification, against real certificates and a real responder."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from jpki_client import (
    PHONE,
    SIGNATURE,
    USER_AUTHENTICATION,
    Check,
    Expected,
    Original,
    Outcome,
    Trust,
    Verdict,
    by_ocsp,
    holder,
    status,
    verify,
)

from ca import clock, revocation
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from portal.handoff.trust import trust_list
from tests.ca.fixtures import issue_all_four, make_holder, make_realm, private_key

TEXT = "契約書\r\n第1条\n"


class World:
    """A realm with somebody's four certificates, its responder on a port, and its trust list."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
        self.certificates = {
            (each.purpose, each.medium): (each, number)
            for each, number in zip(issue_all_four(make_holder(realm)), (0, 1, 10, 11), strict=True)
        }
        self.trust = Trust.read(trust_list(realm.slug))
        self.now = clock.now(realm)

    def certificate(self, purpose: str = SIGNATURE, medium: str = Medium.PHONE) -> Certificate:
        return self.certificates[purpose, medium][0]

    def result(self, purpose: str = SIGNATURE, medium: str = Medium.PHONE, text: str = TEXT) -> dict[str, str]:
        certificate, key = self.certificates[purpose, medium]
        signature = private_key(key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {
            "certificate": base64.b64encode(bytes(certificate.der)).decode(),
            "signature": base64.b64encode(signature).decode(),
        }

    def verdict(self, result: dict[str, str] | None = None, **changes: Any) -> Verdict:
        """Return the verdict on a result; what was expected, the time, and who is asked for status may be changed."""
        asked: dict[str, Any] = {"text": TEXT, "purpose": SIGNATURE, "media": (PHONE,)} | changes
        expected = Expected(asked["purpose"], Original.of(asked["text"]), media=asked["media"])
        given = self.result(expected.purpose) if result is None else result
        ask = by_ocsp(asked.get("post", status.post))
        trust, now = asked.get("trust", self.trust), asked.get("now", self.now)
        return verify(given, expected, trust=trust, now=now, status=ask)


@pytest.fixture
def world(realm: Realm, responder_address: str, settings: Any) -> World:
    settings.RESPONDER_URL = responder_address
    return World(realm)


def outcomes(verdict: Verdict) -> dict[Check, tuple[Outcome, str]]:
    return {line.check: (line.outcome, line.why) for line in verdict.lines}


def assert_only(verdict: Verdict, check: Check, outcome: Outcome, why: str) -> None:
    """Hold that this one check came out so, and all others hold."""
    assert not verdict.accepted
    found = outcomes(verdict)
    assert found.pop(check) == (outcome, why)
    assert {each for each, _ in found.values()} == {Outcome.HOLDS}, found


@pytest.mark.parametrize("purpose", [SIGNATURE, USER_AUTHENTICATION])
def test_the_phones_answer_is_accepted_with_four_lines(world: World, purpose: str) -> None:
    verdict = world.verdict(purpose=purpose)
    assert outcomes(verdict) == {
        Check.SIGNATURE: (Outcome.HOLDS, "signature_right"),
        Check.CHAIN: (Outcome.HOLDS, "chain_right"),
        Check.STATUS: (Outcome.HOLDS, "good"),
        Check.MEDIUM: (Outcome.HOLDS, "phone"),
    }
    assert verdict.accepted
    assert verdict.line(Check.CHAIN).facts["serial_number"] == world.certificate(purpose).serial_number
    assert verdict.line(Check.STATUS).facts["url"].endswith(f"/{Purpose(purpose).slug}/phone")


def test_a_signature_over_another_text_is_not_accepted(world: World) -> None:
    verdict = world.verdict(text=TEXT + " ")
    assert_only(verdict, Check.SIGNATURE, Outcome.FAILS, "signature_wrong")


def test_the_card_is_not_the_phone(world: World) -> None:
    verdict = world.verdict(world.result(medium=Medium.CARD))
    assert_only(verdict, Check.MEDIUM, Outcome.FAILS, "not_the_phone")
    assert verdict.line(Check.STATUS).facts["url"].endswith("/signature/card")


def test_an_authentication_does_not_sign_a_contract(world: World) -> None:
    verdict = world.verdict(world.result(USER_AUTHENTICATION))
    assert not verdict.accepted
    assert verdict.line(Check.CHAIN).why == "issuer_not_trusted"
    assert verdict.line(Check.MEDIUM).why == "policy_unknown"


def test_after_the_end_of_use_the_status_says_revoked(world: World) -> None:
    revocation.revoke(world.certificate(), cause=Cause.PHONE_USE_ENDED, now=world.now)
    verdict = world.verdict()
    assert_only(verdict, Check.STATUS, Outcome.FAILS, "revoked")
    assert verdict.line(Check.STATUS).facts["reason"] == "cessationOfOperation"


def test_on_hold_is_said_as_such(world: World) -> None:
    revocation.hold(world.certificate(), cause=Cause.LOSS, now=world.now)
    assert_only(world.verdict(), Check.STATUS, Outcome.FAILS, "on_hold")


def test_another_realms_certificate_is_not_trusted(world: World) -> None:
    elsewhere = World(make_realm("elsewhere"))
    verdict = world.verdict(elsewhere.result())
    assert verdict.line(Check.CHAIN).why == "issuer_not_trusted"
    assert verdict.line(Check.STATUS).outcome == Outcome.UNKNOWN
    assert not verdict.accepted


@pytest.mark.parametrize(("years", "why"), [(-1, "not_yet_valid"), (6, "expired")])
def test_out_of_its_time_it_is_not_accepted(world: World, years: int, why: str) -> None:
    moved = world.now + timedelta(days=365 * years)
    verdict = world.verdict(now=moved)
    assert not verdict.accepted
    assert verdict.line(Check.CHAIN).why in {why, "issuer_not_trusted"}


@pytest.mark.parametrize("result", [{}, {"certificate": "??", "signature": "AAAA"}, {"certificate": "AAAA"}])
def test_what_is_no_result_is_refused(world: World, result: dict[str, str]) -> None:
    verdict = world.verdict(result)
    assert not verdict.accepted
    assert {line.why for line in verdict.lines} == {"malformed"}


# --- who answered, before what was answered


def test_a_responder_that_cannot_be_reached_is_no_yes_and_no_no(world: World) -> None:
    def unreachable(url: str, request: bytes) -> bytes:
        raise httpx.ConnectError("refused")

    assert_only(world.verdict(post=unreachable), Check.STATUS, Outcome.UNKNOWN, "responder_unreachable")


@pytest.mark.parametrize(
    ("answer", "why"),
    [(b"", "answer_malformed"), (b"<html>", "answer_malformed"), (b"\x30\x03\x0a\x01\x06", "responder_refused")],
)
def test_what_is_no_answer_is_unknown(world: World, answer: bytes, why: str) -> None:
    assert_only(world.verdict(post=lambda url, request: answer), Check.STATUS, Outcome.UNKNOWN, why)


def test_an_answer_from_before_is_not_taken_again(world: World) -> None:
    kept: list[bytes] = []

    def keeping(url: str, request: bytes) -> bytes:
        kept.append(status.post(url, request))
        return kept[-1]

    assert world.verdict(post=keeping).accepted
    revocation.revoke(world.certificate(), cause=Cause.PHONE_USE_ENDED, now=world.now)
    replayed = world.verdict(post=lambda url, request: kept[0])
    assert_only(replayed, Check.STATUS, Outcome.UNKNOWN, "nonce_missing")


def test_a_changed_answer_is_not_taken(world: World) -> None:
    def changed(url: str, request: bytes) -> bytes:
        answer = bytearray(status.post(url, request))
        answer[-1] ^= 1
        return bytes(answer)

    verdict = world.verdict(post=changed)
    assert verdict.line(Check.STATUS).why in {"responder_not_trusted", "answer_malformed"}


def test_an_old_answer_is_not_taken(world: World) -> None:
    verdict = world.verdict(now=world.now + timedelta(days=30))
    assert_only(verdict, Check.STATUS, Outcome.UNKNOWN, "answer_not_fresh")
    early = world.verdict(now=world.now - timedelta(minutes=6), trust=world.trust)
    assert early.line(Check.STATUS).outcome == Outcome.UNKNOWN


def _delegate(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False
    ).add_extension(x509.OCSPNoCheck(), critical=False)


def _forged(world: World, signed_by: rsa.RSAPrivateKey, issuer_name: x509.Name) -> Callable[[str, bytes], bytes]:
    """Return a responder that says good under a certificate that somebody else than the authority made."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Forged")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(world.now - timedelta(days=1))
        .not_valid_after(world.now + timedelta(days=1))
    )
    responder = _delegate(builder).sign(signed_by, hashes.SHA256())
    certificate = x509.load_der_x509_certificate(bytes(world.certificate().der))
    authority = x509.load_der_x509_certificate(bytes(world.certificate().generation.certificate))

    def post(url: str, request: bytes) -> bytes:
        nonce = ocsp.load_der_ocsp_request(request).extensions.get_extension_for_class(x509.OCSPNonce).value
        response = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                certificate,
                authority,
                hashes.SHA256(),
                ocsp.OCSPCertStatus.GOOD,
                world.now,
                world.now + timedelta(hours=1),
                None,
                None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, responder)
            .certificates([responder])
            .add_extension(nonce, critical=False)
            .sign(key, hashes.SHA256())
        )
        return response.public_bytes(serialization.Encoding.DER)

    return post


def test_a_responder_that_the_authority_did_not_make_is_not_believed(world: World) -> None:
    authority = x509.load_der_x509_certificate(bytes(world.certificate().generation.certificate))
    somebody = rsa.generate_private_key(65537, 2048)
    verdict = world.verdict(post=_forged(world, somebody, authority.subject))
    assert_only(verdict, Check.STATUS, Outcome.UNKNOWN, "responder_not_trusted")


def test_a_citizens_own_certificate_makes_no_responder(world: World) -> None:
    """The holder signs with the key of a certificate that the authority did issue, but not for answering."""
    citizen = x509.load_der_x509_certificate(bytes(world.certificate().der))
    verdict = world.verdict(post=_forged(world, private_key(10), citizen.subject))
    assert_only(verdict, Check.STATUS, Outcome.UNKNOWN, "responder_not_trusted")


def test_the_other_authoritys_responder_does_not_answer_for_this_one(world: World) -> None:
    def elsewhere(url: str, request: bytes) -> bytes:
        return status.post(url.replace("/signature/", "/user-authentication/"), request)

    verdict = world.verdict(post=elsewhere)
    assert verdict.line(Check.STATUS).outcome == Outcome.UNKNOWN


def test_at_the_cards_address_the_phones_certificate_is_unknown(world: World) -> None:
    def at_the_cards(url: str, request: bytes) -> bytes:
        return status.post(url.replace("/phone", "/card"), request)

    assert_only(world.verdict(post=at_the_cards), Check.STATUS, Outcome.FAILS, "unknown_certificate")


# --- who it is


def test_the_signature_certificate_names_its_holder_and_the_other_nobody(world: World) -> None:
    def parsed(purpose: str) -> x509.Certificate:
        return x509.load_der_x509_certificate(bytes(world.certificate(purpose).der))

    found = holder(parsed(SIGNATURE))
    assert found is not None
    assert (found.name, found.birth_date) == ("黒桐　幹也", "1980-02-17")
    assert found.address == "東京都清瀬市観布子南１２－７－２０２"
    assert holder(parsed(USER_AUTHENTICATION)) is None


def test_the_time_of_the_trust_list_is_the_realms(world: World) -> None:
    Realm.objects.filter(pk=world.realm.pk).update(clock_offset=timedelta(days=100))
    moved = Trust.read(trust_list(world.realm.slug))
    assert moved.time - world.now >= timedelta(days=100)
    assert world.verdict(trust=moved, now=moved.time).accepted
