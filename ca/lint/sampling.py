"""Which certificates pkilint reads: the first of each shape, and of the others a share by serial number.

That a shape passed is a stored fact (`PkilintPass`), noted in the transaction that records the intent: no worker that
starts needs to find it out again, and none can take for read what failed.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import Self

from ca import clock
from ca.models import Generation, PkilintPass


class Passed:
    """The shapes of some generations' certificates that this version of pkilint found nothing wrong with."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = set(known)
        self._new: list[PkilintPass] = []

    @classmethod
    def of(cls, generations: Iterable[Generation]) -> Self:
        """Return what is stored of these generations."""
        stored = PkilintPass.objects.filter(generation__in=list(generations), pkilint=pkilint_version())
        return cls(stored.values_list("shape", flat=True))

    def has(self, shape: str) -> bool:
        """Tell whether a certificate of that shape (a digest, hex) passed."""
        return shape in self._known

    def add(self, generation: Generation, shape: str, serial_number: str) -> None:
        """Note that a certificate passed; `store` keeps it."""
        if shape in self._known:
            return
        self._known.add(shape)
        self._new.append(
            PkilintPass(
                generation=generation,
                shape=shape,
                pkilint=pkilint_version(),
                serial_number=serial_number,
                at=clock.machine(),
            )
        )

    def store(self) -> None:
        """Keep what is new, in the caller's transaction; another worker may have noted the same."""
        PkilintPass.objects.bulk_create(self._new, ignore_conflicts=True)
        self._new = []


@cache
def pkilint_version() -> str:
    """Return the version that is installed: another one may know more."""
    return version("pkilint")


def in_share(serial_number: int, share: float) -> bool:
    """Tell whether a serial number is among the share: the same answer always, so that it can be shown afterwards.

    `share` is from 0 (none) to 1 (all). Hashed first: a share of consecutive numbers is then spread over them.
    """
    digest = hashlib.sha256(serial_number.to_bytes(20, "big")).digest()
    return int.from_bytes(digest[:8], "big") < share * (1 << 64)
