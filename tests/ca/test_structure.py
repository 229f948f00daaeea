"""The certificates' structure: each profile against a checked-in expectation, and against octets of real ones."""

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import override_settings

from ca import assembly, der, issuance
from ca.models import Holder, Realm
from ca.profiles import CARD_POLICIES, PROFILES, Medium, Purpose
from tests.ca.structure import dump

EXPECTED = Path(__file__).parent / "expected"
ISSUED = datetime(2023, 7, 16, 1, 2, 3, tzinfo=UTC)
PHONE_POLICIES = {
    Purpose.SIGNATURE: x509.ObjectIdentifier("1.2.392.200149.8.5.1.0.40"),
    Purpose.USER_AUTHENTICATION: x509.ObjectIdentifier("1.2.392.200149.8.5.1.0.50"),
}


def fixed_key(name: str) -> bytes:
    """Return an RSA public key that is the same in every run (nobody has its private half)."""
    modulus = int.from_bytes(b"".join(hashlib.sha256(f"{name} {n}".encode()).digest() for n in range(8)), "big")
    key = rsa.RSAPublicNumbers(65537, modulus | 1 << 2047 | 1).public_key()
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def holder() -> Holder:
    return Holder(
        name="黒桐　幹也",
        name_substitution="00000",
        sex="1",
        birth_date="319800217",
        born_on=date(1980, 2, 17),
        address="東京都清瀬市観布子南１２－７－２０２",
        address_substitution="0" * 18,
        prefecture="Tokyo-to",
        municipality="Kiyose-shi",
        municipality_code="13221",
    )


def plan(purpose: Purpose, medium: Medium, *, kind: str = "sandbox", organisation: str = "JPKI-TEST") -> assembly.Plan:
    return assembly.Plan(
        profile=PROFILES[purpose, medium],
        policy=CARD_POLICIES[kind, purpose] if medium is Medium.CARD else PHONE_POLICIES[purpose],
        organisation=organisation,
        issuer=assembly.Issuer(
            name=assembly.authority_name(organisation, purpose),
            key_identifier=bytes.fromhex("D21EA55895617E93ADBF966B941AB4EDF653F08F"),
            serial_number=0x067C6A21,
        ),
        holder=holder(),
        public_key=fixed_key(f"{purpose} {medium}"),
        serial_number=0x067C6A22,
        not_before=ISSUED,
        not_after=datetime(2028, 2, 17, 14, 59, 59, tzinfo=UTC),
        pseudonym="997794E9AGCIEG",
        responder_url=f"http://localhost:8001/ocsp/sandbox/{purpose.slug}/{medium}",
    )


def value(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    return certificate.extensions.get_extension_for_oid(oid).value.public_bytes().hex().upper()


def octets_when_signed(twin: x509.Certificate) -> int:
    """Return how long the certificate is under an authority's signature; the twin's is shorter."""
    return len(der.signed(twin.tbs_certificate_bytes, bytes(256)))


def compare(name: str, certificate: x509.Certificate) -> None:
    expected = (EXPECTED / f"{name}.txt").read_text()
    assert dump(certificate) == expected


@pytest.mark.parametrize("medium", Medium)
@pytest.mark.parametrize("purpose", Purpose)
def test_end_entity_certificate_is_as_expected_extension_by_extension(purpose: Purpose, medium: Medium) -> None:
    compare(f"{medium}-{purpose}", assembly.end_entity(plan(purpose, medium)))


@pytest.mark.parametrize("purpose", Purpose)
def test_authority_certificate_is_as_expected_extension_by_extension(purpose: Purpose) -> None:
    certificate = assembly.authority_certificate(
        organisation="JPKI-TEST",
        purpose=purpose,
        public_key=fixed_key(f"authority {purpose}"),
        serial_number=0x067C6A21,
        not_before=datetime(2023, 7, 16, 0, 50, 27, tzinfo=UTC),
    )
    compare(f"authority-{purpose}", certificate)


@pytest.mark.parametrize("purpose", Purpose)
def test_responder_certificate_is_as_expected_extension_by_extension(purpose: Purpose) -> None:
    certificate = assembly.responder_certificate(
        organisation="JPKI-TEST",
        purpose=purpose,
        issuer=plan(purpose, Medium.CARD).issuer,
        public_key=fixed_key("responder"),
        serial_number=0x067C6A23,
        not_before=ISSUED,
        latest_end=datetime(2033, 7, 15, 14, 59, 59, tzinfo=UTC),
    )
    compare(f"responder-{purpose}", certificate)


# --- Octets of real certificates: jpki-facts 1.1, 1.2 and 1.4
def test_signature_card_certificate_has_the_octets_of_real_ones() -> None:
    real = assembly.end_entity(plan(Purpose.SIGNATURE, Medium.CARD, kind="production", organisation="JPKI"))
    assert value(real, x509.KeyUsage.oid) == "030206C0"
    assert value(real, x509.CertificatePolicies.oid) == (
        "303D303B060B2A83088C9B550805010114302C302A06082B06010505070201161E"
        "687474703A2F2F7777772E6A706B692E676F2E6A702F6370732E68746D6C"
    )
    # About 1.76 kB with the names of the holder.
    assert 1650 < octets_when_signed(real) < 1850


def test_user_authentication_card_certificate_has_the_octets_of_real_ones() -> None:
    real = assembly.end_entity(plan(Purpose.USER_AUTHENTICATION, Medium.CARD, kind="production", organisation="JPKI"))
    assert value(real, x509.KeyUsage.oid) == "03020780"
    assert value(real, x509.ExtendedKeyUsage.oid) == "300A06082B06010505070302"
    assert value(real, x509.CertificatePolicies.oid) == (
        "303D303B060B2A83088C9B55080501031E302C302A06082B06010505070201161E"
        "687474703A2F2F7777772E6A706B692E676F2E6A702F6370732E68746D6C"
    )


def test_user_authentication_card_certificate_is_as_long_as_real_ones_to_the_octet() -> None:
    asked = plan(Purpose.USER_AUTHENTICATION, Medium.CARD, kind="production", organisation="JPKI")
    fields = asked.__dict__ | {"responder_url": "http://ocspauthnorm.jpki.go.jp"}
    holder_of_sample = holder()
    # The sample with 1,586 octets is of Yokohama's Naka ward.
    holder_of_sample.prefecture, holder_of_sample.municipality = "Kanagawa-ken", "Yokohama-shi-Naka-ku"
    fields["holder"] = holder_of_sample
    real = assembly.end_entity(assembly.Plan(**fields))
    assert octets_when_signed(real) == 1586


def test_authority_certificate_has_the_octets_of_real_ones() -> None:
    real = assembly.authority_certificate(
        organisation="JPKI",
        purpose=Purpose.SIGNATURE,
        public_key=fixed_key("authority"),
        serial_number=0x067C6A21,
        not_before=datetime(2023, 7, 16, 0, 50, 27, tzinfo=UTC),
    )
    assert value(real, x509.KeyUsage.oid) == "03020106"
    assert value(real, x509.BasicConstraints.oid) == "30030101FF"
    assert 1301 <= octets_when_signed(real) <= 1319


@pytest.mark.parametrize(
    ("began", "ended"),
    [
        ("2015-10-20T02:40:28+00:00", "2025-10-19T14:59:59+00:00"),
        ("2019-09-14T23:41:56+00:00", "2029-09-14T14:59:59+00:00"),
        ("2023-07-16T00:50:27+00:00", "2033-07-15T14:59:59+00:00"),
    ],
)
def test_authority_ends_as_the_three_real_generations_do(began: str, ended: str) -> None:
    assert assembly.end_of_authority_life(datetime.fromisoformat(began)) == datetime.fromisoformat(ended)


@pytest.mark.parametrize(
    ("issued", "born", "ended"),
    [
        ("2023-07-16T01:02:03+00:00", "1980-02-17", "2028-02-17T14:59:59+00:00"),
        ("2023-02-16T01:02:03+00:00", "1980-02-17", "2027-02-17T14:59:59+00:00"),
        # On the birthday itself, the next one is the first.
        ("2023-02-17T01:02:03+00:00", "1980-02-17", "2028-02-17T14:59:59+00:00"),
        # 15:30Z on the 16th is the 17th in Japan already.
        ("2023-02-16T15:30:00+00:00", "1980-02-17", "2028-02-17T14:59:59+00:00"),
        # Born on 29 February: the 28th, in leap years too.
        ("2023-07-16T01:02:03+00:00", "1980-02-29", "2028-02-28T14:59:59+00:00"),
        # Issued on the 28th or the 29th of a leap year: that year's birthday is over.
        ("2024-02-27T01:02:03+00:00", "1980-02-29", "2028-02-28T14:59:59+00:00"),
        ("2024-02-28T01:02:03+00:00", "1980-02-29", "2029-02-28T14:59:59+00:00"),
        ("2024-02-29T01:02:03+00:00", "1980-02-29", "2029-02-28T14:59:59+00:00"),
        # Issued on a leap day, born on another day.
        ("2024-02-29T01:02:03+00:00", "1980-03-01", "2028-03-01T14:59:59+00:00"),
        # The last second of the day before the birthday in Japan, and the next second.
        ("2023-02-16T14:59:59+00:00", "1980-02-17", "2027-02-17T14:59:59+00:00"),
        ("2023-02-16T15:00:00+00:00", "1980-02-17", "2028-02-17T14:59:59+00:00"),
    ],
)
def test_card_certificate_ends_on_the_fifth_birthday_after_issue(issued: str, born: str, ended: str) -> None:
    end = assembly.end_of_card_life(datetime.fromisoformat(issued), date.fromisoformat(born))
    assert end == datetime.fromisoformat(ended)


def test_common_names_have_the_shapes_of_real_ones() -> None:
    signature = assembly.end_entity(plan(Purpose.SIGNATURE, Medium.CARD)).subject
    authentication = assembly.end_entity(plan(Purpose.USER_AUTHENTICATION, Medium.CARD)).subject
    assert signature.rfc4514_string() == "CN=2023071610020313221108816930,L=Kiyose-shi,L=Tokyo-to,C=JP"
    assert authentication.rfc4514_string() == "CN=997794E9AGCIEG13221003A,C=JP"


@pytest.mark.parametrize("purpose", Purpose)
def test_card_and_phone_differ_in_policy_distribution_point_and_ocsp_url_only(purpose: Purpose) -> None:
    asked = plan(purpose, Medium.CARD)
    phone = plan(purpose, Medium.PHONE)
    same_key = assembly.Plan(**(phone.__dict__ | {"public_key": asked.public_key}))
    card_extensions, phone_extensions = (assembly.end_entity(each).extensions for each in (asked, same_key))
    assert [(e.oid, e.critical) for e in card_extensions] == [(e.oid, e.critical) for e in phone_extensions]
    differ = {
        mine.oid
        for mine, other in zip(card_extensions, phone_extensions, strict=True)
        if mine.value.public_bytes() != other.value.public_bytes()
    }
    expected = {x509.CertificatePolicies.oid, x509.CRLDistributionPoints.oid}
    if purpose is Purpose.USER_AUTHENTICATION:
        expected.add(x509.AuthorityInformationAccess.oid)
    assert differ == expected


@pytest.mark.parametrize("purpose", Purpose)
def test_the_phones_policy_is_the_settings(purpose: Purpose) -> None:
    realm = Realm(slug="test", kind=Realm.Kind.PRODUCTION)
    profile = PROFILES[purpose, Medium.PHONE]
    with override_settings(CA_PHONE_POLICY_OIDS={purpose.value: "1.2.392.200149.8.5.1.1.40"}):
        assert issuance.policy(realm, profile).dotted_string == "1.2.392.200149.8.5.1.1.40"
    with override_settings(CA_PHONE_POLICY_OIDS={purpose.value: "1.2.3.4"}):
        assert issuance.policy(realm, profile).dotted_string == "1.2.3.4"
        card = issuance.policy(realm, PROFILES[purpose, Medium.CARD])
    assert card == CARD_POLICIES["production", purpose]
