"""Whose certificate a question about statuses is about: who was handed it, and in which hand-off."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from ca.models import Realm
from ca.profiles import Medium, Purpose
from portal.handoff.models import HandOff
from sandbox.models import Fault


@dataclass(frozen=True)
class About:
    """A question about certificates of one authority. The register is asked only when a fault's scope wants to know."""

    realm: int
    purpose: str
    medium: str
    serial_numbers: tuple[str, ...]

    def fits(self, fault: Fault) -> bool:
        """Tell whether a fault's parameters let it act on these."""
        wanted = fault.parameters
        return wanted.get("purpose", "") in ("", self.purpose) and wanted.get("medium", "") in ("", self.medium)

    def clients(self) -> set[str]:
        """Return the services that were handed one of these certificates."""
        return {client for pair in self._handed("relying_party", "credential__relying_party") for client in pair}

    def hand_offs(self) -> set[uuid.UUID]:
        """Return the hand-offs that were answered with one of these."""
        rows = HandOff.objects.filter(realm=self.realm, answered_with__serial_number__in=self.serial_numbers)
        return set(rows.filter(purpose=self.purpose).values_list("pk", flat=True))

    def _handed(self, *parties: str) -> list[tuple[str, ...]]:
        rows = HandOff.objects.filter(realm=self.realm, answered_with__serial_number__in=self.serial_numbers)
        return list(rows.filter(purpose=self.purpose).values_list(*(f"{one}__client_id" for one in parties)).distinct())


def concerns(realm: Realm, purpose: Purpose, medium: Medium | None, serial_numbers: Sequence[str]) -> About:
    """Return what a question is about; serial numbers in upper-case hex."""
    return About(realm.pk, str(purpose), str(medium or ""), tuple(serial_numbers))
