"""How the certificates of people and phones stand, for the console's lists: one query for all of them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ca import clock
from ca.causes import RULES
from ca.models import Certificate, Realm
from portal.certificates.history import cause_sentence
from sandbox import certificates
from sandbox.console.words import CERTIFICATES


@dataclass(frozen=True)
class Shown:
    """One certificate with its standing in words."""

    certificate: Certificate
    tone: str
    standing: Any
    why: str
    expired: bool

    @property
    def id(self) -> str:
        return certificates.id_of(self.certificate)

    @property
    def can_be_held(self) -> bool:
        return self.certificate.status == Certificate.Status.VALID

    @property
    def can_be_released(self) -> bool:
        return self.certificate.status == Certificate.Status.ON_HOLD

    @property
    def causes(self) -> list[tuple[str, str]]:
        """Return the causes that can revoke it, each in words; none where it is revoked."""
        if self.certificate.status == Certificate.Status.REVOKED:
            return []
        return [
            (cause, cause_sentence(cause))
            for cause in certificates.REVOCATIONS
            if RULES[cause].concerns(self.certificate)  # type: ignore[index]
        ]


def shown(certificate: Certificate) -> Shown:
    """Return a certificate as a page shows it."""
    now = clock.now(certificate.realm)
    tone, standing = CERTIFICATES[certificate.status]
    good = certificate.status == Certificate.Status.VALID
    expired = now > certificate.not_after
    return Shown(certificate, tone, standing, "" if good else cause_sentence(certificate.cause), expired)


def of_holders(realm: Realm, holders: Collection[int], medium: str) -> dict[int, list[Shown]]:
    """Return each holder's newest certificates of a medium, signature first: one of each purpose."""
    rows = Certificate.objects.filter(realm=realm, holder__in=holders, medium=medium)
    newest: dict[int, dict[str, Shown]] = defaultdict(dict)
    for certificate in rows.select_related("realm").defer("der").order_by("pk"):
        newest[certificate.holder_id][certificate.purpose] = shown(certificate)
    order = ("signature", "user_authentication")
    return {holder: [found[purpose] for purpose in order if purpose in found] for holder, found in newest.items()}
