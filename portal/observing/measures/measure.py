"""A measure and its samples, and what measures have in common."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from ca import clock
from ca.models import Realm

MOST = 10_000  # no count goes beyond


@dataclass(frozen=True)
class Sample:
    """One figure; `labels` are those that its measure names."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """A figure, or one for each of several things. `grows`: it only ever grows, as what Prometheus calls a counter."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[], Iterable[Sample]]
    grows: bool = False
    needs: str = "database"  # what it can't be read without: `database`, `broker`, or nothing


def realms() -> list[Realm]:
    """Return the realms that operators answer for: the default one, and whatever is production. No workspace."""
    watched = Q(slug=settings.DEFAULT_REALM) | Q(kind=Realm.Kind.PRODUCTION)
    return list(Realm.objects.filter(watched).order_by("slug"))


def of_realms(
    name: str,
    help_: str,
    read: Callable[[Realm, datetime], float | Iterable[Sample] | None],
    labels: tuple[str, ...] = (),
    *,
    grows: bool = False,
) -> Measure:
    """Return a measure that is taken in each realm, at its time; None is no figure, samples get the realm's label."""

    def all_() -> Iterator[Sample]:
        for realm in realms():
            found = read(realm, clock.now(realm))
            if found is None:
                continue
            if isinstance(found, int | float):
                yield Sample(found, {"realm": realm.slug})
            else:
                yield from (Sample(one.value, {"realm": realm.slug, **one.labels}) for one in found)

    return Measure(name, help_, ("realm", *labels), all_, grows=grows)


def bounded(rows: QuerySet[Any]) -> int:
    """Return how many rows there are, MOST at most: behind that nobody counts."""
    return rows.order_by()[:MOST].count()


def age(moment: datetime | None, now: datetime) -> float:
    """Return the seconds since a moment; 0 where there is none, or it lies ahead."""
    return max((now - moment).total_seconds(), 0.0) if moment is not None else 0.0


def left(moment: datetime, now: datetime) -> float:
    """Return the seconds until a moment, less than none once it is over."""
    return (moment - now) / timedelta(seconds=1)
