"""What the responder says while a fault is armed: signed as it is said to be, and never believed where it lies."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from jpki_client import Check, Outcome

from ca import crl
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from ca.reply import Request
from ca.responder import respond
from sandbox import faults
from sandbox.faults import lists
from sandbox.faults import responder as faulty
from sandbox.faults.catalogue import ALL, Place
from sandbox.faults.statuses import told as statuses
from tests.ca import responders
from tests.portal.handoff.citizens import Citizen
from tests.sandbox.faults.conftest import Answered, ask_responder, citizen_in, judge, told
from tests.sandbox.faults.desks import faulty_desk
from whitelist.verification.statuses import Answer, Status

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]
ANSWERS = [one.name for one in ALL if one.place == Place.OCSP]


def target(certificate: Certificate) -> str:
    purpose = certificate.purpose.replace("_", "-")
    return f"/ocsp/{certificate.realm.slug}/{purpose}/{certificate.medium}"


def question(certificate: Certificate, *, nonce: bytes = b"") -> bytes:
    issuer = x509.load_der_x509_certificate(bytes(certificate.generation.certificate))
    subject = x509.load_der_x509_certificate(bytes(certificate.der))
    builder = ocsp.OCSPRequestBuilder().add_certificate(subject, issuer, hashes.SHA256())
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def test_a_careful_service_believes_none_of_them(answered: Answered, realm: Realm, deliver: Deliver) -> None:
    hand_off = answered()
    result = told(hand_off)["result"]
    assert judge(hand_off, result).accepted
    for name in ANSWERS:
        if name == "ocsp_late":
            continue
        armed = faults.arm(realm, name, hand_off=hand_off)
        deliver()
        verdict = judge(hand_off, result)
        assert faults.again(armed).hits == 1, name
        assert not verdict.accepted, name
        assert [line.check for line in verdict.lines if line.outcome is not Outcome.HOLDS] == [Check.STATUS], name
        faults.disarm(armed)
    assert judge(hand_off, result).accepted


@pytest.mark.parametrize(
    ("name", "status"),
    [("ocsp_revoked", "revoked"), ("ocsp_on_hold", "on_hold"), ("ocsp_unknown", "unknown")],
)
def test_what_it_says_is_signed_by_the_true_responder(citizen: Citizen, realm: Realm, name: str, status: str) -> None:
    certificate = citizen.certificate(Purpose.SIGNATURE)
    faults.arm(realm, name, requests=3, purpose="signature", medium="phone")
    nonce = os.urandom(16)
    answer = ocsp.load_der_ocsp_response(ask_responder(target(certificate), question(certificate, nonce=nonce)))
    responder = answer.certificates[0]
    key: Any = responder.public_key()
    key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), hashes.SHA256())
    responder.verify_directly_issued_by(x509.load_der_x509_certificate(bytes(certificate.generation.certificate)))
    said = {
        ocsp.OCSPCertStatus.REVOKED: "revoked",
        ocsp.OCSPCertStatus.UNKNOWN: "unknown",
    }[answer.certificate_status]
    held = said == "revoked" and answer.revocation_reason is x509.ReasonFlags.certificate_hold
    assert ("on_hold" if held else said) == status
    # The status by API is the same lie; of another purpose or medium the truth is told.
    good = Answer(certificate.serial_number, Status.GOOD, Medium.PHONE)
    assert [one.status for one in statuses(realm, Purpose.SIGNATURE, [good])] == [status]
    assert statuses(realm, Purpose.USER_AUTHENTICATION, [good]) == [good]
    other = citizen.certificate(Purpose.USER_AUTHENTICATION)
    true = ocsp.load_der_ocsp_response(ask_responder(target(other), question(other)))
    assert true.certificate_status is ocsp.OCSPCertStatus.GOOD
    certificate.refresh_from_db()
    assert certificate.status == Certificate.Status.VALID


def test_a_late_answer_keeps_nobody_waiting(citizen: Citizen, realm: Realm, other_realm: Realm) -> None:
    late, prompt = citizen.certificate(Purpose.SIGNATURE), citizen_in(other_realm).certificate(Purpose.SIGNATURE)
    faults.arm(realm, "ocsp_late", requests=8, seconds=1)
    with faulty_desk() as address, ThreadPoolExecutor(8) as asking:
        begun = time.monotonic()
        waiting = [asking.submit(responders.ask, address, target(late), question(late)) for _ in range(7)]
        there = responders.ask(address, target(prompt), question(prompt))
        assert time.monotonic() - begun < 1
        assert ocsp.load_der_ocsp_response(there).certificate_status is ocsp.OCSPCertStatus.GOOD
        for one in waiting:
            good = ocsp.load_der_ocsp_response(one.result(20))
            assert good.certificate_status is ocsp.OCSPCertStatus.GOOD
        assert time.monotonic() - begun >= 1


def test_lists_lie_too(citizen: Citizen, realm: Realm) -> None:
    certificate = citizen.certificate(Purpose.SIGNATURE)
    list(crl.publish_due(realm))
    holder = certificate.holder
    path = f"/crl/{realm.slug}/signature/phone/{holder.municipality_code}.crl"
    true = respond(Request("GET", path.encode())).body
    authority = x509.load_der_x509_certificate(bytes(certificate.generation.certificate))
    key: Any = authority.public_key()

    def lie(name: str) -> x509.CertificateRevocationList:
        faults.arm(realm, name, medium="phone")
        told = faulty.told_to(Request("GET", path.encode()))
        assert told is not None
        assert told.reply is not None
        return x509.load_der_x509_crl(told.reply.body)

    assert x509.load_der_x509_crl(true).is_signature_valid(key)
    assert not lie("crl_signature_wrong").is_signature_valid(key)
    stranger = lie("crl_signer_wrong")
    assert (stranger.issuer, stranger.is_signature_valid(key)) == (authority.subject, False)
    # The oldest that was published: stale as soon as it is past its time, which no fault can make it.
    assert lie("crl_stale") == x509.load_der_x509_crl(true)
    assert not lists.is_stale(realm)
    assert faulty.told_to(Request("GET", path.encode())) is None, "each for one request"
    faults.arm(realm, "crl_away", purpose="user_authentication")
    assert faulty.told_to(Request("GET", path.encode())) is None
