"""What is linted, and what it is held against."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ca import assembly
from ca.lint.reading import Reading
from ca.models import Holder
from ca.profiles import Profile


@dataclass(frozen=True, eq=False)
class Standard:
    """What the certificates of one generation, profile and place are held against."""

    profile: Profile
    policy: x509.ObjectIdentifier
    authority: x509.Certificate  # the generation's own
    crl_point: x509.Name  # the partition's
    responder_url: str
    # The octets in which the rules of `ca.lint.shape`, against this very standard, found nothing wrong; their digest.
    seen: dict[tuple[tuple[bytes, ...], bytes], str] = field(default_factory=dict, init=False)

    @cached_property
    def authority_key(self) -> bytes:
        """Return the authority's SubjectPublicKeyInfo, DER."""
        return self.authority.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @cached_property
    def authority_name(self) -> bytes:
        """Return the authority's distinguished name, DER."""
        return self.authority.subject.public_bytes()

    @cached_property
    def authority_life(self) -> tuple[datetime, datetime]:
        """Return the first and the last moment of the authority's validity."""
        return self.authority.not_valid_before_utc, self.authority.not_valid_after_utc


@dataclass(frozen=True)
class Subject:
    """Bytes to be signed, and what they are held against."""

    tbs: bytes  # TBSCertificate, DER
    standard: Standard
    holder: Holder
    serial_number: int  # as reserved
    public_key: bytes  # as requested
    card_certificate: x509.Certificate | None  # what a phone certificate stands on

    @cached_property
    def twin(self) -> x509.Certificate:
        """Return them as a certificate, as the library reads it. Raises ValueError."""
        return assembly.twin(self.tbs)

    @cached_property
    def reading(self) -> Reading:
        """Return their parts. Raises ValueError."""
        _ = self.twin  # decoded by the library first, so that their lengths hold
        return Reading.of(self.tbs)

    @property
    def shape(self) -> str:
        """Return the digest of what the certificate has in common with others, as the rules found it right."""
        return self.standard.seen[self.reading.shape, self.reading.crl_point]
