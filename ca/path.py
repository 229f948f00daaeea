"""The path: from a certificate to the generation that signed it, validated by cryptography's verifier.

The verifier runs under this PKI's own extension policy. Loading an authority's certificate costs more than checking a
signature: what was loaded is kept, by realm and key identifier, which no later generation takes over.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import verification
from cryptography.x509.verification import Criticality, ExtensionPolicy

from ca.models import Generation, Realm


@dataclass(frozen=True)
class Anchor:
    """A generation of a realm, loaded: where a path ends."""

    authority: x509.Certificate
    store: verification.Store


_anchors: dict[tuple[str, str], Anchor] = {}


def anchor(realm: Realm, key_identifier: str) -> Anchor | None:
    """Return the realm's generation with that subject key identifier, upper-case hex; None when it has none such."""
    found = _anchors.get((realm.slug, key_identifier))
    if found is None:
        generation = Generation.objects.filter(authority__realm=realm, subject_key_identifier=key_identifier).first()
        if generation is None:
            return None
        authority = x509.load_der_x509_certificate(bytes(generation.certificate))
        found = Anchor(authority, verification.Store([authority]))
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


class Validator:
    """Paths that end at one anchor, at one moment."""

    def __init__(self, anchor: Anchor, at: datetime) -> None:
        self.authority = anchor.authority
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
        extensions. What can differ in the others, the issuer's name and signature, the library checks in each.
        """
        try:
            if within and kind not in self._seen:
                self._verifier.verify(certificate, [])
                self._seen |= {kind} - {None}
            else:
                # Outside its dates the verifier would stop there, which is a reason of its own.
                certificate.verify_directly_issued_by(self.authority)
        except (verification.VerificationError, ValueError, TypeError, InvalidSignature):
            return False
        return True
