"""Certificates with keys that faults sign with: the workspace's specimens, which its authorities really issued.

A specimen is in the state that its fault needs because that really became of it: nothing of a holder's is touched.
"""

import functools
import uuid
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa
from django.db.models import QuerySet

from ca import clock
from ca.models import Certificate, Realm
from ca.profiles import Medium, Purpose
from portal.handoff.models import HandOff
from sandbox import specimens
from sandbox.faults.catalogue.entry import Named
from sandbox.models import Specimen

OTHERS = {Purpose.SIGNATURE: Purpose.USER_AUTHENTICATION, Purpose.USER_AUTHENTICATION: Purpose.SIGNATURE}
Need = tuple[Purpose, Medium, str]


@dataclass(frozen=True)
class Signer:
    """A certificate (DER) and the key that belongs to it, or doesn't."""

    certificate: bytes
    key: rsa.RSAPrivateKey


def ask_for(realm: Realm, fault: Named, hand_off: uuid.UUID | None) -> None:
    """Have workers issue what the fault needs and isn't there or on the way."""
    for purpose, medium, wanted in _needed(fault, hand_off) if fault.needs else ():
        rows = _rows(realm, purpose, medium, wanted)
        there = any(_still(one) for one in rows.filter(ready_at__isnull=False).order_by("-pk")[:20])
        if not there and not rows.filter(ready_at__isnull=True).exists():
            specimens.ask(realm, purpose=purpose, medium=medium, wanted=wanted)


class Stock:
    """What a realm has of certificates with keys at this moment: read once, for however many faults are looked at."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm

    def has_all(self, fault: Named, hand_off: uuid.UUID | None) -> bool:
        """Tell whether all that a fault needs is there."""
        return not fault.needs or set(_needed(fault, hand_off)) <= self._there

    @functools.cached_property
    def _there(self) -> set[Need]:
        rows = specimens.of(self._realm).select_related("realm").filter(ready_at__isnull=False)
        return {(Purpose(one.purpose), Medium(one.medium), str(one.wanted)) for one in rows if _still(one)}


def find(realm: Realm, purpose: Purpose, medium: Medium, wanted: str) -> Signer | None:
    """Return a specimen in that state; None where there is none that still is."""
    for specimen in _rows(realm, purpose, medium, wanted).filter(ready_at__isnull=False).order_by("-pk")[:20]:
        if specimen.certificate is not None and _still(specimen):
            return Signer(bytes(specimen.certificate.der), specimens.private_key(specimen))
    return None


def for_hand_off(fault: Named, hand_off: HandOff) -> Signer | None:
    """Return the first one that the fault needs for this hand-off."""
    purpose, medium, wanted = _needs(fault, Purpose(hand_off.purpose))[0]
    return find(hand_off.realm, purpose, medium, wanted)


def _needed(fault: Named, hand_off: uuid.UUID | None) -> list[Need]:
    """Return what a fault needs, for its hand-off's purpose or for all that it can meet."""
    purposes = [Purpose(one) for one in fault.purposes] or list(Purpose)
    if hand_off is not None:
        purposes = [Purpose(HandOff.objects.values_list("purpose", flat=True).get(pk=hand_off))]
    return sorted({need for purpose in purposes for need in _needs(fault, purpose)})


def _needs(fault: Named, purpose: Purpose) -> list[Need]:
    whose = {"same": purpose, "other": OTHERS[purpose]}
    return [(whose.get(name) or Purpose(name), Medium(medium), wanted) for name, medium, wanted in fault.needs]


def _rows(realm: Realm, purpose: Purpose, medium: Medium, wanted: str) -> QuerySet[Specimen]:
    return specimens.of(realm).select_related("realm").filter(purpose=purpose, medium=medium, wanted=wanted)


def _still(specimen: Specimen) -> bool:
    """Tell whether a specimen is what it was made to be: somebody may have done something to it, or moved the clock."""
    certificate = specimen.certificate
    if certificate is None or certificate.status != _STATUS[Specimen.Wanted(specimen.wanted)]:
        return False
    now = clock.now(specimen.realm)
    if specimen.wanted == Specimen.Wanted.EXPIRED:
        return bool(certificate.not_after < now)
    return bool(certificate.not_before <= now <= certificate.not_after)


_STATUS = {
    Specimen.Wanted.VALID: Certificate.Status.VALID,
    Specimen.Wanted.EXPIRED: Certificate.Status.VALID,
    Specimen.Wanted.PENDING: Certificate.Status.PENDING,
    Specimen.Wanted.ON_HOLD: Certificate.Status.ON_HOLD,
    Specimen.Wanted.REVOKED: Certificate.Status.REVOKED,
}
