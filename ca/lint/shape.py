"""The house's own rules of what all certificates of one generation, profile and place have in common.

They read the twin through the library, each in full, whenever these octets are seen for the first time in a process:
what was read before, octet by octet, needs no second reading (`Standard.seen`).
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from ca import assembly, der, profiles
from ca.lint.subject import Subject
from ca.profiles import ExtensionRule

T = TypeVar("T", bound=x509.ExtensionType)
PRINTABLE_STRING, UTF8_STRING = b"\x13", b"\x0c"


def extension_order(extensions: x509.Extensions, rules: tuple[ExtensionRule, ...]) -> Iterator[str]:
    """Yield what differs from the profile's extensions: their order and criticality."""
    found = [(extension.oid.dotted_string, extension.critical) for extension in extensions]
    wanted = [(rule.oid.dotted_string, rule.critical) for rule in rules]
    if found != wanted:
        yield f"extensions are {found}, not {wanted}"


def _version_and_algorithm(subject: Subject) -> Iterator[str]:
    if subject.twin.version is not x509.Version.v3:
        yield "not version 3"
    # The algorithm inside the bytes to be signed: the envelope's is the twin's own.
    if subject.reading.shape[1] != der.SHA256_WITH_RSA[2:]:
        yield "the signature algorithm is not sha256WithRSAEncryption"


def _issuer_is_authority(subject: Subject) -> Iterator[str]:
    if subject.twin.issuer.public_bytes() != subject.standard.authority_name:
        yield "the issuer's name is not the authority's, octet by octet"


def _issuer_encodings(subject: Subject) -> Iterator[str]:
    for oid, tag in _attributes(subject.twin.issuer):
        wanted = PRINTABLE_STRING if oid == NameOID.COUNTRY_NAME else UTF8_STRING
        if tag != wanted:
            yield f"{oid.dotted_string} has tag {tag.hex()}, not {wanted.hex()}"


def _extensions(subject: Subject) -> Iterator[str]:
    yield from extension_order(subject.twin.extensions, subject.standard.profile.extensions)


def _key_usage(subject: Subject) -> Iterator[str]:
    usage = _find(subject, x509.KeyUsage)
    if usage is None:
        yield "absent"
        return
    names = {"digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"}
    names |= {"key_cert_sign", "crl_sign"}
    found = {name for name in names if getattr(usage, name)}
    if found != set(subject.standard.profile.key_usage):
        yield f"{sorted(found)}, not {sorted(subject.standard.profile.key_usage)}"


def _extended_key_usage(subject: Subject) -> Iterator[str]:
    usage = _find(subject, x509.ExtendedKeyUsage)
    found = tuple(usage) if usage is not None else ()
    if found != subject.standard.profile.extended_key_usage:
        yield f"{[oid.dotted_string for oid in found]}"


def _policy(subject: Subject) -> Iterator[str]:
    policies = _find(subject, x509.CertificatePolicies)
    wanted = [x509.PolicyInformation(subject.standard.policy, [profiles.CPS_URI])]
    if policies is None or list(policies) != wanted:
        yield f"not {subject.standard.policy.dotted_string} with {profiles.CPS_URI}"


def _issuer_alternative_name(subject: Subject) -> Iterator[str]:
    names = _find(subject, x509.IssuerAlternativeName)
    if names is None or list(names) != [x509.DirectoryName(assembly.japanese_name(subject.standard.profile.purpose))]:
        yield "not the authority's Japanese name"


def _crl_distribution_point(subject: Subject) -> Iterator[str]:
    points = _find(subject, x509.CRLDistributionPoints)
    if points is None or len(points) != 1:
        yield "not exactly one point"
        return
    names = points[0].full_name or []
    if [name.value.public_bytes() for name in names if isinstance(name, x509.DirectoryName)] != [
        subject.standard.crl_point.public_bytes()
    ]:
        yield "not the partition's name"


def _responder(subject: Subject) -> Iterator[str]:
    access = _find(subject, x509.AuthorityInformationAccess)
    if not subject.standard.profile.names_responder:
        return
    location = x509.UniformResourceIdentifier(subject.standard.responder_url)
    wanted = [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)]
    if access is None or list(access) != wanted:
        yield f"not OCSP at {subject.standard.responder_url}"


def _authority_key_identifier(subject: Subject) -> Iterator[str]:
    identifier = _find(subject, x509.AuthorityKeyIdentifier)
    own = subject.standard.authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    wanted = x509.AuthorityKeyIdentifier(
        own, [x509.DirectoryName(subject.standard.authority.subject)], subject.standard.authority.serial_number
    )
    if identifier != wanted:
        yield "not the authority's key, name and serial number"


RULES: tuple[Callable[[Subject], Iterator[str]], ...] = (
    _version_and_algorithm,
    _issuer_is_authority,
    _issuer_encodings,
    _extensions,
    _key_usage,
    _extended_key_usage,
    _policy,
    _issuer_alternative_name,
    _crl_distribution_point,
    _responder,
    _authority_key_identifier,
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
