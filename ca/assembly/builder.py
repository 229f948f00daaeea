"""The builder's way: certificates as `cryptography` writes them. It is the specification of all that is assembled.

It signs with a throw-away key, for it signs nothing less: the result is the twin, the very bytes to be signed (its
TBSCertificate) inside a certificate that lint can read and nobody will ever trust. What is issued by the million is put
together by `ca.assembly.template`, from pieces that are cut here.
"""

from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, NameOID

from ca import clock, profiles
from ca.assembly import names, times
from ca.assembly.fitness import key_identifier, load_public_key, require_fit
from ca.assembly.plan import Issuer, Plan
from ca.profiles import Purpose

THROW_AWAY_BITS = 1024


@lru_cache(maxsize=1)
def throw_away_key() -> rsa.RSAPrivateKey:
    """Return this process's throw-away key: it signs twins, and nothing knows its public half."""
    # Short, for speed: nothing hangs on it but the twin's outer signature, which is thrown away.
    return rsa.generate_private_key(profiles.RSA_EXPONENT, THROW_AWAY_BITS)


def end_entity(plan: Plan) -> x509.Certificate:
    """Return the twin of an end-entity certificate. Raises HolderUnfit, PublicKeyUnfit."""
    require_fit(plan.holder)
    key = load_public_key(plan.public_key)
    builder = _builder(
        issuer=plan.issuer.name,
        subject=names.subject_name(plan),
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
    name = names.authority_name(organisation, purpose)
    values: dict[x509.ObjectIdentifier, x509.ExtensionType] = {
        ExtensionOID.KEY_USAGE: _key_usage(profiles.AUTHORITY_KEY_USAGE),
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME: x509.SubjectAlternativeName(
            [x509.DirectoryName(names.japanese_name(purpose))]
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
        not_after=times.end_of_authority_life(not_before),
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
    end = times.end_of_day(times.birthday(clock.day(not_before), not_before.year + profiles.RESPONDER_YEARS))
    builder = _builder(
        issuer=issuer.name,
        subject=names.name(
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
            return x509.IssuerAlternativeName([x509.DirectoryName(names.japanese_name(profile.purpose))])
        case ExtensionOID.CRL_DISTRIBUTION_POINTS:
            return _crl_points(names.crl_point_name(plan.organisation, profile, holder.prefecture, holder.municipality))
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
