"""What a verifier trusts: the authorities of a realm, where status is asked, and which policy is which medium."""

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from jpki_client.problems import JpkiError, Unreachable

SIGNATURE = "signature"
USER_AUTHENTICATION = "user_authentication"
PHONE = "phone"
CARD = "card"


class NotPinned(JpkiError):
    """The trust list names an authority that we didn't pin."""

    code = "authority_not_pinned"


@dataclass(frozen=True)
class Authority:
    """One generation of an authority."""

    purpose: str
    generation: int
    certificate: x509.Certificate

    @cached_property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the certificate, in hex."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True)
class Profile:
    """One kind of certificate: its policy (dotted), and the OCSP address that knows it."""

    purpose: str
    medium: str
    policy: str
    ocsp: str


@dataclass(frozen=True)
class Trust:
    """The trust list of a realm. `time` is the realm's: a sandbox's clock may stand elsewhere than ours."""

    realm: str
    time: datetime
    authorities: tuple[Authority, ...]
    profiles: tuple[Profile, ...]

    @classmethod
    def read(cls, members: Mapping[str, Any]) -> "Trust":
        """Return the list that the API (GET /api/v1/trust) gave. Raises `Unreachable` for what isn't one."""
        try:
            return cls(
                str(members["realm"]),
                datetime.fromisoformat(members["time"]),
                tuple(_authority(one) for one in members["authorities"]),
                tuple(
                    Profile(*(str(one[name]) for name in ("purpose", "medium", "policy", "ocsp")))
                    for one in members["profiles"]
                ),
            )
        except (KeyError, TypeError, ValueError, binascii.Error, x509.InvalidVersion) as error:
            raise Unreachable(f"not a trust list: {error}") from error

    def pinned(self, fingerprints: Collection[str]) -> "Trust":
        """Return the list if it names no other authorities than those pinned (SHA-256, hex). Raises `NotPinned`.

        A service in earnest gets the fingerprints by another way than the list, and renews them with each generation.
        """
        known = {one.replace(":", "").lower() for one in fingerprints}
        for authority in self.authorities:
            if authority.fingerprint not in known:
                raise NotPinned(f"{authority.purpose} {authority.generation}: {authority.fingerprint}")
        return self

    def medium(self, purpose: str, policies: Collection[str]) -> str | None:
        """Return whether certificates of these policies are a phone's or a card's; None where no policy is known."""
        for profile in self.profiles:
            if profile.purpose == purpose and profile.policy in policies:
                return profile.medium
        return None

    def ocsp(self, purpose: str, medium: str | None) -> str | None:
        """Return where to ask: from the list, never from the certificate, which somebody else handed us."""
        for profile in self.profiles:
            if (profile.purpose, profile.medium) == (purpose, medium):
                return profile.ocsp
        return None


def _authority(members: Mapping[str, Any]) -> Authority:
    der = base64.b64decode(members["certificate"], validate=True)
    return Authority(str(members["purpose"]), int(members["generation"]), x509.load_der_x509_certificate(der))
