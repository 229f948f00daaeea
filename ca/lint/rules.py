"""The house's own rules, held on every certificate. Each reads the twin's bytes and names what is wrong.

They hold the bytes against the profile's data and the rows they stand on, not against what assembly meant to write.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from ca import assembly, der, profiles
from ca.profiles import ExtensionRule, Life, Profile, SubjectForm

T = TypeVar("T", bound=x509.ExtensionType)
PRINTABLE_STRING, UTF8_STRING, UTC_TIME, GENERALIZED_TIME = b"\x13", b"\x0c", b"\x17", b"\x18"


@dataclass(frozen=True)
class Subject:
    """What a twin is held against."""

    twin: x509.Certificate
    profile: Profile
    policy: x509.ObjectIdentifier
    authority: x509.Certificate  # the generation's own
    serial_number: int  # as reserved
    public_key: bytes  # as requested
    crl_point: x509.Name  # the partition's
    responder_url: str
    card_certificate: x509.Certificate | None  # what a phone certificate stands on


def broken(subject: Subject) -> list[str]:
    """Return what breaks which rule, each finding beginning with the rule's name."""
    return [f"{rule.__name__}: {problem}" for rule in RULES for problem in rule(subject)]


def extension_order(extensions: x509.Extensions, rules: tuple[ExtensionRule, ...]) -> Iterator[str]:
    """Yield what differs from the profile's extensions: their order and criticality."""
    found = [(extension.oid.dotted_string, extension.critical) for extension in extensions]
    wanted = [(rule.oid.dotted_string, rule.critical) for rule in rules]
    if found != wanted:
        yield f"extensions are {found}, not {wanted}"


def _version_and_algorithm(subject: Subject) -> Iterator[str]:
    if subject.twin.version is not x509.Version.v3:
        yield "not version 3"
    if subject.twin.signature_algorithm_oid != profiles.SHA256_WITH_RSA:
        yield "the signature algorithm is not sha256WithRSAEncryption"


def _serial_number(subject: Subject) -> Iterator[str]:
    # RFC 5280 4.1.2.2: positive, at most 20 octets.
    if subject.twin.serial_number != subject.serial_number:
        yield "not the serial number that was reserved"
    if not 0 < subject.twin.serial_number < 1 << 159:
        yield "not positive and within 20 octets"


def _issuer_is_authority(subject: Subject) -> Iterator[str]:
    if subject.twin.issuer.public_bytes() != subject.authority.subject.public_bytes():
        yield "the issuer's name is not the authority's, octet by octet"


def _name_encodings(subject: Subject) -> Iterator[str]:
    for whose, name in (("issuer", subject.twin.issuer), ("subject", subject.twin.subject)):
        for oid, tag in _attributes(name):
            wanted = PRINTABLE_STRING if oid == NameOID.COUNTRY_NAME else UTF8_STRING
            if tag != wanted:
                yield f"{whose}: {oid.dotted_string} has tag {tag.hex()}, not {wanted.hex()}"


def _subject_form(subject: Subject) -> Iterator[str]:
    found = [attribute.oid for attribute in subject.twin.subject]
    place = [NameOID.COUNTRY_NAME, NameOID.LOCALITY_NAME, NameOID.LOCALITY_NAME, NameOID.COMMON_NAME]
    pseudonym = [NameOID.COUNTRY_NAME, NameOID.COMMON_NAME]
    if found != (place if subject.profile.subject is SubjectForm.PLACE else pseudonym):
        yield "the subject's attributes are not the profile's"
        return
    common = str(subject.twin.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    if subject.profile.subject is SubjectForm.PLACE:
        if len(common) != 28 or not (common.isascii() and common.isdigit()):
            yield "the common name is not 28 digits"
    elif (
        len(common) != 23
        or set(common[:14]) - set("0123456789ABCDEFGHIJ")
        or not (common[14:19].isascii() and common[14:19].isdigit())
        or common[19:] != "003A"
    ):
        yield "the common name is not 14 of 0-9A-J, 5 digits, 003A"


def _validity(subject: Subject) -> Iterator[str]:
    twin, authority = subject.twin, subject.authority
    begin, end = twin.not_valid_before_utc, twin.not_valid_after_utc
    if begin >= end:
        yield "validity ends before it begins"
    if begin < authority.not_valid_before_utc or end > authority.not_valid_after_utc:
        yield "validity leaves the authority's"
    if subject.profile.life is Life.LINKED_CERTIFICATE:
        if subject.card_certificate is None or end != subject.card_certificate.not_valid_after_utc:
            yield "validity does not end with the card certificate's"
    elif (end.hour, end.minute, end.second) != (14, 59, 59):
        yield "validity does not end at 14:59:59Z"
    for tag, at in zip(_validity_tags(twin), (begin, end), strict=True):
        # RFC 5280 4.1.2.5: UTCTime through 2049.
        if tag != (UTC_TIME if at < datetime(2050, 1, 1, tzinfo=UTC) else GENERALIZED_TIME):
            yield f"a time has tag {tag.hex()}"


def _public_key(subject: Subject) -> Iterator[str]:
    key = subject.twin.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        yield "not an RSA key"
        return
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if der != subject.public_key:
        yield "not the key that was requested"
    if key.key_size != profiles.RSA_BITS or key.public_numbers().e != profiles.RSA_EXPONENT:
        yield f"not {profiles.RSA_BITS} bits with exponent {profiles.RSA_EXPONENT}"
    if key == subject.authority.public_key():
        yield "the authority's own key"


def _extensions(subject: Subject) -> Iterator[str]:
    yield from extension_order(subject.twin.extensions, subject.profile.extensions)


def _key_usage(subject: Subject) -> Iterator[str]:
    usage = _find(subject, x509.KeyUsage)
    if usage is None:
        yield "absent"
        return
    names = {"digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"}
    names |= {"key_cert_sign", "crl_sign"}
    found = {name for name in names if getattr(usage, name)}
    if found != set(subject.profile.key_usage):
        yield f"{sorted(found)}, not {sorted(subject.profile.key_usage)}"


def _extended_key_usage(subject: Subject) -> Iterator[str]:
    usage = _find(subject, x509.ExtendedKeyUsage)
    found = tuple(usage) if usage is not None else ()
    if found != subject.profile.extended_key_usage:
        yield f"{[oid.dotted_string for oid in found]}"


def _policy(subject: Subject) -> Iterator[str]:
    policies = _find(subject, x509.CertificatePolicies)
    wanted = [x509.PolicyInformation(subject.policy, [profiles.CPS_URI])]
    if policies is None or list(policies) != wanted:
        yield f"not {subject.policy.dotted_string} with {profiles.CPS_URI}"


def _issuer_alternative_name(subject: Subject) -> Iterator[str]:
    names = _find(subject, x509.IssuerAlternativeName)
    if names is None or list(names) != [x509.DirectoryName(assembly.japanese_name(subject.profile.purpose))]:
        yield "not the authority's Japanese name"


def _crl_distribution_point(subject: Subject) -> Iterator[str]:
    points = _find(subject, x509.CRLDistributionPoints)
    if points is None or len(points) != 1:
        yield "not exactly one point"
        return
    names = points[0].full_name or []
    if [name.value.public_bytes() for name in names if isinstance(name, x509.DirectoryName)] != [
        subject.crl_point.public_bytes()
    ]:
        yield "not the partition's name"


def _responder(subject: Subject) -> Iterator[str]:
    access = _find(subject, x509.AuthorityInformationAccess)
    if not subject.profile.names_responder:
        return
    location = x509.UniformResourceIdentifier(subject.responder_url)
    wanted = [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)]
    if access is None or list(access) != wanted:
        yield f"not OCSP at {subject.responder_url}"


def _authority_key_identifier(subject: Subject) -> Iterator[str]:
    identifier = _find(subject, x509.AuthorityKeyIdentifier)
    own = subject.authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    wanted = x509.AuthorityKeyIdentifier(
        own, [x509.DirectoryName(subject.authority.subject)], subject.authority.serial_number
    )
    if identifier != wanted:
        yield "not the authority's key, name and serial number"


def _subject_key_identifier(subject: Subject) -> Iterator[str]:
    identifier = _find(subject, x509.SubjectKeyIdentifier)
    key = subject.twin.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return
    if identifier is None or identifier.digest != assembly.key_identifier(key):
        yield "not the SHA-1 of the key's bits"


def _holder_names(subject: Subject) -> Iterator[str]:
    names = _find(subject, x509.SubjectAlternativeName)
    if not subject.profile.names_holder:
        if names is not None:
            yield "a profile without names names the holder"
        return
    others = [name for name in names or () if isinstance(name, x509.OtherName)]
    if [name.type_id for name in others] != [oid for oid, _ in profiles.OTHER_NAMES] or len(others) != len(names or ()):
        yield "not the six otherNames in the order 1, 4, 3, 5, 2, 6"
        return
    for name in others:
        try:
            if not asn1.decode_der(str, name.value):
                yield f"{name.type_id.dotted_string} is empty"
        except ValueError:
            yield f"{name.type_id.dotted_string} is not a UTF8String"


RULES: tuple[Callable[[Subject], Iterator[str]], ...] = (
    _version_and_algorithm,
    _serial_number,
    _issuer_is_authority,
    _name_encodings,
    _subject_form,
    _validity,
    _public_key,
    _extensions,
    _key_usage,
    _extended_key_usage,
    _policy,
    _issuer_alternative_name,
    _crl_distribution_point,
    _responder,
    _authority_key_identifier,
    _subject_key_identifier,
    _holder_names,
)


def _find(subject: Subject, kind: type[T]) -> T | None:
    try:
        return subject.twin.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _attributes(name: x509.Name) -> Iterator[tuple[x509.ObjectIdentifier, bytes]]:
    """Yield type and string tag of each attribute."""
    for relative in der.elements(name.public_bytes()):
        # RelativeDistinguishedName ::= SET OF; all of ours have one attribute.
        oid, value = der.elements(bytes(relative.data))
        yield oid.parse(x509.ObjectIdentifier), value.tag_bytes


def _validity_tags(twin: x509.Certificate) -> list[bytes]:
    # TBSCertificate: [0] version, serial number, algorithm, issuer, validity
    validity = der.elements(twin.tbs_certificate_bytes)[4]
    return [time.tag_bytes for time in der.inner(validity)]
