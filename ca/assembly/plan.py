"""The plan: everything that one end-entity certificate will say."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cryptography import x509

from ca.models import Generation, Holder
from ca.profiles import Profile


@dataclass(frozen=True)
class Issuer:
    """A generation of an authority, as what it issues names it."""

    name: x509.Name
    key_identifier: bytes
    serial_number: int

    @classmethod
    def of(cls, generation: Generation) -> Self:
        """Read them off the generation's certificate."""
        return cls.read(bytes(generation.certificate))

    @classmethod
    def read(cls, der: bytes) -> Self:
        """Read them off a certificate, DER."""
        certificate = x509.load_der_x509_certificate(der)
        identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return cls(certificate.subject, identifier.digest, certificate.serial_number)


@dataclass  # frozen, it would take as long again to make one as to fill it
class Plan:
    """Everything that one end-entity certificate will say. Nobody changes one."""

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


def pseudonym() -> str:
    """Return a new pseudonym, each of the 20^14 as likely as the others."""
    number, characters = secrets.randbelow(20**14), []
    for _ in range(14):
        number, digit = divmod(number, 20)
        characters.append("0123456789ABCDEFGHIJ"[digit])
    return "".join(characters)
