"""The demo register: sample services that may ask, and one that may not, each with a key in a file of its own."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
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

YEAR = timedelta(days=365)
STATIC = Path(__file__).parent / "relying_parties" / "static" / "samples"
# Rows of the table of what each may ask for, and why: Japanese, English.
Uses = dict[Purpose, tuple[str, str]]


@dataclass(frozen=True)
class Sample:
    """A sample service: where it lives below SAMPLES_URL, what it is by the Act (article 17(1)), and what it asks for.

    `returns` are its pages that citizens come back to. Nothing asked for: it isn't registered.
    """

    client_id: str
    place: str
    name_ja: str
    name_en: str
    basis: RelyingParty.Basis
    uses: Uses
    returns: tuple[str, ...] = ("return",)
    logo: str = ""

    @property
    def registered(self) -> bool:
        return bool(self.uses)


BANK, UNLISTED, CITY, KIOSK = "mirai-bank", "points-plaza", "kusanagi-city", "conveni-kiosk"
CLINIC, CARELESS = "wakaba-clinic", "careless-shop"
_AUTHENTICATION, _SIGNATURE = Purpose.USER_AUTHENTICATION, Purpose.SIGNATURE
SAMPLES = (
    Sample(
        BANK,
        "bank",
        "みらい銀行",
        "Mirai Bank",
        RelyingParty.Basis.ITEM_6,
        {
            _AUTHENTICATION: ("口座開設を申し込む方の本人確認", "To know who is applying for an account"),
            _SIGNATURE: ("普通預金口座の開設契約への電子署名", "To sign the contract that opens an account"),
        },
        logo="bank.svg",
    ),
    Sample(
        CITY,
        "city",
        "草薙市（電子申請）",
        "Kusanagi City (applications)",
        RelyingParty.Basis.ITEM_1,
        {
            _AUTHENTICATION: ("電子申請をする方の本人確認", "To know who is applying"),
            _SIGNATURE: ("児童手当の認定請求書への電子署名", "To sign the claim for child allowance"),
        },
        logo="city.svg",
    ),
    Sample(
        KIOSK,
        "kiosk",
        "証明書コンビニ交付",
        "Certificates at the store",
        RelyingParty.Basis.ITEM_1,
        {_AUTHENTICATION: ("住民票の写しを受け取る方の本人確認", "To know whose certificate of residence is printed")},
        logo="kiosk.svg",
    ),
    Sample(
        CLINIC,
        "clinic",
        "わかば診療所",
        "Wakaba Clinic",
        # Designated by the minister as an institution of insured medical care.
        RelyingParty.Basis.ITEM_3,
        {
            _AUTHENTICATION: ("受付と、保険の資格の確認", "To check in, and to see whether one is insured"),
            # It has nothing signed. Only who verifies both is told which card follows one that was renewed.
            _SIGNATURE: (
                "カードの更新を引き継ぐための、発行の番号の確認",
                "To learn which card followed a renewed one, by serial numbers",
            ),
        },
        logo="clinic.svg",
    ),
    Sample(
        CARELESS,
        "careless",
        "うっかり商店（手本にしない見本）",
        "Careless Shop (a sample not to be copied)",
        RelyingParty.Basis.ITEM_6,
        {
            _AUTHENTICATION: ("検証をしないサービスの見本", "A sample of a service that verifies nothing"),
            _SIGNATURE: ("検証をしないサービスの見本", "A sample of a service that verifies nothing"),
        },
        logo="careless.svg",
    ),
    Sample(UNLISTED, "unlisted", "ポイント広場", "Points Plaza", RelyingParty.Basis.ITEM_6, {}, returns=()),
)


def create_demo_register(realm: Realm, keys_dir: Path) -> None:
    """Create the sample services in `realm`, and `<client_id>.pem` (PKCS #8, ES256) in `keys_dir` for each.

    Safe to run again: what is there stays as it is, also where somebody has suspended or disabled it since.
    """
    for sample in SAMPLES:
        _create(sample, realm, keys_dir)


def _create(sample: Sample, realm: Realm, keys_dir: Path) -> None:
    state = RelyingParty.State.REGISTERED if sample.registered else RelyingParty.State.DRAFT
    website = f"{settings.SAMPLES_URL}/{sample.place}/"
    party, _ = RelyingParty.objects.get_or_create(
        client_id=sample.client_id,
        defaults={
            "realm": realm,
            "name_ja": sample.name_ja,
            "name_en": sample.name_en,
            "basis": sample.basis,
            "website": website,
            "state": state,
        },
    )
    if sample.logo and not Logo.objects.filter(relying_party=party).exists():
        # The service's mark, as its own pages show it.
        logos.put(party, (STATIC / sample.logo).read_bytes())
    if sample.registered and sample.basis == RelyingParty.Basis.ITEM_6:
        today = clock.today(party.realm)
        MinisterialCertification.objects.get_or_create(
            relying_party=party,
            number="試験-第1号",
            defaults={"granted_on": today - YEAR, "valid_until": today + 3 * YEAR},
        )
    if sample.returns:
        RegisteredApplication.objects.get_or_create(
            relying_party=party,
            kind=RegisteredApplication.Kind.BROWSER,
            origin=settings.SAMPLES_URL,
            defaults={"callback_urls": [f"{website}{page}" for page in sample.returns]},
        )
    for purpose, (ja, en) in sample.uses.items():
        PurposeOfUse.objects.get_or_create(
            relying_party=party, purpose=purpose, defaults={"text_ja": ja, "text_en": en}
        )
    _create_credential(party, keys_dir)


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
