"""Certificates with keys that faults sign with: the workspace's specimens, which its authorities really issued.

A specimen is in the state that its fault needs because that really became of it: nothing of a holder's is touched.
"""

import uuid
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from ca.models import Realm
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
    for purpose, medium, wanted in _missing(realm, fault, hand_off, on_the_way=True):
        specimens.ask(realm, purpose=purpose, medium=medium, wanted=wanted)


def missing(realm: Realm, fault: Named, hand_off: uuid.UUID | None) -> list[Need]:
    """Return which of the certificates that the fault needs aren't there yet."""
    return _missing(realm, fault, hand_off, on_the_way=False)


def find(realm: Realm, purpose: Purpose, medium: Medium, wanted: str) -> Signer | None:
    """Return a specimen in that state; None where there is none that still is."""
    for specimen in _rows(realm, purpose, medium, wanted).filter(ready_at__isnull=False).order_by("-pk")[:20]:
        if _still(specimen):
            return Signer(bytes(specimen.certificate.der), specimens.private_key(specimen))
    return None


def for_hand_off(fault: Named, hand_off: HandOff) -> Signer | None:
    """Return the first one that the fault needs for this hand-off."""
    purpose, medium, wanted = _needs(fault, Purpose(hand_off.purpose))[0]
    return find(hand_off.realm, purpose, medium, wanted)


def _missing(realm: Realm, fault: Named, hand_off: uuid.UUID | None, *, on_the_way: bool) -> list[Need]:
    purposes = [Purpose(one) for one in fault.purposes] or list(Purpose)
    if hand_off is not None:
        purposes = [Purpose(HandOff.objects.values_list("purpose", flat=True).get(pk=hand_off))]
    needed = {need for purpose in purposes for need in _needs(fault, purpose)}
    found = []
    for purpose, medium, wanted in sorted(needed):
        rows = _rows(realm, purpose, medium, wanted)
        there = any(_still(one) for one in rows.filter(ready_at__isnull=False).order_by("-pk")[:20])
        if not there and not (on_the_way and rows.filter(ready_at__isnull=True).exists()):
            found.append((purpose, medium, wanted))
    return found


def _needs(fault: Named, purpose: Purpose) -> list[Need]:
    whose = {"same": purpose, "other": OTHERS[purpose]}
    return [(whose.get(name) or Purpose(name), Medium(medium), wanted) for name, medium, wanted in fault.needs]


def _rows(realm: Realm, purpose: Purpose, medium: Medium, wanted: str):  # type: ignore[no-untyped-def]
    return specimens.of(realm).filter(purpose=purpose, medium=medium, wanted=wanted)


def _still(specimen: Specimen) -> bool:
    """Tell whether a specimen is what it was made to be: somebody may have done something to it since."""
    if specimen.certificate is None:
        return False
    expected = {
        Specimen.Wanted.VALID: "valid",
        Specimen.Wanted.EXPIRED: "valid",
        Specimen.Wanted.PENDING: "pending",
        Specimen.Wanted.ON_HOLD: "on_hold",
        Specimen.Wanted.REVOKED: "revoked",
    }
    return bool(specimen.certificate.status == expected[Specimen.Wanted(specimen.wanted)])
