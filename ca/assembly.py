"""Assembly: a profile, a holder and a public key become the bytes to be signed.

No authority's key is needed. The builder signs with a throw-away key, and the result is the twin: the very bytes to be
signed (its TBSCertificate) inside a certificate that lint can read and nobody will ever trust.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Self

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, NameOID

from ca import profiles
from ca.errors import HolderUnfit, PublicKeyUnfit
from ca.models import Generation, Holder
from ca.profiles import Profile, Purpose, SubjectForm

THROW_AWAY_BITS = 1024
JST = timezone(timedelta(hours=9), "JST")
_ERAS = {"1": 1868, "2": 1912, "3": 1926, "4": 1989, "5": 2019}  # first Gregorian year of each, facts 1.3


@dataclass(frozen=True)
class Issuer:
    """A generation of an authority, as what it issues names it."""

    name: x509.Name
    key_identifier: bytes
    serial_number: int

    @classmethod
    def of(cls, generation: Generation) -> Self:
        """Read them off the generation's certificate."""
        certificate = x509.load_der_x509_certificate(bytes(generation.certificate))
        identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return cls(certificate.subject, identifier.digest, certificate.serial_number)


@dataclass(frozen=True)
class Plan:
    """Everything that one end-entity certificate will say."""

    profile: Profile
    policy: x509.ObjectIdentifier
    organisation: str
    issuer: Issuer
    holder: Holder
    public_key: bytes  # SubjectPublicKeyInfo, DER
    serial_number: int
    not_before: datetime
    not_after: datetime
    pseudonym: str  # 14 characters of 0-9 and A-J, for the names that do not name the holder
    responder_url: str  # OCSP URL of purpose and medium


@lru_cache(maxsize=1)
def throw_away_key() -> rsa.RSAPrivateKey:
    """Return this process's throw-away key: it signs twins, and nothing knows its public half."""
    # Short, for speed: nothing hangs on it but the twin's outer signature, which is thrown away.
    return rsa.generate_private_key(profiles.RSA_EXPONENT, THROW_AWAY_BITS)


# --- Names -----------------------------------------------------------------------------------------------------------
def _name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    # cryptography writes C as PrintableString and the others as UTF8String, one RDN each: as facts 1.1 have it.
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def authority_name(organisation: str, purpose: Purpose) -> x509.Name:
    """Return an authority's distinguished name (facts 1.1)."""
    return _name(
        (NameOID.COUNTRY_NAME, profiles.COUNTRY),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.AUTHORITY_UNIT[purpose]),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.AUTHORITY_OPERATOR),
    )


def japanese_name(purpose: Purpose) -> x509.Name:
    """Return the authority's Japanese name, which stands in alternative names (facts 1.1 and 1.4)."""
    return _name(
        (NameOID.COUNTRY_NAME, profiles.COUNTRY),
        (NameOID.ORGANIZATION_NAME, profiles.JAPANESE_ORGANISATION),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.JAPANESE_UNIT[purpose]),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.JAPANESE_OPERATOR),
    )


def crl_point_name(organisation: str, profile: Profile, prefecture: str, municipality: str) -> x509.Name:
    """Return the directory name of a CRL distribution point: one per municipality and medium (facts 1.4)."""
    return _name(
        (NameOID.COUNTRY_NAME, profiles.COUNTRY),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.AUTHORITY_UNIT[profile.purpose]),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, profile.crl_point_unit),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, prefecture),
        (NameOID.COMMON_NAME, f"{municipality} {profile.crl_point_suffix}"),
    )


def subject_name(plan: Plan) -> x509.Name:
    """Return the subject's name after the profile's form (facts 1.4)."""
    holder = plan.holder
    if plan.profile.subject is SubjectForm.PLACE:
        issued = plan.not_before.astimezone(JST).strftime("%Y%m%d%H%M%S")
        return _name(
            (NameOID.COUNTRY_NAME, profiles.COUNTRY),
            (NameOID.LOCALITY_NAME, holder.prefecture),
            (NameOID.LOCALITY_NAME, holder.municipality),
            # 28 digits that begin with a timestamp are seen; what follows it is a guess [G].
            (NameOID.COMMON_NAME, f"{issued}{holder.municipality_code}{plan.serial_number:09d}"),
        )
    return _name(
        (NameOID.COUNTRY_NAME, profiles.COUNTRY),
        (NameOID.COMMON_NAME, f"{plan.pseudonym}{holder.municipality_code}003A"),
    )


# --- Times -----------------------------------------------------------------------------------------------------------
def birthday(born_on: date, year: int) -> date:
    """Return the birthday in a year. Born on 29 February counts as the 28th, as for the card itself [L]."""
    day = 28 if (born_on.month, born_on.day) == (2, 29) else born_on.day
    return date(year, born_on.month, day)


def end_of_card_life(issued_at: datetime, born_on: date) -> datetime:
    """Return 23:59:59 in Japan on the fifth birthday after the day of issue (facts 1.4), in UTC."""
    issued_on = issued_at.astimezone(JST).date()
    first = issued_on.year if birthday(born_on, issued_on.year) > issued_on else issued_on.year + 1
    return _end_of_day(birthday(born_on, first + profiles.BIRTHDAYS - 1))


def end_of_authority_life(issued_at: datetime) -> datetime:
    """Return 23:59:59 in Japan on the day before the tenth anniversary (facts 1.1), in UTC."""
    issued_on = issued_at.astimezone(JST).date()
    anniversary = birthday(issued_on, issued_on.year + profiles.AUTHORITY_YEARS)
    return _end_of_day(anniversary - timedelta(days=1))


def _end_of_day(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=JST).astimezone(UTC)


# --- What must be so before anything is built ------------------------------------------------------------------------
def load_public_key(public_key: bytes) -> rsa.RSAPublicKey:
    """Return the key of a SubjectPublicKeyInfo. Raises PublicKeyUnfit."""
    try:
        key = serialization.load_der_public_key(public_key)
    except ValueError:
        raise PublicKeyUnfit("the public key is no SubjectPublicKeyInfo") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != profiles.RSA_BITS:
        raise PublicKeyUnfit(f"the public key is not RSA of {profiles.RSA_BITS} bits")
    if key.public_numbers().e != profiles.RSA_EXPONENT:
        raise PublicKeyUnfit(f"the public key's exponent is not {profiles.RSA_EXPONENT}")
    return key


def key_identifier(public_key: rsa.RSAPublicKey) -> bytes:
    """Return the SHA-1 of the key's bits (RFC 5280 4.2.1.2, method 1; facts 1.4)."""
    return x509.SubjectKeyIdentifier.from_public_key(public_key).digest


def public_key_bits(certificate: x509.Certificate) -> bytes:
    """Return the value of the certificate's subjectPublicKey BIT STRING: what key identifiers and CertIDs hash."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise PublicKeyUnfit("not an RSA key")
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


def require_fit(holder: Holder) -> None:
    """Hold the holder's data against what the profiles can say. Raises HolderUnfit."""
    for text, substitution, field in (
        (holder.name, holder.name_substitution, "name"),
        (holder.address, holder.address_substitution, "address"),
    ):
        if not text or len(text) > 200:
            raise HolderUnfit(f"the {field} must have 1 to 200 characters", field=field)
        if len(substitution) != len(text) or set(substitution) - {"0", "1"}:
            raise HolderUnfit(f"the {field}'s substitutions must be 0 or 1 for each character", field=field)
    if holder.sex not in {"1", "2", "3"}:
        raise HolderUnfit("sex must be 1, 2 or 3", field="sex")
    era, written = holder.birth_date[:1], holder.birth_date[1:]
    # Parts of a date of birth may be unknown (facts 1.3): the end of validity hangs on it, so that is not issued.
    if written != holder.born_on.strftime("%Y%m%d") or era not in _ERAS or holder.born_on.year < _ERAS[era]:
        raise HolderUnfit("the date of birth must be an era's digit and the Gregorian date", field="birth_date")
    if not re.fullmatch(r"[0-9]{5}", holder.municipality_code):
        raise HolderUnfit("the municipality's code must be five digits", field="municipality_code")
    for place, field in ((holder.prefecture, "prefecture"), (holder.municipality, "municipality")):
        if not re.fullmatch(r"[A-Za-z][A-Za-z' -]{0,45}", place):
            raise HolderUnfit(f"the {field} must be written in Roman letters", field=field)


# --- Certificates ----------------------------------------------------------------------------------------------------
def end_entity(plan: Plan) -> x509.Certificate:
    """Return the twin of an end-entity certificate. Raises HolderUnfit, PublicKeyUnfit."""
    require_fit(plan.holder)
    key = load_public_key(plan.public_key)
    builder = _builder(
        issuer=plan.issuer.name,
        subject=subject_name(plan),
        key=key,
        serial_number=plan.serial_number,
        not_before=plan.not_before,
        not_after=plan.not_after,
    )
    # The builder keeps the order in which extensions come: the profile's.
    for rule in plan.profile.extensions:
        builder = builder.add_extension(_extension(rule.oid, plan, key), rule.critical)
    return builder.sign(throw_away_key(), hashes.SHA256())


def authority_certificate(
    *, organisation: str, purpose: Purpose, public_key: bytes, serial_number: int, not_before: datetime
) -> x509.Certificate:
    """Return the twin of an authority's self-signed certificate (facts 1.1)."""
    key = load_public_key(public_key)
    name = authority_name(organisation, purpose)
    values: dict[x509.ObjectIdentifier, x509.ExtensionType] = {
        ExtensionOID.KEY_USAGE: _key_usage(profiles.AUTHORITY_KEY_USAGE),
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME: x509.SubjectAlternativeName(
            [x509.DirectoryName(japanese_name(purpose))]
        ),
        ExtensionOID.BASIC_CONSTRAINTS: x509.BasicConstraints(ca=True, path_length=None),
        ExtensionOID.CRL_DISTRIBUTION_POINTS: _crl_points(name),  # its own name: the ARL's point
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: x509.SubjectKeyIdentifier(key_identifier(key)),
    }
    builder = _builder(
        issuer=name,
        subject=name,
        key=key,
        serial_number=serial_number,
        not_before=not_before,
        not_after=end_of_authority_life(not_before),
    )
    for rule in profiles.AUTHORITY_EXTENSIONS:
        builder = builder.add_extension(values[rule.oid], rule.critical)
    return builder.sign(throw_away_key(), hashes.SHA256())


def responder_certificate(
    *,
    organisation: str,
    purpose: Purpose,
    issuer: Issuer,
    public_key: bytes,
    serial_number: int,
    not_before: datetime,
    latest_end: datetime,
) -> x509.Certificate:
    """Return the twin of a delegated OCSP responder's certificate (RFC 6960 4.2.2.2)."""
    key = load_public_key(public_key)
    values: dict[x509.ObjectIdentifier, x509.ExtensionType] = {
        ExtensionOID.KEY_USAGE: _key_usage(profiles.RESPONDER_KEY_USAGE),
        ExtensionOID.EXTENDED_KEY_USAGE: x509.ExtendedKeyUsage(profiles.RESPONDER_EXTENDED_KEY_USAGE),
        profiles.OCSP_NO_CHECK: x509.OCSPNoCheck(),
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: _authority_key(issuer),
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: x509.SubjectKeyIdentifier(key_identifier(key)),
    }
    end = _end_of_day(birthday(not_before.astimezone(JST).date(), not_before.year + profiles.RESPONDER_YEARS))
    builder = _builder(
        issuer=issuer.name,
        subject=_name(
            (NameOID.COUNTRY_NAME, profiles.COUNTRY),
            (NameOID.ORGANIZATION_NAME, organisation),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, profiles.AUTHORITY_UNIT[purpose]),
            (NameOID.COMMON_NAME, f"{profiles.RESPONDER_NAME} {serial_number}"),
        ),
        key=key,
        serial_number=serial_number,
        not_before=not_before,
        not_after=min(end, latest_end),
    )
    for rule in profiles.RESPONDER_EXTENSIONS:
        builder = builder.add_extension(values[rule.oid], rule.critical)
    return builder.sign(throw_away_key(), hashes.SHA256())


def _builder(
    *,
    issuer: x509.Name,
    subject: x509.Name,
    key: rsa.RSAPublicKey,
    serial_number: int,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial_number)
        .not_valid_before(not_before.replace(microsecond=0))
        .not_valid_after(not_after)
    )


def _extension(oid: x509.ObjectIdentifier, plan: Plan, key: rsa.RSAPublicKey) -> x509.ExtensionType:
    profile, holder = plan.profile, plan.holder
    match oid:
        case ExtensionOID.KEY_USAGE:
            return _key_usage(profile.key_usage)
        case ExtensionOID.EXTENDED_KEY_USAGE:
            return x509.ExtendedKeyUsage(profile.extended_key_usage)
        case ExtensionOID.SUBJECT_ALTERNATIVE_NAME:
            return x509.SubjectAlternativeName(
                [x509.OtherName(oid, asn1.encode_der(getattr(holder, field))) for oid, field in profiles.OTHER_NAMES]
            )
        case ExtensionOID.CERTIFICATE_POLICIES:
            return x509.CertificatePolicies([x509.PolicyInformation(plan.policy, [profiles.CPS_URI])])
        case ExtensionOID.ISSUER_ALTERNATIVE_NAME:
            return x509.IssuerAlternativeName([x509.DirectoryName(japanese_name(profile.purpose))])
        case ExtensionOID.CRL_DISTRIBUTION_POINTS:
            return _crl_points(crl_point_name(plan.organisation, profile, holder.prefecture, holder.municipality))
        case ExtensionOID.AUTHORITY_INFORMATION_ACCESS:
            location = x509.UniformResourceIdentifier(plan.responder_url)
            return x509.AuthorityInformationAccess(
                [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)]
            )
        case ExtensionOID.AUTHORITY_KEY_IDENTIFIER:
            return _authority_key(plan.issuer)
        case ExtensionOID.SUBJECT_KEY_IDENTIFIER:
            return x509.SubjectKeyIdentifier(key_identifier(key))
    raise LookupError(f"no value for extension {oid.dotted_string}")


def _key_usage(names: tuple[str, ...]) -> x509.KeyUsage:
    known = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in known})


def _crl_points(name: x509.Name) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint(
        full_name=[x509.DirectoryName(name)], relative_name=None, reasons=None, crl_issuer=None
    )
    return x509.CRLDistributionPoints([point])


def _authority_key(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(
        key_identifier=issuer.key_identifier,
        authority_cert_issuer=[x509.DirectoryName(issuer.name)],
        authority_cert_serial_number=issuer.serial_number,
    )


def digest(tbs: bytes) -> str:
    """Return the SHA-256 of what is to be signed, as the journal notes it."""
    return hashlib.sha256(tbs).hexdigest()
