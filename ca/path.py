"""The path: from a certificate to the generation that signed it, validated by cryptography's verifier.

The verifier runs under this PKI's own extension policy. Loading an authority's certificate costs more than checking a
signature: what was loaded is kept, by realm and key identifier, which no later generation takes over.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import verification
from cryptography.x509.verification import Criticality, ExtensionPolicy

from ca import der
from ca.models import Generation, Realm


@dataclass(frozen=True)
class Anchor:
    """A generation of a realm, loaded: where a path ends."""

    authority: x509.Certificate
    store: verification.Store
    key: rsa.RSAPublicKey
    head: bytes  # what a TBSCertificate of ours has after its serial number: algorithm and issuer, DER


_anchors: dict[tuple[str, str], Anchor] = {}


def anchor(realm: Realm, key_identifier: str) -> Anchor | None:
    """Return the realm's generation with that subject key identifier, upper-case hex; None when it has none such."""
    found = _anchors.get((realm.slug, key_identifier))
    if found is None:
        generation = Generation.objects.filter(authority__realm=realm, subject_key_identifier=key_identifier).first()
        if generation is None:
            return None
        authority = x509.load_der_x509_certificate(bytes(generation.certificate))
        key = authority.public_key()
        assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101  (ca.ceremony makes no other)
        head = der.SHA256_WITH_RSA + authority.subject.public_bytes()
        found = Anchor(authority, verification.Store([authority]), key, head)
        _anchors[realm.slug, key_identifier] = found
    return found


def signer(extensions: x509.Extensions) -> str | None:
    """Return the key identifier of who a certificate says signed it, upper-case hex."""
    try:
        identifier = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return None
    return identifier.hex().upper() if identifier is not None else None


_AUTHORITY_POLICY = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.CRITICAL, None)
    .require_present(x509.KeyUsage, Criticality.CRITICAL, None)
    .require_present(x509.SubjectKeyIdentifier, Criticality.NON_CRITICAL, None)
)
_HOLDER_POLICY = (
    ExtensionPolicy.permit_all()
    .require_present(x509.KeyUsage, Criticality.CRITICAL, None)
    .require_present(x509.CertificatePolicies, Criticality.CRITICAL, None)
    .require_present(x509.AuthorityKeyIdentifier, Criticality.NON_CRITICAL, None)
    .require_present(x509.SubjectKeyIdentifier, Criticality.NON_CRITICAL, None)
    .require_not_present(x509.BasicConstraints)
)


# What stands before the serial number in a TBSCertificate of ours, after its own header: version 3 (RFC 5280 4.1.2.1),
# and the serial number's tag.
_VERSION = bytes.fromhex("a00302010202")
_BEGIN = 4  # the header's length, of 256 to 65,535 octets
_PADDING, _DIGEST = padding.PKCS1v15(), hashes.SHA256()


class Validator:
    """Paths that end at one anchor, at one moment."""

    def __init__(self, anchor: Anchor, at: datetime) -> None:
        self.authority = anchor.authority
        self._anchor = anchor
        self._seen: set[Hashable] = set()
        self._verifier = (
            verification.PolicyBuilder()
            .store(anchor.store)
            .time(at)
            .max_chain_depth(0)
            .extension_policies(ca_policy=_AUTHORITY_POLICY, ee_policy=_HOLDER_POLICY)
            .build_client_verifier()
        )

    def holds(self, certificate: x509.Certificate, *, within: bool, kind: Hashable = None) -> bool:
        """Tell whether the path holds; when the moment is not within the certificate's dates, whether its end does.

        Of certificates of our own making and one `kind`, the verifier looks at the first: authority, dates of both,
        extensions. What can differ in the others, the issuer's name and signature, is checked in each.
        """
        try:
            if within and kind not in self._seen:
                self._verifier.verify(certificate, [])
                self._seen |= {kind} - {None}
            elif within:
                self._verify_alike(certificate)
            else:
                # Outside its dates the verifier would stop there, which is a reason of its own.
                certificate.verify_directly_issued_by(self.authority)
        except (verification.VerificationError, ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _verify_alike(self, certificate: x509.Certificate) -> None:
        # The library's own check loads the authority's key each time, which costs more than half a signature check.
        tbs = certificate.tbs_certificate_bytes
        serial = _BEGIN + len(_VERSION)
        alike = tbs.startswith(_VERSION, _BEGIN) and tbs.startswith(self._anchor.head, serial + 1 + tbs[serial])
        if alike:
            self._anchor.key.verify(certificate.signature, tbs, _PADDING, _DIGEST)
        else:
            certificate.verify_directly_issued_by(self.authority)
