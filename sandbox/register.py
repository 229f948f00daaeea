"""The demo register: a bank that may ask, and a service that may not, each with a key in a file of its own."""

import base64
import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from ca import clock
from ca.models import Realm
from ca.profiles import Purpose
from whitelist import credentials, logos
from whitelist.models import Logo, MinisterialCertification, PurposeOfUse, RegisteredApplication, RelyingParty

BANK = "mirai-bank"
UNLISTED = "points-plaza"
YEAR = timedelta(days=365)
# The bank's mark, as its own pages show it.
BANK_LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="10" fill="#0b5d4e"/>'
    b'<path d="M7 25c5 0 6-14 11-14s6 14 11 14" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>'
    b'<circle cx="18" cy="22" r="2.6" fill="#f2c14e"/></svg>'
)


def create_demo_register(realm: Realm, keys_dir: Path) -> None:
    """Create both relying parties in `realm`, and `<client_id>.pem` (PKCS #8, ES256) in `keys_dir` for each.

    Safe to run again: what is there stays as it is, also where somebody has suspended or disabled it since.
    """
    bank, _ = RelyingParty.objects.get_or_create(
        client_id=BANK,
        defaults={
            "realm": realm,
            "name_ja": "みらい銀行",
            "name_en": "Mirai Bank",
            "basis": RelyingParty.Basis.ITEM_6,
            "website": f"{settings.SAMPLES_URL}/bank/",
            "state": RelyingParty.State.REGISTERED,
        },
    )
    if not Logo.objects.filter(relying_party=bank).exists():
        logos.put(bank, BANK_LOGO)
    today = clock.now(bank.realm).date()
    MinisterialCertification.objects.get_or_create(
        relying_party=bank,
        number="試験-第1号",
        defaults={"granted_on": today - YEAR, "valid_until": today + 3 * YEAR},
    )
    RegisteredApplication.objects.get_or_create(
        relying_party=bank,
        kind=RegisteredApplication.Kind.BROWSER,
        origin=settings.SAMPLES_URL,
        defaults={"callback_urls": [f"{settings.SAMPLES_URL}/bank/return"]},
    )
    for purpose, ja, en in (
        (Purpose.USER_AUTHENTICATION, "口座開設を申し込む方の本人確認", "To know who is applying for an account"),
        (Purpose.SIGNATURE, "普通預金口座の開設契約への電子署名", "To sign the contract that opens an account"),
    ):
        PurposeOfUse.objects.get_or_create(relying_party=bank, purpose=purpose, defaults={"text_ja": ja, "text_en": en})
    unlisted, _ = RelyingParty.objects.get_or_create(
        client_id=UNLISTED,
        defaults={
            "realm": realm,
            "name_ja": "ポイント広場",
            "name_en": "Points Plaza",
            "basis": RelyingParty.Basis.ITEM_6,
            "website": f"{settings.SAMPLES_URL}/unlisted/",
            "state": RelyingParty.State.DRAFT,
        },
    )
    for relying_party in (bank, unlisted):
        _create_credential(relying_party, keys_dir)


def _create_credential(relying_party: RelyingParty, keys_dir: Path) -> None:
    jwk = _public_jwk(_key(keys_dir / f"{relying_party.client_id}.pem"))
    now = clock.now(relying_party.realm)
    credentials.add(
        relying_party, key_id=_thumbprint(jwk), public_jwk=jwk, not_before=now - YEAR, not_after=now + 5 * YEAR
    )


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the private key in `path`, made and written (for its owner's eyes only) when there is none."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds no EC key")
    return key


def _public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}


def _base64url(coordinate: int) -> str:
    return base64.urlsafe_b64encode(coordinate.to_bytes(32, "big")).rstrip(b"=").decode()


def _thumbprint(jwk: dict[str, Any]) -> str:
    """Return the key's name, RFC 7638: whoever holds the key can compute it, so no list of names is passed around."""
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
