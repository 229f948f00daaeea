"""What a service is told of its hand-offs while a fault is armed: real cryptography, and not one of them holds."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from ca.models import Certificate, Realm
from ca.profiles import Purpose
from portal.handoff import delivery
from portal.handoff.errors import CodeInvalid
from portal.handoff.models import HandOff
from portal.handoff.ways import Format
from sandbox import faults
from sandbox.errors import NoneExpired
from sandbox.faults.catalogue import ALL, Place
from tests.portal.handoff.pdfs import plain
from tests.sandbox.faults.conftest import Answered, judge, told
from whitelist.models import Credential

pytestmark = pytest.mark.django_db(transaction=True)
Deliver = Callable[..., list[str]]
# What a service can only reject by what it looks at beside the signature: its customer, the state.
BESIDE = {"certificate_of_other_holder", "state_declined"}
ASKED: dict[str, dict[str, Any]] = {
    "authentication": {"purpose": Purpose.USER_AUTHENTICATION},
    "text": {"purpose": Purpose.SIGNATURE},
    "cades": {"purpose": Purpose.SIGNATURE, "format": Format.CADES},
    "pdf": {"purpose": Purpose.SIGNATURE, "pdf": plain()},
}


@pytest.mark.parametrize("kind", ASKED)
def test_each_fault_of_a_result_is_told_and_none_is_accepted(
    kind: str, answered: Answered, realm: Realm, deliver: Deliver
) -> None:
    hand_off = answered(**ASKED[kind])
    true = told(hand_off)
    assert judge(hand_off, true["result"]).accepted
    before = rows(realm)
    met = []
    for named in ALL:
        if named.place != Place.RESULT or not named.is_for(hand_off.purpose, hand_off.format):
            continue
        if named.name in ("result_by_poll", "certificate_expired"):
            continue
        armed = faults.arm(realm, named.name, hand_off=hand_off)
        if not faults.ready(armed):
            assert told(hand_off) == true, "nothing is told before what it is made of is there"
            deliver()
        assert faults.ready(armed), named.name
        lie = told(hand_off)
        assert lie != true, named.name
        assert told(hand_off) == lie, "a lie stays the same"
        assert faults.again(armed).hits == 1
        if named.name not in BESIDE:
            assert not judge(hand_off, lie["result"]).accepted, named.name
        faults.disarm(armed)
        assert told(hand_off) == true
        met.append(named.name)
    assert len(met) > 20
    # Nothing that is kept has changed, but for the specimens that were issued.
    assert rows(realm) == before


def rows(realm: Realm) -> list[Any]:
    return [
        *HandOff.objects.filter(realm=realm).values(),
        *Certificate.objects.filter(realm=realm, specimen__isnull=True).values(),
    ]


def test_what_is_signed_properly_is(answered: Answered, realm: Realm, deliver: Deliver) -> None:
    hand_off = answered()

    def lie(name: str) -> tuple[x509.Certificate, bytes, str]:
        armed = faults.arm(realm, name, hand_off=hand_off)
        deliver()
        result = told(hand_off)["result"]
        faults.disarm(armed)
        certificate = x509.load_der_x509_certificate(base64.b64decode(result["certificate"]))
        return certificate, base64.b64decode(result["signature"]), result["signed_text"]

    for name in ("nonce_other", "service_other", "certificate_revoked", "certificate_of_other_authority"):
        certificate, signature, text = lie(name)
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        assert (text == hand_off.signed_text) == name.startswith("certificate_")
    revoked, _, _ = lie("certificate_revoked")
    row = Certificate.objects.get(realm=realm, der=revoked.public_bytes(Encoding.DER))
    assert row.status == Certificate.Status.REVOKED  # really so, and its own holder's
    stranger, _, _ = lie("certificate_of_other_authority")
    true = x509.load_der_x509_certificate(bytes(hand_off.certificate or b""))
    assert (stranger.issuer, stranger.subject) == (true.issuer, true.subject)


def test_expired_ones_come_from_the_stock(answered: Answered, realm: Realm) -> None:
    with pytest.raises(NoneExpired):
        faults.arm(realm, "certificate_expired", hand_off=answered())


def test_the_result_comes_by_poll_and_the_code_is_no_good(
    answered: Answered, realm: Realm, credential: Credential
) -> None:
    hand_off = answered(redeem=False)
    faults.arm(realm, "result_by_poll", client="test-bank")
    assert told(hand_off)["result"]["signature"]
    code = delivery.leave(hand_off, "b" * 64).partition("code=")[2].partition("&")[0]
    with pytest.raises(CodeInvalid):
        delivery.redeem(credential, reference=hand_off.pk, code=code)


def test_the_way_back_is_wrong_in_one_thing(answered: Answered, realm: Realm) -> None:
    hand_off = answered(redeem=False)
    other = answered(redeem=False)

    def query() -> dict[str, str]:
        return dict(parse_qsl(urlsplit(delivery.leave(hand_off, "b" * 64)).query))

    true = query()
    changed = {}
    for named in ALL:
        if named.place == Place.RETURN:
            faults.arm(realm, named.name, hand_off=hand_off, requests=1)
            lie = query()
            names = true.keys() | lie.keys()
            # A true code is another each time, and as long as the first.
            code = lie.get("code", "")
            changed[named.name] = {n for n in names if true.get(n) != lie.get(n) and n != "code"} | (
                set() if len(code) == len(true["code"]) else {"code"}
            )
    assert changed == {
        "return_state_wrong": {"state"},
        "return_state_missing": {"state"},
        "return_iss_wrong": {"iss"},
        "return_iss_missing": {"iss"},
        "return_hand_off_other": {"handoff"},
        "return_code_wrong": set(),
        "return_code_missing": {"code"},
        "return_code_of_other_session": {"handoff"},
    }
    faults.arm(realm, "return_hand_off_other", hand_off=hand_off)
    assert query()["handoff"] == str(other.pk)
