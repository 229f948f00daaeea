"""Somebody with a card and a phone, of which each is replaced in time: keys of their own for every edition."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from ca import clock, linkage, revocation
from ca.models import Certificate, Holder
from ca.profiles import Medium, Purpose
from ca.revocation import Cause
from tests.ca.fixtures import issue_card, issue_phone, private_key
from tests.portal.handoff.citizens import Citizen


@dataclass(frozen=True)
class Somebody(Citizen):
    """A citizen whose certificates change. `keys` names the key of each that is held now."""

    keys: dict[tuple[Purpose, Medium], int] = field(default_factory=dict)

    @classmethod
    def with_card(cls, holder: Holder, first_key: int = 20, *, signs: bool = True) -> "Somebody":
        made = cls({})
        made.get_card(holder, first_key, signs=signs)
        return made

    def get_card(self, holder: Holder, first_key: int, *, signs: bool = True) -> None:
        """Get a card; one that there was is superseded, and what stands on it falls with it."""
        for purpose in Purpose:
            if (purpose, Medium.CARD) in self.certificates:
                self.lose(purpose, Medium.CARD, Cause.SUPERSEDED)
        linkage.sweep(holder.realm)
        self.certificates.clear()
        for number, purpose in enumerate(Purpose, first_key):
            if signs or purpose == Purpose.USER_AUTHENTICATION:
                self._hold(issue_card(holder, purpose, key=number), number)

    def get_phone(self, first_key: int) -> None:
        """Get certificates in a phone; in the same moment those in the phone before end."""
        for number, purpose in enumerate(Purpose, first_key):
            if (purpose, Medium.PHONE) in self.certificates:
                self.lose(purpose, Medium.PHONE, Cause.SUPERSEDED)
            self._hold(issue_phone(self.certificate(purpose, Medium.CARD), key=number), number)

    def lose(self, purpose: Purpose, medium: Medium, cause: Cause) -> None:
        certificate = self.certificate(purpose, medium)
        certificate.refresh_from_db()
        revocation.revoke(certificate, cause=cause, now=clock.now(certificate.realm))

    def number(self, medium: Medium) -> str:
        return self.certificate(Purpose.USER_AUTHENTICATION, medium).serial_number

    def sign(self, purpose: Purpose | str, message: str | bytes, medium: Medium = Medium.PHONE) -> bytes:
        octets = message.encode() if isinstance(message, str) else message
        return private_key(self.keys[Purpose(purpose), medium]).sign(octets, padding.PKCS1v15(), hashes.SHA256())

    def _hold(self, certificate: Certificate, key: int) -> None:
        at = (Purpose(certificate.purpose), Medium(certificate.medium))
        self.certificates[at], self.keys[at] = certificate, key
