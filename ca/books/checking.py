"""How books are read: a check, the reading that it is asked in, and what it finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from ca import clock
from ca.models import Realm

EXAMPLES = 10


@dataclass(frozen=True)
class Reading:
    """Of which realm, and as of when, the books are read. What is older than the `settled` should have come to rest."""

    realm: Realm
    settled: datetime  # by the realm's clock
    settled_on_machine: datetime
    now: datetime  # the machine's

    @classmethod
    def of(cls, realm: Realm, grace: timedelta) -> "Reading":
        """Return a reading as of now, which leaves alone what is younger than the grace."""
        at = clock.machine()
        return cls(realm, clock.now(realm) - grace, at - grace, at)

    def make(self, checks: Iterable["Check"], *, walk: bool = True) -> Iterator["Finding"]:
        """Make the checks; yield what they find. Without `walk`, those that read every octet are left out."""
        for check in checks:
            if check.walk and not walk:
                continue
            found = list(islice(check.find(self), EXAMPLES + 1))
            if found:
                yield Finding(check, self.realm.slug, tuple(found[:EXAMPLES]), len(found) > EXAMPLES)


@dataclass(frozen=True)
class Check:
    """One thing that must hold: a stable id, what is wrong where it doesn't, and what finds it in a realm.

    `find` gives a text for each that it finds. `walk` marks what reads every row's octets, and takes its time.
    """

    id: str
    words: str
    find: Callable[[Reading], Iterable[str]]
    walk: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check found in a realm: the first of them, and whether there are more."""

    check: Check
    realm: str
    examples: tuple[str, ...]
    more: bool

    def __str__(self) -> str:
        shown = ", ".join(self.examples) + (" and more" if self.more else "")
        return f"{self.realm}: {self.check.id}: {self.check.words}: {shown}"


def told(rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """Return rows as texts."""
    return (" ".join(map(str, row)) for row in rows)
