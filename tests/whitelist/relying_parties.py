"""Relying parties for every app's tests: a registered bank with a real ES256 key."""

import base64
import hashlib
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from whitelist import credentials
from whitelist.models import Credential, MinisterialCertification, PurposeOfUse, RegisteredApplication, RelyingParty

CALLBACK = "https://bank.example/return"
# RFC 7636, appendix B: what redeems a code, and what the hand-off was asked for with.
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@cache
def key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """Return a client's private key, the same for the same number in the whole session."""
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(number: int = 0) -> dict[str, Any]:
    """Return that key's public JWK."""
    numbers = key(number).public_key().public_numbers()
    x, y = (base64.urlsafe_b64encode(each.to_bytes(32, "big")).rstrip(b"=").decode() for each in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def make_bank(realm: Realm, client_id: str = "test-bank", **changes: Any) -> RelyingParty:
    """Return a registered bank: both purposes, one callback, a ministerial certification that holds."""
    fields: dict[str, Any] = {
        "name_ja": "試験銀行",
        "name_en": "Test Bank",
        "basis": RelyingParty.Basis.ITEM_6,
        "website": "https://bank.example/",
        "state": RelyingParty.State.REGISTERED,
    }
    bank = RelyingParty.objects.create(realm=realm, client_id=client_id, **(fields | changes))
    RegisteredApplication.objects.create(
        relying_party=bank, origin="https://bank.example", callback_urls=[CALLBACK, f"{CALLBACK}?from=app"]
    )
    for purpose in Purpose:
        PurposeOfUse.objects.create(
            relying_party=bank, purpose=purpose, text_ja=f"試験の目的 {purpose}", text_en=f"Test purpose {purpose}"
        )
    today = clock.today(realm)
    MinisterialCertification.objects.create(
        relying_party=bank,
        number="T-1",
        granted_on=today - timedelta(days=30),
        valid_until=today + timedelta(days=365),
    )
    return bank


def make_credential(relying_party: RelyingParty, *, number: int = 0, key_id: str = "key-1") -> Credential:
    """Return a credential that is good now."""
    now = clock.now(relying_party.realm)
    return credentials.add(
        relying_party,
        key_id=key_id,
        public_jwk=public_jwk(number),
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=365),
    )


def assertion(client_id: str, audience: Any, *, number: int = 0, key_id: str = "key-1", **changes: Any) -> str:
    """Return a client assertion; `changes` replace claims, and None removes one."""
    now = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key(number), algorithm="ES256", headers={"kid": key_id})


def certificate_for(private: Any, *, days: int = 365) -> x509.Certificate:
    """Return a certificate that a client has signed for a key of its own; another each time."""
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    return builder.sign(private, None if isinstance(private, Ed25519PrivateKey) else hashes.SHA256())


def forged(client_id: str, audience: str, algorithm: str) -> str:
    """Return an assertion whose algorithm isn't ours: none, or HMAC with the public key as its secret."""
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "exp": now + 60, "jti": "forged"}
    secret = None if algorithm == "none" else hashlib.sha256(json.dumps(public_jwk()).encode()).hexdigest()
    return jwt.encode(claims, secret or "", algorithm=algorithm, headers={"kid": "key-1"})
